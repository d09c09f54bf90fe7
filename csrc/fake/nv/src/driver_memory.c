// libcuda: memory, copies and fills. What an asynchronous copy or fill touches is checked when it is queued, as a device
// would, and again when it runs, because it may have been freed meanwhile.
#include "driver.h"

#include <stdio.h>
#include <string.h>

static void *address(CUdeviceptr p) { return (void *)(uintptr_t)p; }

// ---- memory

int cuMemAlloc_v2(CUdeviceptr *pointer, size_t bytes) {
	DRIVER(ALLOCATES | NOT_RECORDING);
	if (bytes == 0) return NV_CUDA_ERROR_INVALID_VALUE;
	*pointer = (uintptr_t)fake_alloc(fake_current(), bytes);
	return *pointer != 0 ? 0 : NV_CUDA_ERROR_OUT_OF_MEMORY;
}

int cuMemFree_v2(CUdeviceptr pointer) {
	DRIVER_RELEASE(NOT_RECORDING);
	if (fake_current() != NULL) fake_run_all(fake_current()); // freeing waits
	int code = fake_free(address(pointer));
	return begun != 0 ? begun : code;
}

int cuMemGetInfo_v2(size_t *free, size_t *total) {
	DRIVER(0);
	*total = fake_configuration()->memory;
	*free = *total - fake_memory_used(fake_current()->device);
	return 0;
}

int cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) {
	DRIVER(ALLOCATES | NOT_RECORDING);
	if (bytes == 0 || flags > NV_CU_MEMHOSTALLOC_PORTABLE) return NV_CUDA_ERROR_INVALID_VALUE;
	*pointer = fake_host_alloc(bytes);
	return *pointer != NULL ? 0 : NV_CUDA_ERROR_OUT_OF_MEMORY;
}

int cuMemFreeHost(void *pointer) {
	DRIVER_RELEASE(NOT_RECORDING);
	int code = fake_host_free(pointer);
	return begun != 0 ? begun : code;
}

// ---- copies and fills

typedef struct transfer {
	char *to;
	const char *from;
	size_t bytes;
	unsigned value;
} transfer;

static int is_device(const void *p, size_t bytes) { return fake_is_device(p, bytes); }
static int is_pinned(const void *p, size_t bytes) { return fake_is_pinned(p, bytes); }

static int copy(const transfer *t, int to_is_memory, int from_is_memory, char *error, size_t size) {
	if (to_is_memory && from_is_memory) {
		memmove(t->to, t->from, t->bytes);
		return 0;
	}
	snprintf(error, size, "a copy of %zu bytes %s memory that is not in use", t->bytes, to_is_memory ? "reads" : "writes");
	fake_misuse(0, "%s", error);
	return NV_CUDA_ERROR_ILLEGAL_ADDRESS;
}

static int copy_in(const void *data, char *error, size_t size) {
	const transfer *t = data;
	return copy(t, is_device(t->to, t->bytes), is_pinned(t->from, t->bytes), error, size);
}

static int copy_out(const void *data, char *error, size_t size) {
	const transfer *t = data;
	return copy(t, is_pinned(t->to, t->bytes), is_device(t->from, t->bytes), error, size);
}

static int copy_inside(const void *data, char *error, size_t size) {
	const transfer *t = data;
	return copy(t, is_device(t->to, t->bytes), is_device(t->from, t->bytes), error, size);
}

static int fill8(const void *data, char *error, size_t size) {
	const transfer *t = data;
	if (!is_device(t->to, t->bytes)) return copy(t, 0, 1, error, size);
	memset(t->to, (int)t->value, t->bytes);
	return 0;
}

static int fill32(const void *data, char *error, size_t size) {
	const transfer *t = data;
	if (!is_device(t->to, t->bytes)) return copy(t, 0, 1, error, size);
	for (size_t i = 0; i < t->bytes; i += 4) memcpy(t->to + i, &t->value, 4);
	return 0;
}

static int queue(CUstream stream, fake_work what, transfer t) {
	FIND(fake_stream, s, stream, "stream");
	what.bytes = sizeof t;
	return t.bytes == 0 ? 0 : fake_queue(s, &what, &t);
}

int cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
	DRIVER(0);
	if (bytes > 0 && (!is_pinned(from, bytes) || !is_device(address(to), bytes)))
		return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "%s: not from pinned memory to the device's", __func__);
	return queue(stream, (fake_work){"copy in", copy_in, 0, from, bytes}, (transfer){address(to), from, bytes, 0});
}

int cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
	DRIVER(0);
	if (bytes > 0 && (!is_pinned(to, bytes) || !is_device(address(from), bytes)))
		return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "%s: not from the device's memory to pinned memory", __func__);
	return queue(stream, (fake_work){"copy out", copy_out, 0, to, bytes}, (transfer){to, address(from), bytes, 0});
}

int cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
	DRIVER(0);
	if (bytes > 0 && (!is_device(address(to), bytes) || !is_device(address(from), bytes)))
		return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "%s: not inside the device's memory", __func__);
	return queue(stream, (fake_work){"copy", copy_inside, 0, NULL, 0}, (transfer){address(to), address(from), bytes, 0});
}

int cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
	DRIVER(0);
	if (count > 0 && !is_device(address(to), count)) return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "%s: not the device's memory", __func__);
	return queue(stream, (fake_work){"fill", fill8, 0, NULL, 0}, (transfer){address(to), NULL, count, value});
}

int cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
	DRIVER(0);
	if (to % 4 != 0) return NV_CUDA_ERROR_INVALID_VALUE;
	if (count > 0 && !is_device(address(to), 4 * count)) return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "%s: not the device's memory", __func__);
	return queue(stream, (fake_work){"fill", fill32, 0, NULL, 0}, (transfer){address(to), NULL, 4 * count, value});
}

// ---- stream-ordered memory: taken at once, given back in order

int cuMemAllocAsync(CUdeviceptr *pointer, size_t bytes, CUstream stream) {
	DRIVER(ALLOCATES);
	FIND(fake_stream, s, stream, "stream");
	if (bytes == 0) return NV_CUDA_ERROR_INVALID_VALUE;
	if (s->capture != NULL) return fake_misuse(NV_CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "the stand-in records no allocations");
	*pointer = (uintptr_t)fake_alloc(fake_current(), bytes);
	return *pointer != 0 ? 0 : NV_CUDA_ERROR_OUT_OF_MEMORY;
}

static int free_in_order(const void *data, char *error, size_t size) {
	(void)error;
	(void)size;
	return fake_free(*(void *const *)data);
}

int cuMemFreeAsync(CUdeviceptr pointer, CUstream stream) {
	static const fake_work what = {"free", free_in_order, sizeof(void *), NULL, 0};
	DRIVER_RELEASE(0);
	FIND(fake_stream, s, stream, "stream");
	void *p = address(pointer);
	if (!fake_is_block(p)) return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "%p was freed in a stream and is no memory of the device", p);
	int code = fake_queue(s, &what, &p);
	return begun != 0 ? begun : code;
}

static int pool; // its address is the handle of the only pool there is

int cuDeviceGetDefaultMemPool(CUmemoryPool *handle, CUdevice device) {
	DRIVER(0);
	(void)device;
	*handle = (CUmemoryPool)(void *)&pool;
	return 0;
}

int cuMemPoolSetAttribute(CUmemoryPool handle, int attribute, void *value) {
	DRIVER(0);
	(void)value;
	return (void *)handle == &pool && attribute == NV_CU_MEMPOOL_ATTR_RELEASE_THRESHOLD ? 0 : NV_CUDA_ERROR_INVALID_VALUE;
}

int cuMemPoolTrimTo(CUmemoryPool handle, size_t keep) {
	DRIVER(0);
	(void)keep;
	return (void *)handle == &pool ? 0 : NV_CUDA_ERROR_INVALID_VALUE;
}
