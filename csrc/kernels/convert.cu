// convert.cu: other element types and orders, and images of bytes to normalised elements (backend.Convert). -DFROM chooses what x is
// made of: F32, F16, BF16, U8 or I32; -DTYPE what y is. Conversions round once, to the nearest even. Not measured on a GPU yet.
#include "common.cuh"

#define U8 4
#define I32 5
#ifndef FROM
#define FROM F32
#endif

#if FROM == TYPE
typedef element source;
static __device__ __forceinline__ float value(source s) { return to_float(s); }
#elif FROM == F32
typedef float source;
static __device__ __forceinline__ float value(source s) { return s; }
#elif FROM == U8
typedef u8 source;
static __device__ __forceinline__ float value(source s) { return s; }
#elif FROM == I32
typedef int source;
static __device__ __forceinline__ float value(source s) { return s; }
#elif FROM == BF16
typedef unsigned short source;
static __device__ __forceinline__ float value(source s) { return __uint_as_float((unsigned)s << 16); }
#elif defined(CUDAHOST)
typedef unsigned short source;
static __device__ __forceinline__ float value(source s) { return cudahost_half_to_float(s); }
#else
typedef unsigned short source;
static __device__ __forceinline__ float value(source s) {
	float v;
	asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"(s));
	return v;
}
#endif

// VEC elements of x, which one to four instructions load.
struct __align__(VEC * sizeof(source) < 16 ? VEC * sizeof(source) : 16) sources { source s[VEC]; };

static __device__ __forceinline__ pack load_sources(const source *x, i64 count) {
	pack r;
	if (count >= VEC) {
		const sources all = *(const sources *)x;
		UNROLL for (int k = 0; k < VEC; k++) r[k] = value(all.s[k]);
	} else {
		UNROLL for (int k = 0; k < VEC; k++) r[k] = k < count ? value(x[k]) : 0;
	}
	return r;
}

// y = x, in the same order. Any grid and block of one dimension.
KERNEL convert(const source *x, element *y, i64 n) {
	EACH_PACK(i, n) store_pack(y + i, i + VEC <= n, n - i, load_sources(x + i, n - i));
}

// What is done to the channels of a pixel: x/std - shift, shift = mean/std.
struct channels4 { float std[4], shift[4]; };

// y = x/std - shift in the same order: pixels of `channels` elements, at most 4, or with an area above 1 planes of that many
// elements. Any grid and block of one dimension.
KERNEL normalize(const source *x, element *y, channels4 how, int channels, int area, i64 n) {
	EACH_PACK(i, n) {
		pack v = load_sources(x + i, n - i);
		int c = i / area % channels;
		UNROLL for (int k = 0; k < VEC; k++) {
			// Constant indices keep the numbers in registers.
			const float std = c == 0 ? how.std[0] : c == 1 ? how.std[1] : c == 2 ? how.std[2] : how.std[3];
			const float shift = c == 0 ? how.shift[0] : c == 1 ? how.shift[1] : c == 2 ? how.shift[2] : how.shift[3];
			v[k] = __fsub_rn(__fdiv_rn(v[k], std), shift);
			if (area > 1) c = (i + k + 1) / area % channels;
			else if (++c == channels) c = 0;
		}
		store_pack(y + i, i + VEC <= n, n - i, v);
	}
}

// y[n,b,a] = x[n,a,b] for n matrices of a rows and b columns: NHWC to NCHW with a = H*W and b = C, and back. With per != 0 the
// elements are normalised as above: per = 1 where the channel is a, 2 where it is b.
//   grid (b/32 rounded up, a/32 rounded up, n), all at most 65535 but the first; block (32, 8)
KERNEL transpose(const source *x, element *y, channels4 how, int per, int n, int a, int b) {
	__shared__ float tile[32][33];
	for (int m = blockIdx.z; m < n; m += gridDim.z)
		for (int top = blockIdx.y * 32; top < a; top += gridDim.y * 32) {
			const int left = blockIdx.x * 32;
			for (int r = threadIdx.y; r < 32; r += 8) {
				const int i = top + r, j = left + threadIdx.x;
				if (i >= a || j >= b) continue;
				float v = value(x[((i64)m * a + i) * b + j]);
				if (per) v = __fsub_rn(__fdiv_rn(v, how.std[per == 1 ? i : j]), how.shift[per == 1 ? i : j]);
				tile[r][threadIdx.x] = v;
			}
			__syncthreads();
			for (int r = threadIdx.y; r < 32; r += 8) {
				const int i = top + threadIdx.x, j = left + r;
				if (i < a && j < b) store(y + ((i64)m * b + j) * a + i, tile[threadIdx.x][r]);
			}
			__syncthreads();
		}
}
