// libcuda: texts, devices and contexts.
#include "driver.h"

#include <stdio.h>
#include <string.h>

static int initialised;

// ---- texts

static const struct { int code; const char *name; } names[] = {
#define NAME(name, value) {value, #name},
	NV_CUDA_VALUES(NAME)
#undef NAME
};

int cuGetErrorName(int code, const char **name) {
	BEGIN(LIB_DRIVER, QUERY);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].code != code || strncmp(names[i].name, "CUDA_", 5) != 0) continue;
		*name = names[i].name;
		return 0;
	}
	*name = NULL;
	return NV_CUDA_ERROR_INVALID_VALUE;
}

int cuGetErrorString(int code, const char **text) {
	BEGIN(LIB_DRIVER, QUERY);
	fake_context *c = fake_current();
	*text = c != NULL && c->lost == code && c->reason[0] ? c->reason : "the stand-in has no sentence for it";
	return 0;
}

int cuDriverGetVersion(int *version) {
	BEGIN(LIB_DRIVER, 0);
	*version = fake_configuration()->driver;
	return 0;
}

// ---- devices

int cuInit(unsigned flags) {
	BEGIN(LIB_DRIVER, 0);
	if (flags != 0) return NV_CUDA_ERROR_INVALID_VALUE;
	if (fake_configuration()->devices == 0) return NV_CUDA_ERROR_NO_DEVICE;
	initialised = 1;
	return 0;
}

#define DEVICE_CALL()                                              \
	BEGIN(LIB_DRIVER, 0);                                      \
	if (!initialised) return NV_CUDA_ERROR_NOT_INITIALIZED
#define DEVICE_CALL_OF(device) \
	DEVICE_CALL();         \
	if ((device) < 0 || (device) >= fake_configuration()->devices) return NV_CUDA_ERROR_INVALID_DEVICE

int cuDeviceGetCount(int *count) {
	DEVICE_CALL();
	*count = fake_configuration()->devices;
	return 0;
}

int cuDeviceGet(CUdevice *device, int ordinal) {
	DEVICE_CALL_OF(ordinal);
	*device = ordinal;
	return 0;
}

int cuDeviceGetName(char *name, int length, CUdevice device) {
	DEVICE_CALL_OF(device);
	snprintf(name, (size_t)length, "Stand-in %d.%d", fake_configuration()->major, fake_configuration()->minor);
	return 0;
}

int cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
	DEVICE_CALL_OF(device);
	for (int i = 0; i < 16; i++) uuid->bytes[i] = (char)(i + 16 * device);
	return 0;
}

int cuDeviceGetPCIBusId(char *id, int length, CUdevice device) {
	DEVICE_CALL_OF(device);
	snprintf(id, (size_t)length, "0000:%02X:00.0", device + 1);
	return 0;
}

int cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
	DEVICE_CALL_OF(device);
	*bytes = fake_configuration()->memory;
	return 0;
}

int cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
	DEVICE_CALL_OF(device);
	const fake_config *c = fake_configuration();
	const struct { int attribute, value; } all[] = {
		{NV_CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024},
		{NV_CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 1500000},
		{NV_CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 4},
		{NV_CU_DEVICE_ATTRIBUTE_INTEGRATED, 0},
		{NV_CU_DEVICE_ATTRIBUTE_ECC_ENABLED, 1},
		{NV_CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, 2000000},
		{NV_CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, 512},
		{NV_CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, 1 << 22},
		{NV_CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, THREADS_PER_MULTIPROCESSOR},
		{NV_CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, c->major},
		{NV_CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, c->minor},
		{NV_CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, SHARED_PER_MULTIPROCESSOR},
		{NV_CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR, 65536},
		{NV_CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH, 1},
		{NV_CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, SHARED_PER_BLOCK},
		{NV_CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, 1},
		{NV_CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH, 0},
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (all[i].attribute != attribute) continue;
		*value = all[i].value;
		return 0;
	}
	return NV_CUDA_ERROR_INVALID_VALUE;
}

// ---- contexts

enum { MOST_DEVICES = 16 };
static fake_context *primary[MOST_DEVICES];

int cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
	BEGIN(LIB_DRIVER, ALLOCATES);
	if (!initialised) return NV_CUDA_ERROR_NOT_INITIALIZED;
	if (device < 0 || device >= fake_configuration()->devices || device >= MOST_DEVICES) return NV_CUDA_ERROR_INVALID_DEVICE;
	fake_context *c = primary[device];
	if (c == NULL || !c->object.alive) {
		c = primary[device] = fake_new("context", sizeof *c);
		c->device = device;
	}
	c->references++;
	*context = (CUcontext)c;
	return 0;
}

int cuDevicePrimaryCtxRelease_v2(CUdevice device) {
	BEGIN_RELEASE(LIB_DRIVER, 0);
	fake_context *c = device >= 0 && device < MOST_DEVICES ? primary[device] : NULL;
	if (c == NULL || !c->object.alive) return fake_misuse(NV_CUDA_ERROR_INVALID_CONTEXT, "a context was released that nobody retained");
	if (--c->references > 0) return begun;
	if (c->lost != 0) fake_retire_all(); // nothing of a lost context can be given back one by one
	fake_retire(c);
	return begun;
}

int cuCtxSetCurrent(CUcontext context) {
	BEGIN(LIB_DRIVER, 0);
	FIND(fake_context, c, context, "context");
	fake_set_current(c);
	return 0;
}

int cuCtxSynchronize(void) {
	DRIVER(NOT_RECORDING);
	return fake_run_all(fake_current());
}

int cuCtxGetStreamPriorityRange(int *least, int *greatest) {
	DRIVER(0);
	*least = 0;
	*greatest = -5;
	return 0;
}
