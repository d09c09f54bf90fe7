// libcuda: modules and launches, run by cudahost.
#include "driver.h"

#include "cudahost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct module {
	fake_object object;
	cudahost_module *host;
} module;

typedef struct function {
	fake_object object;
	module *of;
	cudahost_kernel *kernel;
	cudahost_info info;
	int dynamic_shared; // the most that a launch may ask for
} function;

static int load(const void *image, cudahost_module **host) {
	static int told;
	char error[256] = "";
	if (!told) cudahost_set_memory(fake_is_device);
	told = 1;
	int code = cudahost_load(image, host, error, sizeof error);
	return code != 0 ? fake_misuse(code, "%s", error) : 0;
}

int cuModuleLoadData(CUmodule *handle, const void *image) {
	DRIVER(ALLOCATES | NOT_RECORDING);
	cudahost_module *host;
	int code = load(image, &host);
	if (code != 0) return code;
	module *m = fake_new("module", sizeof *m);
	m->host = host;
	*handle = (CUmodule)m;
	return 0;
}

static void retire_if_of(void *object, void *data) {
	if (((function *)object)->of == data) fake_retire(object);
}

int cuModuleUnload(CUmodule handle) {
	DRIVER_RELEASE(NOT_RECORDING);
	FIND(module, m, handle, "module");
	fake_each("function", retire_if_of, m);
	cudahost_unload(m->host);
	fake_retire(m);
	return begun;
}

int cuModuleGetFunction(CUfunction *handle, CUmodule of, const char *name) {
	DRIVER(0);
	FIND(module, m, of, "module");
	cudahost_kernel *kernel;
	int code = cudahost_function(m->host, name, &kernel);
	if (code != 0) return code;
	function *f = fake_new("function", sizeof *f);
	f->of = m;
	f->kernel = kernel;
	cudahost_kernel_info(kernel, &f->info);
	f->dynamic_shared = SHARED_DEFAULT - f->info.static_shared;
	*handle = (CUfunction)f;
	return 0;
}

int cuFuncSetAttribute(CUfunction handle, int attribute, int value) {
	DRIVER(0);
	FIND(function, f, handle, "function");
	if (attribute != NV_CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0 || value > SHARED_PER_BLOCK - f->info.static_shared)
		return NV_CUDA_ERROR_INVALID_VALUE;
	f->dynamic_shared = value;
	return 0;
}

int cuFuncGetAttribute(int *value, int attribute, CUfunction handle) {
	DRIVER(0);
	FIND(function, f, handle, "function");
	const fake_config *c = fake_configuration();
	switch (attribute) {
	case NV_CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = f->info.max_threads; return 0;
	case NV_CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: *value = f->info.static_shared; return 0;
	case NV_CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES: *value = 0; return 0;
	case NV_CU_FUNC_ATTRIBUTE_NUM_REGS: *value = f->info.registers; return 0;
	case NV_CU_FUNC_ATTRIBUTE_BINARY_VERSION: *value = 10 * c->major + c->minor; return 0;
	case NV_CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: *value = f->dynamic_shared; return 0;
	default: return NV_CUDA_ERROR_INVALID_VALUE;
	}
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction handle, int block, size_t dynamic_shared) {
	DRIVER(0);
	FIND(function, f, handle, "function");
	if (block <= 0) return NV_CUDA_ERROR_INVALID_VALUE;
	size_t shared = (size_t)f->info.static_shared + dynamic_shared + 1024; // a block takes one KiB for itself
	int by_threads = block > f->info.max_threads ? 0 : THREADS_PER_MULTIPROCESSOR / block;
	int by_shared = (int)(SHARED_PER_MULTIPROCESSOR / shared);
	*blocks = by_threads < by_shared ? by_threads : by_shared;
	return 0;
}

// ---- launches: the data is this and then the arguments, each in a slot of 64 bytes

enum { SLOT = 64, MOST_ARGUMENTS = 4096 };

typedef struct launch {
	function *f;
	unsigned grid[3], block[3], shared;
} launch;

static size_t slot(size_t bytes) { return (bytes + SLOT - 1) / SLOT * SLOT; }

static int run(const void *data, char *error, size_t size) {
	const launch *l = data;
	void *params[MOST_ARGUMENTS / SLOT + 1];
	char *at = (char *)data + slot(sizeof *l);
	if (!l->f->object.alive) {
		snprintf(error, size, "a queued kernel's module was unloaded");
		return fake_misuse(NV_CUDA_ERROR_LAUNCH_FAILED, "%s", error);
	}
	for (int i = 0; i < l->f->info.params; at += slot(l->f->info.param_sizes[i++])) params[i] = at;
	int code = cudahost_launch(l->f->kernel, l->grid, l->block, l->shared, params, error, size);
	return code == NV_CUDA_ERROR_INVALID_VALUE ? NV_CUDA_ERROR_LAUNCH_FAILED : code;
}

static int sizes_are_legal(const launch *l) {
	unsigned long long threads = (unsigned long long)l->block[0] * l->block[1] * l->block[2];
	return l->grid[0] > 0 && l->grid[1] > 0 && l->grid[2] > 0 && l->grid[0] <= 0x7fffffff && l->grid[1] <= 65535 && l->grid[2] <= 65535 &&
	       threads > 0 && threads <= 1024 && l->block[2] <= 64;
}

static int queue(launch l, CUstream stream, void **params, void **extra) {
	FIND(fake_stream, s, stream, "stream");
	if (extra != NULL || !sizes_are_legal(&l)) return NV_CUDA_ERROR_INVALID_VALUE;
	if (l.shared > (unsigned)l.f->dynamic_shared) return NV_CUDA_ERROR_INVALID_VALUE;
	if (l.block[0] * l.block[1] * l.block[2] > (unsigned)l.f->info.max_threads) return NV_CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
	_Alignas(SLOT) char data[SLOT + 2 * MOST_ARGUMENTS];
	size_t used = slot(sizeof l);
	memcpy(data, &l, sizeof l);
	for (int i = 0; i < l.f->info.params; i++) {
		size_t bytes = l.f->info.param_sizes[i];
		if (used + slot(bytes) > slot(sizeof l) + MOST_ARGUMENTS) return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "too many arguments");
		memset(data + used, 0, slot(bytes));
		memcpy(data + used, params[i], bytes);
		used += slot(bytes);
	}
	return fake_queue(s, &(fake_work){"kernel", run, used, NULL, 0}, data);
}

int cuLaunchKernel(CUfunction handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
		   unsigned shared, CUstream stream, void **params, void **extra) {
	DRIVER(0);
	FIND(function, f, handle, "function");
	return queue((launch){f, {gx, gy, gz}, {bx, by, bz}, shared}, stream, params, extra);
}

int cuLaunchKernelEx(const CUlaunchConfig *k, CUfunction handle, void **params, void **extra) {
	DRIVER(0);
	FIND(function, f, handle, "function");
	for (unsigned i = 0; i < k->numAttrs; i++) {
		int id = k->attrs[i].id;
		if (id == NV_CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) return NV_CUDA_ERROR_INVALID_CLUSTER_SIZE; // this device has no clusters
		if (id != NV_CU_LAUNCH_ATTRIBUTE_COOPERATIVE && id != NV_CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION)
			return NV_CUDA_ERROR_INVALID_VALUE;
	}
	return queue((launch){f, {k->gridDimX, k->gridDimY, k->gridDimZ}, {k->blockDimX, k->blockDimY, k->blockDimZ}, k->sharedMemBytes},
		     k->hStream, params, extra);
}
