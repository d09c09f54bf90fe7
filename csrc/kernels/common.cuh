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

// Loops over a pack are unrolled, so that its numbers stay in registers.
#define UNROLL _Pragma("unroll")

// DYNAMIC_SHARED(name) declares the block's dynamic shared memory, an array of unsigned char. Once per kernel.
#ifndef CUDAHOST
#define DYNAMIC_SHARED(name) extern __shared__ __align__(128) unsigned char name[]
#endif

// One element in memory, and its value in float32. Storing rounds to the nearest even.
#if TYPE == F32
typedef float element;
static __device__ __forceinline__ float to_float(element e) { return e; }
static __device__ __forceinline__ element from_float(float v) { return v; }
#else
typedef unsigned short element;
#if defined(CUDAHOST)
#if TYPE == F16
static __device__ __forceinline__ float to_float(element e) { return cudahost_half_to_float(e); }
static __device__ __forceinline__ element from_float(float v) { return cudahost_float_to_half(v); }
#else
static __device__ __forceinline__ float to_float(element e) { return cudahost_bf16_to_float(e); }
static __device__ __forceinline__ element from_float(float v) { return cudahost_float_to_bf16(v); }
#endif
#elif TYPE == F16
static __device__ __forceinline__ float to_float(element e) {
	float v;
	asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"(e));
	return v;
}
static __device__ __forceinline__ element from_float(float v) {
	element e;
	asm("cvt.rn.f16.f32 %0, %1;" : "=h"(e) : "f"(v));
	return e;
}
#else
static __device__ __forceinline__ float to_float(element e) { return __uint_as_float((unsigned)e << 16); }
static __device__ __forceinline__ element from_float(float v) {
	element e;
	asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(e) : "f"(v)); // sm_80 and later
	return e;
}
#endif
#endif

static __device__ __forceinline__ float load(const element *p) { return to_float(*p); }
static __device__ __forceinline__ void store(element *p, float v) { *p = from_float(v); }

// A pack is the elements in 16 bytes, which one instruction moves: 4 floats or 8 halves.
#if TYPE == F32
#define VEC 4
#else
#define VEC 8
#endif

struct pack {
	float v[VEC];
	__device__ __forceinline__ float &operator[](int i) { return v[i]; }
	__device__ __forceinline__ float operator[](int i) const { return v[i]; }
};

// Two halves in a register, the first one in the lower bits.
#if TYPE != F32
static __device__ __forceinline__ unsigned from_floats(float low, float high) {
#if defined(CUDAHOST)
	return from_float(low) | (unsigned)from_float(high) << 16;
#else
	unsigned both;
#if TYPE == F16
	asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
#else
	asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
#endif
	return both;
#endif
}
#endif

// load_pack reads VEC elements at p at once if whole, which p on a multiple of 16 bytes allows; else one by one, and only
// `count` of them: the others are 0.
static __device__ __forceinline__ pack load_pack(const element *p, bool whole, i64 count) {
	pack r;
	if (whole) {
#if TYPE == F32
		const float4 q = *(const float4 *)p;
		r[0] = q.x, r[1] = q.y, r[2] = q.z, r[3] = q.w;
#else
		const uint4 q = *(const uint4 *)p;
		const unsigned words[4] = {q.x, q.y, q.z, q.w};
		UNROLL for (int i = 0; i < 4; i++) {
			r[2 * i] = to_float((element)(words[i] & 0xffff));
			r[2 * i + 1] = to_float((element)(words[i] >> 16));
		}
#endif
	} else {
		UNROLL for (int i = 0; i < VEC; i++) r[i] = i < count ? load(p + i) : 0;
	}
	return r;
}

// store_pack is the opposite: elements beyond count are left alone.
static __device__ __forceinline__ void store_pack(element *p, bool whole, i64 count, const pack &r) {
	if (whole) {
#if TYPE == F32
		*(float4 *)p = make_float4(r[0], r[1], r[2], r[3]);
#else
		*(uint4 *)p = make_uint4(from_floats(r[0], r[1]), from_floats(r[2], r[3]), from_floats(r[4], r[5]), from_floats(r[6], r[7]));
#endif
	} else {
		UNROLL for (int i = 0; i < VEC; i++)
			if (i < count) store(p + i, r[i]);
	}
}

// load_floats reads VEC float32 numbers of which count are there; the others are 0.
static __device__ __forceinline__ pack load_floats(const float *p, int count) {
	pack r;
	UNROLL for (int i = 0; i < VEC; i++) r[i] = i < count ? p[i] : 0;
	return r;
}

// min(max(v, 0), 6); NaN stays.
static __device__ __forceinline__ float relu6(float v) {
	v = v < 0 ? 0 : v;
	return v > 6 ? 6 : v;
}

// Walks elements 0 to n with the whole grid, however large it is.
#define EACH(i, n) for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (i64)gridDim.x * blockDim.x)

// The same in steps of VEC. The arrays begin on a multiple of 16 bytes.
#define EACH_PACK(i, n) \
	for (i64 i = ((i64)blockIdx.x * blockDim.x + threadIdx.x) * VEC; i < (n); i += (i64)gridDim.x * blockDim.x * VEC)

// Part i of n things that are cut into `parts` nearly equal parts begins here, and ends where part i+1 begins.
static __device__ __forceinline__ i64 part_begin(i64 n, int parts, int i) {
	const i64 size = n / parts, rest = n % parts; // the first `rest` parts have one more
	return size * i + (i < rest ? i : rest);
}

// The sum of a warp's values, in every lane, in the same order always. All 32 lanes take part.
static __device__ __forceinline__ float warp_sum(float v) {
	UNROLL for (int d = 16; d > 0; d >>= 1) v += __shfl_xor_sync(0xffffffffu, v, d);
	return v;
}

// The largest of a warp's values, in every lane. NaN is passed over.
static __device__ __forceinline__ float warp_max(float v) {
	UNROLL for (int d = 16; d > 0; d >>= 1) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, d));
	return v;
}
