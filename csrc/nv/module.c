//go:build cgo && linux

// Modules, functions, and launches made ready.
#include "binding.h"

#include <stdlib.h>
#include <string.h>

nv_result nv_module_load(nv_context *c, const void *image, CUmodule *module) {
	ENTER(c);
	return CALL(c->api, cuModuleLoadData, (module, image));
}

nv_result nv_module_unload(nv_context *c, CUmodule module) {
	RELEASE(c, cuModuleUnload, (module));
}

nv_result nv_function(nv_context *c, CUmodule module, const char *name, CUfunction *function) {
	ENTER(c);
	return CALL(c->api, cuModuleGetFunction, (function, module, name));
}

nv_result nv_function_get_info(nv_context *c, CUfunction function, nv_function_info *info) {
	const struct { int attribute, *value; } wanted[] = {
		{NV_CU_FUNC_ATTRIBUTE_NUM_REGS, &info->registers},
		{NV_CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, &info->spill_bytes},
		{NV_CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, &info->shared_bytes},
		{NV_CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, &info->max_threads},
		{NV_CU_FUNC_ATTRIBUTE_BINARY_VERSION, &info->binary_version},
	};
	ENTER(c);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		nv_result r = CALL(c->api, cuFuncGetAttribute, (wanted[i].value, wanted[i].attribute, function));
		if (r.code != 0) return r;
	}
	return nv_ok;
}

nv_result nv_set_dynamic_shared(nv_context *c, CUfunction function, int bytes) {
	ENTER(c);
	return CALL(c->api, cuFuncSetAttribute, (function, NV_CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes));
}

nv_result nv_occupancy(nv_context *c, CUfunction function, int block, size_t dynamic_shared, int *blocks) {
	ENTER(c);
	return CALL(c->api, cuOccupancyMaxActiveBlocksPerMultiprocessor, (blocks, function, block, dynamic_shared));
}

// slot rounds up to 64, the alignment of the strictest argument there is (a tensor map).
static size_t slot(size_t size) { return (size + 63) / 64 * 64; }

nv_launch *nv_launch_new(CUfunction function, int count, const size_t *sizes) {
	size_t values = 0;
	for (int i = 0; i < count; i++) values += slot(sizes[i]);
	nv_launch *launch = calloc(1, sizeof *launch);
	if (launch == NULL) return NULL;
	size_t n = count > 0 ? (size_t)count : 1;
	launch->params = calloc(n, sizeof *launch->params);
	launch->sizes = calloc(n, sizeof *launch->sizes);
	char *area = aligned_alloc(64, values > 0 ? values : 64);
	if (launch->params == NULL || launch->sizes == NULL || area == NULL) {
		free(launch->params);
		free(launch->sizes);
		free(area);
		free(launch);
		return NULL;
	}
	memset(area, 0, values > 0 ? values : 64);
	launch->function = function;
	launch->count = count;
	launch->params[0] = area; // also the address to free
	for (int i = 0; i < count; i++) {
		launch->params[i] = area;
		launch->sizes[i] = sizes[i];
		area += slot(sizes[i]);
	}
	launch->config.attrs = launch->attributes;
	return launch;
}

void nv_launch_free(nv_launch *launch) {
	free(launch->params[0]);
	free(launch->params);
	free(launch->sizes);
	free(launch);
}

static nv_result queue(nv_context *c, nv_launch *l, CUstream stream) {
	CUlaunchConfig *k = &l->config;
	if (k->numAttrs == 0)
		return CALL(c->api, cuLaunchKernel,
			    (l->function, k->gridDimX, k->gridDimY, k->gridDimZ, k->blockDimX, k->blockDimY, k->blockDimZ,
			     k->sharedMemBytes, stream, l->params, NULL));
	k->hStream = stream;
	return CALL(c->api, cuLaunchKernelEx, (k, l->function, l->params, NULL));
}

nv_result nv_launch_queue(nv_context *c, nv_launch *launch, CUstream stream) {
	ENTER(c);
	return queue(c, launch, stream);
}

nv_result nv_launch_queue_all(nv_context *c, nv_launch *const *list, int count, CUstream stream, int *done) {
	*done = 0;
	ENTER(c);
	for (; *done < count; ++*done) {
		nv_result r = queue(c, list[*done], stream);
		if (r.code != 0) return r;
	}
	return nv_ok;
}
