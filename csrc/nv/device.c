//go:build cgo && linux

// Devices and their primary contexts, which cuDNN uses too.
#include "binding.h"

#include <stdlib.h>

#define TRY(expression)                                \
	do {                                           \
		nv_result tried = (expression);        \
		if (tried.code != 0) return tried;     \
	} while (0)

nv_result nv_driver_version(const nv_api *api, int *version) {
	// Not CALL: the toolkit's stub answers every function with an error, those for texts included.
	int code = api->cuDriverGetVersion(version);
	return (nv_result){code, NV_DRIVER, "cuDriverGetVersion", NULL, NULL};
}

nv_result nv_device_count(const nv_api *api, int *count) {
	TRY(CALL(api, cuInit, (0)));
	return CALL(api, cuDeviceGetCount, (count));
}

static nv_result attributes(const nv_api *api, CUdevice device, nv_device *info) {
	const struct { int attribute, *value; } wanted[] = {
		{NV_CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, &info->major},
		{NV_CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, &info->minor},
		{NV_CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, &info->multiprocessors},
		{NV_CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, &info->shared_per_block},
		{NV_CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, &info->shared_per_multiprocessor},
		{NV_CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR, &info->registers_per_multiprocessor},
		{NV_CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, &info->threads_per_multiprocessor},
		{NV_CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, &info->l2_bytes},
		{NV_CU_DEVICE_ATTRIBUTE_CLOCK_RATE, &info->clock_khz},
		{NV_CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, &info->memory_clock_khz},
		{NV_CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, &info->bus_width},
		{NV_CU_DEVICE_ATTRIBUTE_ECC_ENABLED, &info->ecc},
		{NV_CU_DEVICE_ATTRIBUTE_INTEGRATED, &info->integrated},
		{NV_CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, &info->pools},
	};
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		TRY(CALL(api, cuDeviceGetAttribute, (wanted[i].value, wanted[i].attribute, device)));
	// Drivers from before Hopper do not know the question.
	if (api->cuDeviceGetAttribute(&info->clusters, NV_CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH, device) != 0) info->clusters = 0;
	return nv_ok;
}

nv_result nv_device_info(const nv_api *api, int ordinal, nv_device *info) {
	CUdevice device;
	CUuuid uuid;
	TRY(CALL(api, cuInit, (0)));
	TRY(CALL(api, cuDeviceGet, (&device, ordinal)));
	TRY(CALL(api, cuDeviceGetName, (info->name, sizeof info->name, device)));
	TRY(CALL(api, cuDeviceGetPCIBusId, (info->pci, sizeof info->pci, device)));
	TRY(CALL(api, cuDeviceGetUuid_v2, (&uuid, device)));
	for (int i = 0; i < 16; i++) info->uuid[i] = (unsigned char)uuid.bytes[i];
	TRY(CALL(api, cuDeviceTotalMem_v2, (&info->memory, device)));
	return attributes(api, device, info);
}

nv_result nv_context_open(const nv_api *api, int ordinal, nv_context **context) {
	nv_context *c = calloc(1, sizeof *c);
	if (c == NULL) return nv_no_memory("nv_context_open");
	c->api = api;
	nv_result r = CALL(api, cuInit, (0));
	if (r.code == 0) r = CALL(api, cuDeviceGet, (&c->device, ordinal));
	if (r.code == 0) r = CALL(api, cuDevicePrimaryCtxRetain, (&c->context, c->device));
	if (r.code != 0) {
		free(c);
		return r;
	}
	*context = c;
	return nv_ok;
}

nv_result nv_context_close(nv_context *c) {
	nv_result r = CALL(c->api, cuDevicePrimaryCtxRelease_v2, (c->device));
	free(c);
	return r;
}

nv_result nv_context_sync(nv_context *c) {
	ENTER(c);
	return CALL(c->api, cuCtxSynchronize, ());
}

nv_result nv_memory_info(nv_context *c, size_t *free, size_t *total) {
	ENTER(c);
	return CALL(c->api, cuMemGetInfo_v2, (free, total));
}
