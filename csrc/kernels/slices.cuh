// slices.cuh: what adds the parts of a sum that several blocks made, in a fixed order.
#pragma once
#include "common.cuh"

// out[i] = the sum over slices of partial[slice][i]. Block (32, 8), grid n/32 rounded up.
static __device__ __forceinline__ void add_slices(const float *partial, float *out, int slices, i64 n) {
	__shared__ float sums[8][32];
	const i64 i = (i64)blockIdx.x * 32 + threadIdx.x;
	float sum = 0;
	if (i < n) {
#pragma unroll 4
		for (int s = threadIdx.y; s < slices; s += 8) sum += partial[s * n + i];
	}
	sums[threadIdx.y][threadIdx.x] = sum;
	__syncthreads();
	if (threadIdx.y || i >= n) return;
	for (int r = 1; r < 8; r++) sum += sums[r][threadIdx.x];
	out[i] = sum;
}
