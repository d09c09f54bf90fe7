//go:build cgo && linux

// Device memory, pinned host memory and copies. Copies take pinned memory only: the driver reads it after the call.
#include "binding.h"

#include <stdlib.h>

nv_result nv_alloc(nv_context *c, size_t bytes, CUdeviceptr *pointer) {
	ENTER(c);
	return CALL(c->api, cuMemAlloc_v2, (pointer, bytes));
}

nv_result nv_free(nv_context *c, CUdeviceptr pointer) {
	RELEASE(c, cuMemFree_v2, (pointer));
}

nv_result nv_alloc_async(nv_context *c, size_t bytes, CUstream stream, CUdeviceptr *pointer) {
	ENTER(c);
	return CALL(c->api, cuMemAllocAsync, (pointer, bytes, stream));
}

nv_result nv_free_async(nv_context *c, CUdeviceptr pointer, CUstream stream) {
	RELEASE(c, cuMemFreeAsync, (pointer, stream));
}

nv_result nv_pool_keep(nv_context *c, uint64_t bytes) {
	CUmemoryPool pool;
	ENTER(c);
	nv_result r = CALL(c->api, cuDeviceGetDefaultMemPool, (&pool, c->device));
	if (r.code != 0) return r;
	return CALL(c->api, cuMemPoolSetAttribute, (pool, NV_CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &bytes));
}

nv_result nv_pool_trim(nv_context *c, size_t keep) {
	CUmemoryPool pool;
	ENTER(c);
	nv_result r = CALL(c->api, cuDeviceGetDefaultMemPool, (&pool, c->device));
	if (r.code != 0) return r;
	return CALL(c->api, cuMemPoolTrimTo, (pool, keep));
}

nv_result nv_host_alloc(nv_context *c, size_t bytes, void **pointer) {
	ENTER(c);
	return CALL(c->api, cuMemHostAlloc, (pointer, bytes, NV_CU_MEMHOSTALLOC_PORTABLE));
}

nv_result nv_host_free(nv_context *c, void *pointer) {
	RELEASE(c, cuMemFreeHost, (pointer));
}

nv_result nv_copy_in(nv_context *c, CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuMemcpyHtoDAsync_v2, (to, from, bytes, stream));
}

nv_result nv_copy_out(nv_context *c, void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuMemcpyDtoHAsync_v2, (to, from, bytes, stream));
}

nv_result nv_copy(nv_context *c, CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuMemcpyDtoDAsync_v2, (to, from, bytes, stream));
}

nv_result nv_fill8(nv_context *c, CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuMemsetD8Async, (to, value, count, stream));
}

nv_result nv_fill32(nv_context *c, CUdeviceptr to, uint32_t value, size_t count, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuMemsetD32Async, (to, value, count, stream));
}
