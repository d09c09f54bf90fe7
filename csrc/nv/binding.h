// What Go calls. Every function that takes a context makes it current first, does one thing, and fetches the vendor's
// error text last, all in one crossing, because the current context and the last message belong to the thread.
#ifndef NV_BINDING_H
#define NV_BINDING_H

#include "nv.h"

enum { NV_DRIVER = 1, NV_NVRTC = 2, NV_CUDNN = 3 };

// The outcome of a call. On success only code is meaningful, and 0.
typedef struct nv_result {
	int code;
	int source;      // NV_DRIVER, ...
	const char *call; // the vendor's function, or NULL
	const char *name; // "CUDA_ERROR_OUT_OF_MEMORY"; belongs to the library, which is never closed
	char *text;       // the vendor's sentence, or NULL; free() it
} nv_result;

// ---- load.c

// nv_open opens a library. On failure it returns NULL and the loader's sentence, to be freed.
void *nv_open(const char *path, char **error);
// nv_path returns the file that a library was loaded from; it belongs to the loader.
const char *nv_path(void *library);
// nv_bind fills the part of the table that belongs to which. It returns NULL, or the missing names, to be freed.
char *nv_bind(nv_api *api, int which, void *library);

// ---- device.c

typedef struct nv_context {
	const nv_api *api;
	CUcontext context;
	CUdevice device;
} nv_context;

enum { NV_ATTRIBUTES = 20 };
typedef struct nv_device {
	char name[256];
	char pci[32];
	unsigned char uuid[16];
	size_t memory;
	int major, minor, multiprocessors, shared_per_block, shared_per_multiprocessor, registers_per_multiprocessor;
	int threads_per_multiprocessor, l2_bytes, clock_khz, memory_clock_khz, bus_width, ecc, integrated, pools, clusters;
} nv_device;

nv_result nv_driver_version(const nv_api *api, int *version);
nv_result nv_device_count(const nv_api *api, int *count);
nv_result nv_device_info(const nv_api *api, int ordinal, nv_device *info);
nv_result nv_context_open(const nv_api *api, int ordinal, nv_context **context);
nv_result nv_context_close(nv_context *c);
nv_result nv_context_sync(nv_context *c);
nv_result nv_memory_info(nv_context *c, size_t *free, size_t *total);

// ---- stream.c

nv_result nv_stream_create(nv_context *c, int priority, CUstream *stream);
nv_result nv_stream_destroy(nv_context *c, CUstream stream);
nv_result nv_stream_sync(nv_context *c, CUstream stream);
nv_result nv_stream_query(nv_context *c, CUstream stream);
nv_result nv_stream_wait(nv_context *c, CUstream stream, CUevent event);
nv_result nv_stream_priorities(nv_context *c, int *least, int *greatest);
nv_result nv_event_create(nv_context *c, unsigned flags, CUevent *event);
nv_result nv_event_destroy(nv_context *c, CUevent event);
nv_result nv_event_record(nv_context *c, CUevent event, CUstream stream);
nv_result nv_event_sync(nv_context *c, CUevent event);
nv_result nv_event_query(nv_context *c, CUevent event);
nv_result nv_event_elapsed(nv_context *c, CUevent from, CUevent to, float *milliseconds);

// ---- memory.c

nv_result nv_alloc(nv_context *c, size_t bytes, CUdeviceptr *pointer);
nv_result nv_free(nv_context *c, CUdeviceptr pointer);
nv_result nv_alloc_async(nv_context *c, size_t bytes, CUstream stream, CUdeviceptr *pointer);
nv_result nv_free_async(nv_context *c, CUdeviceptr pointer, CUstream stream);
nv_result nv_pool_keep(nv_context *c, uint64_t bytes);
nv_result nv_pool_trim(nv_context *c, size_t keep);
nv_result nv_host_alloc(nv_context *c, size_t bytes, void **pointer);
nv_result nv_host_free(nv_context *c, void *pointer);
nv_result nv_copy_in(nv_context *c, CUdeviceptr to, const void *from, size_t bytes, CUstream stream);
nv_result nv_copy_out(nv_context *c, void *to, CUdeviceptr from, size_t bytes, CUstream stream);
nv_result nv_copy(nv_context *c, CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream);
nv_result nv_fill8(nv_context *c, CUdeviceptr to, unsigned char value, size_t count, CUstream stream);
nv_result nv_fill32(nv_context *c, CUdeviceptr to, uint32_t value, size_t count, CUstream stream);

// ---- module.c

typedef struct nv_function_info {
	int registers, spill_bytes, shared_bytes, max_threads, binary_version;
} nv_function_info;

nv_result nv_module_load(nv_context *c, const void *image, CUmodule *module);
nv_result nv_module_unload(nv_context *c, CUmodule module);
nv_result nv_function(nv_context *c, CUmodule module, const char *name, CUfunction *function);
nv_result nv_function_get_info(nv_context *c, CUfunction function, nv_function_info *info);
nv_result nv_set_dynamic_shared(nv_context *c, CUfunction function, int bytes);
nv_result nv_occupancy(nv_context *c, CUfunction function, int block, size_t dynamic_shared, int *blocks);

// A kernel launch made ready: the values of its arguments and the pointers to them are C memory, so that Go may change
// values between launches without crossing. config.hStream is set by each launch.
typedef struct nv_launch {
	CUfunction function;
	CUlaunchConfig config;
	CUlaunchAttribute attributes[3];
	int count;
	void **params;
	size_t *sizes;
} nv_launch;

// nv_launch_new copies sizes; the values start as zero. NULL when the host is out of memory.
nv_launch *nv_launch_new(CUfunction function, int count, const size_t *sizes);
void nv_launch_free(nv_launch *launch);
nv_result nv_launch_queue(nv_context *c, nv_launch *launch, CUstream stream);
// nv_launch_queue_all stops at the first failure; *done says how many were queued.
nv_result nv_launch_queue_all(nv_context *c, nv_launch *const *list, int count, CUstream stream, int *done);

// ---- graph.c

nv_result nv_capture_begin(nv_context *c, CUstream stream);
nv_result nv_capture_end(nv_context *c, CUstream stream, CUgraph *graph);
nv_result nv_capture_status(nv_context *c, CUstream stream, int *status);
nv_result nv_graph_destroy(nv_context *c, CUgraph graph);
nv_result nv_graph_instantiate(nv_context *c, CUgraph graph, CUgraphExec *exec);
nv_result nv_graph_launch(nv_context *c, CUgraphExec exec, CUstream stream);
nv_result nv_graph_upload(nv_context *c, CUgraphExec exec, CUstream stream);
nv_result nv_graph_update(nv_context *c, CUgraphExec exec, CUgraph graph, int *reason);
nv_result nv_graph_exec_destroy(nv_context *c, CUgraphExec exec);
nv_result nv_graph_nodes(nv_context *c, CUgraph graph, size_t *count);
nv_result nv_graph_print(nv_context *c, CUgraph graph, const char *path);

// ---- compile.c

typedef struct nv_source {
	const char *name, *text;
	int headers;
	const char *const *header_names, *const *header_texts;
	int options;
	const char *const *option_texts;
} nv_source;

// What the compiler made: image and log are to be freed, also after a failure.
typedef struct nv_image {
	char *data;
	size_t size;
	char *log;
} nv_image;

nv_result nv_compiler_version(const nv_api *api, int *major, int *minor);
// nv_compiler_architectures fills at most room numbers (90 for sm_90) and says how many there are.
nv_result nv_compiler_architectures(const nv_api *api, int *architectures, int room, int *count);
nv_result nv_compile(const nv_api *api, const nv_source *source, nv_image *image);

// ---- dnn.c

enum { NV_CONV_FORWARD = 0, NV_CONV_GRAD_INPUT = 1, NV_CONV_GRAD_WEIGHT = 2 };

// A two-dimensional convolution: x is n*h*w*c, w is k*r*s*(c/groups), y is n*p*q*k, all packed in this order.
typedef struct nv_conv {
	int pass, dtype, w_dtype; // cudnnDataType_t of x and y, and of w; sums are float32
	int64_t n, c, h, w, k, r, s, p, q;
	int64_t pad_top, pad_left, pad_bottom, pad_right;
	int64_t stride_h, stride_w, dilation_h, dilation_w, groups;
	int tf32; // float32 may be rounded to TF32 for the tensor cores
} nv_conv;

typedef struct nv_dnn {
	nv_context *context;
	cudnnHandle_t handle;
} nv_dnn;

typedef struct nv_plan {
	nv_dnn *dnn;
	void *plan, *pack;     // descriptors; pack is made for the addresses below
	void *addresses[4];    // x, w, y, workspace
	int64_t workspace;
	int64_t engine;        // its number in this version of the library
	int rank;              // which of the library's proposals it is, counting those that were left out
	int tensor_cores, compiled_at_run_time;
} nv_plan;

size_t nv_dnn_version(const nv_api *api);
size_t nv_dnn_runtime_version(const nv_api *api); // of the CUDA runtime that it was built with: 12090
nv_result nv_dnn_open(nv_context *c, CUstream stream, nv_dnn **dnn);
nv_result nv_dnn_set_stream(nv_dnn *dnn, CUstream stream);
nv_result nv_dnn_close(nv_dnn *dnn);
// nv_conv_plans makes at most room plans, the best first by the library's heuristics, leaving out engines whose results
// vary from run to run or lose precision. No plan and no error means that no engine takes this convolution.
nv_result nv_conv_plans(nv_dnn *dnn, const nv_conv *conv, nv_plan **plans, int room, int *count);
nv_result nv_plan_run(nv_plan *plan, CUdeviceptr x, CUdeviceptr w, CUdeviceptr y, CUdeviceptr workspace);
nv_result nv_plan_free(nv_plan *plan);

// ---- result.c, for the other C files

nv_result nv_driver_result(const nv_api *api, int code, const char *call);
nv_result nv_nvrtc_result(const nv_api *api, int code, const char *call);
nv_result nv_cudnn_result(const nv_api *api, int code, const char *call);
nv_result nv_no_memory(const char *what);     // the host is out of memory
extern const nv_result nv_ok;

// CALL evaluates to the result of one driver function; ENTER makes the context current or returns why it cannot.
#define CALL(api, function, arguments) nv_driver_result((api), (api)->function arguments, #function)
#define ENTER(c)                                                               \
	do {                                                                   \
		nv_result entered = CALL((c)->api, cuCtxSetCurrent, ((c)->context)); \
		if (entered.code != 0) return entered;                         \
	} while (0)

// RELEASE is for what gives something back: it is tried even when the context cannot be made current, so that a failure
// leaves as little behind as possible. The first failure is the result.
#define RELEASE(c, function, arguments)                                        \
	do {                                                                   \
		nv_result entered = CALL((c)->api, cuCtxSetCurrent, ((c)->context)); \
		nv_result released = CALL((c)->api, function, arguments);      \
		if (entered.code == 0) return released;                        \
		free(released.text);                                           \
		return entered;                                                \
	} while (0)

#endif
