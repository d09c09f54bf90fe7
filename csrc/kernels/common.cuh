// common.cuh: the element type of activations, and what all kernels share. -DTYPE chooses F32, F16 or BF16.
#pragma once

#define F32 1
#define F16 2
#define BF16 3
#ifndef TYPE
#define TYPE F32
#endif

#define KERNEL extern "C" __global__ void

typedef long long i64;
typedef unsigned char u8;

// One element in memory, and its value in float32. Storing rounds to the nearest even.
#if TYPE == F32
typedef float element;
static __device__ __forceinline__ float load(const element *p) { return *p; }
static __device__ __forceinline__ void store(element *p, float v) { *p = v; }
#else
typedef unsigned short element;
#if defined(CUDAHOST)
#if TYPE == F16
static __device__ __forceinline__ float load(const element *p) { return cudahost_half_to_float(*p); }
static __device__ __forceinline__ void store(element *p, float v) { *p = cudahost_float_to_half(v); }
#else
static __device__ __forceinline__ float load(const element *p) { return cudahost_bf16_to_float(*p); }
static __device__ __forceinline__ void store(element *p, float v) { *p = cudahost_float_to_bf16(v); }
#endif
#elif TYPE == F16
static __device__ __forceinline__ float load(const element *p) {
	float v;
	asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"(*p));
	return v;
}
static __device__ __forceinline__ void store(element *p, float v) {
	element h;
	asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(v));
	*p = h;
}
#else
static __device__ __forceinline__ float load(const element *p) { return __uint_as_float((unsigned)*p << 16); }
static __device__ __forceinline__ void store(element *p, float v) {
	element h;
	asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(h) : "f"(v)); // sm_80 and later
	*p = h;
}
#endif
#endif

// Walks elements 0 to n with the whole grid, however large it is.
#define EACH(i, n) for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (i64)gridDim.x * blockDim.x)
