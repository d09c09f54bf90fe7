// abi.h is what a kernel compiled for the host and the library that runs it know of each other. It is included by both.
#pragma once
#include <cstddef>
#include <cstdint>

struct cudahost_uint3 { unsigned x, y, z; };

// A warp operation: run is called once, by the lane that arrives last, with what each lane posted.
struct cudahost_collective {
	const char *name;
	unsigned key; // what all lanes must agree on besides the name: an offset's width, say
	void (*run)(void **posted, unsigned mask);
};

// The state of the thread that runs now. There is one such struct per fiber.
struct cudahost_thread {
	cudahost_uint3 thread, block, block_dim, grid_dim;
	unsigned lane;
	unsigned char *dynamic_shared;
};

// How memory is accessed: 1 writes; CUDAHOST_ANY where the program does not promise an address that is a multiple of the size.
#define CUDAHOST_ANY 2u

// What the library gives to a module when it loads it.
struct cudahost_calls {
	void (*barrier)();
	void (*collective)(const cudahost_collective *op, unsigned mask, void *posted);
	void (*copy_async)(void *to, const void *from, unsigned copied, unsigned total);
	void (*commit_async)();
	void (*wait_async)(unsigned groups_left);
	void (*fault)(int code, const char *text); // does not return
	void (*access)(const void *address, unsigned size, unsigned how); // of checked builds, before every access
};

// Where a module keeps its __shared__ variables.
struct cudahost_range { void *begin, *end; };

// What a module says of one of its kernels.
struct cudahost_entry {
	void (*call)(void **params);
	int max_threads;
	int params;
	const size_t *param_sizes;
};
