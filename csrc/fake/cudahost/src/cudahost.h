/* cudahost compiles CUDA C++ kernels for the host and runs them there, so that machines without a GPU execute the very
 * kernels that a GPU would. The stand-ins for libnvrtc and libcuda are built on it.
 *
 * Every thread of a block is a fiber. A fiber runs until a barrier or a warp operation makes it wait; what a GPU leaves
 * undefined (a barrier that not every thread reaches, a shuffle with missing lanes, too much shared memory) is an error
 * here. Blocks and threads can be run in several orders, so that code that depends on one shows itself.
 *
 * Shared memory is filled with NaN before each block. Asynchronous copies take effect as late as their waits allow. */
#ifndef MNV2_CUDAHOST_H
#define MNV2_CUDAHOST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cudahost_module cudahost_module;
typedef struct cudahost_kernel cudahost_kernel;

/* What is known of a kernel. param_sizes has params entries; the argument list of a launch has as many. */
typedef struct {
	int max_threads;   /* of a block: __launch_bounds__, or 1024 */
	int static_shared; /* bytes of __shared__ variables in the whole module */
	int registers;     /* 0: unknown */
	int params;
	const size_t *param_sizes;
} cudahost_info;

/* Variables of the environment change how kernels are compiled: MNV2_FAKE_CHECK=1 for a look at every access (cudahost_set_memory),
 * MNV2_FAKE_SANITIZE=1 for the address and undefined-behaviour sanitizers, in programs that are linked with them. */

/* Compiles source with the named headers. options are NVRTC's: -D, --define-macro, --std and a few that mean nothing here are
 * taken. Returns an nvrtcResult: 0; 2 when the compiler cannot be run; 5 for an unknown option; 6 when the source does not compile.
 * image and log are allocated with malloc; log is always set. The image holds its own size and can be stored. */
int cudahost_compile(const char *source, const char *name, int n_headers, const char *const *headers,
		     const char *const *include_names, int n_options, const char *const *options, void **image,
		     size_t *image_size, char **log);

/* Loads an image: 0, or 200 (invalid image) or 304 (operating system) with a text. Modules of one image share nothing. */
int cudahost_load(const void *image, cudahost_module **module, char *error, size_t error_size);
void cudahost_unload(cudahost_module *module);

/* Finds a kernel by name: 0 or 500. It lives as long as its module. */
int cudahost_function(cudahost_module *module, const char *name, cudahost_kernel **kernel);
void cudahost_kernel_info(const cudahost_kernel *kernel, cudahost_info *info);

/* Runs a grid to its end on the calling thread. Returns a CUresult: 0; 1 for sizes that no device takes; 700, 716 or 719 when
 * the kernel did something wrong. error then says what, and where. */
int cudahost_launch(cudahost_kernel *kernel, const unsigned grid[3], const unsigned block[3], unsigned dynamic_shared,
		    void **params, char *error, size_t error_size);

/* Sets the order of blocks and threads: 0 first to last, 1 last to first, others are seeds of a shuffle. The variable
 * MNV2_FAKE_ORDER sets it at the start. */
void cudahost_set_order(unsigned order);

/* Says which memory a kernel may touch: valid returns nonzero if the n bytes at address are device memory in use. It is asked
 * by kernels that were compiled while MNV2_FAKE_CHECK was 1 in the environment. */
void cudahost_set_memory(int (*valid)(const void *address, size_t n));

#ifdef __cplusplus
}
#endif
#endif
