// block.cuh: what a block of threads finds out together about a row of logits.
#pragma once
#include "common.cuh"

#define INFINITE __int_as_float(0x7f800000)

// Adds or maximises over the block: first in the warps, then over them in order. All threads get the result.
#define BLOCK_REDUCE(name, warp, join, start)                                                    \
	static __device__ __forceinline__ float name(float v) {                                  \
		__shared__ float parts[32];                                                      \
		v = warp(v);                                                                     \
		__syncthreads();                                                                 \
		if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;                          \
		__syncthreads();                                                                 \
		float all = start;                                                               \
		for (int i = 0; i < (int)blockDim.x / 32; i++) all = join(all, parts[i]);             \
		return all;                                                                      \
	}

static __device__ __forceinline__ float plus(float a, float b) { return a + b; }
BLOCK_REDUCE(block_sum, warp_sum, plus, 0)
BLOCK_REDUCE(block_max, warp_max, fmaxf, -INFINITE)
