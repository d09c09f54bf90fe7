// stem.cuh: the 3x3 convolution of a picture with three channels, padding 1 and any stride, to at most 64 channels, with what comes
// before and after it in a network. 27 products make one number, too few for tensor cores to matter. Taps outside the picture are
// left out, never multiplied by 0.
#pragma once
#include "depthwise.cuh"

#define TAPS 27     // c*9 + r*3 + s, as the filter lies in memory
#define MOST 64     // output channels
#define STEM_ROWS 64 // pixels of a tile of the gradient

// Where tap `tap` of output (n,p,q) is in x, or -1 if outside.
static __device__ __forceinline__ i64 stem_place(const map &o, int stride, int n, int p, int q, int tap) {
	const int h = p * stride + tap / 3 % 3 - 1, w = q * stride + tap % 3 - 1;
	if (h < 0 || h >= o.h || w < 0 || w >= o.w) return -1;
	return (((i64)n * o.h + h) * o.w + w) * 3 + tap / 9;
}

// y[n,p,q,k]: a thread has 4 channels of one pixel after the other. map.c is the count of output channels. Block (columns * k/4).
template <int END> static __device__ __forceinline__ void stem_forward(const element *x, const element *w, const target t, const map o, int stride) {
	__shared__ __align__(16) float filter[TAPS][MOST];
	__shared__ float room[4][LARGEST];
	for (int i = threadIdx.x; i < TAPS * o.c; i += blockDim.x) filter[i % TAPS][i / TAPS] = load(w + i);
	__syncthreads();
	place a = {};
	a.groups = o.c / 4;
	a.c = threadIdx.x % a.groups * 4;
	end_of<END, 4> end(t, a.c);
	const int width = blockDim.x / a.groups;
	for (i64 m = (i64)blockIdx.x * width + threadIdx.x / a.groups; m < (i64)o.n * o.p * o.q; m += (i64)gridDim.x * width) {
		const unsigned i = (unsigned)m, q = i % o.q, p = i / o.q % o.p, n = i / o.q / o.p; // 32 bits divide faster
		few<4> sum = {};
		UNROLL for (int tap = 0; tap < TAPS; tap++) {
			const i64 at = stem_place(o, stride, n, p, q, tap);
			if (at < 0) continue;
			const float v = load(x + at);
			const float4 f = *(const float4 *)&filter[tap][a.c];
			sum[0] = fmaf(v, f.x, sum[0]), sum[1] = fmaf(v, f.y, sum[1]), sum[2] = fmaf(v, f.z, sum[2]), sum[3] = fmaf(v, f.w, sum[3]);
		}
		end.finish(sum, t, m * o.c + a.c, few<4>());
	}
	if (END == MEASURED) write_sums(end, t, a, room);
}

// Parts of dw, [gridDim.x][k][27], where dy is made of s. A tile of pixels lies in shared memory; a thread has one tap of 4 channels,
// twice if there are more than 32 channels. Block (256).
template <int KIND> static __device__ __forceinline__ void stem_backward(const element *x, const source s, float *dw, const map o, int stride) {
	__shared__ __align__(16) float dy[STEM_ROWS][MOST], patch[STEM_ROWS][TAPS];
	const float missing = __uint_as_float(0x7fa5a5a5u); // a NaN that no conversion makes
	const i64 rows = (i64)o.n * o.p * o.q;
	const int groups = o.c / 4;
	few<4> acc[2] = {};
	for (i64 first = (i64)blockIdx.x * STEM_ROWS; first < rows; first += (i64)gridDim.x * STEM_ROWS) {
		__syncthreads();
		for (int i = threadIdx.x; i < STEM_ROWS * groups; i += THREADS) {
			const int r = i / groups, c = i % groups * 4;
			const bool there = first + r < rows;
			const i64 at = (first + r) * o.c + c;
			const factors_of<KIND, 4> made(s.factors, c, o.c);
			few<4> v = {};
			if (there) v = made.make(load_bits<4>(s.a + at, true), load_bits<4>(s.z + at, KIND >= GRADIENT));
			*(float4 *)&dy[r][c] = make_float4(v[0], v[1], v[2], v[3]);
		}
		constexpr int SHARE = THREADS / STEM_ROWS; // threads of a pixel
		const int mine = threadIdx.x / SHARE;
		const unsigned m = (unsigned)(first + mine), q = m % o.q, p = m / o.q % o.p, n = m / o.q / o.p;
		for (int tap = threadIdx.x % SHARE; tap < TAPS; tap += SHARE) {
			const i64 at = first + mine < rows ? stem_place(o, stride, n, p, q, tap) : -1;
			patch[mine][tap] = at < 0 ? missing : load(x + at);
		}
		__syncthreads();
		UNROLL for (int turn = 0; turn < 2; turn++) {
			const int item = threadIdx.x + turn * THREADS, tap = item / groups, c = item % groups * 4;
			if (tap >= TAPS) break;
			for (int r = 0; r < STEM_ROWS; r++) {
				const float v = patch[r][tap];
				if (__float_as_uint(v) == __float_as_uint(missing)) continue;
				const float4 g = *(const float4 *)&dy[r][c];
				acc[turn][0] = fmaf(v, g.x, acc[turn][0]), acc[turn][1] = fmaf(v, g.y, acc[turn][1]);
				acc[turn][2] = fmaf(v, g.z, acc[turn][2]), acc[turn][3] = fmaf(v, g.w, acc[turn][3]);
			}
		}
	}
	UNROLL for (int turn = 0; turn < 2; turn++) {
		const int item = threadIdx.x + turn * THREADS, tap = item / groups, c = item % groups * 4;
		if (tap >= TAPS) break;
		UNROLL for (int i = 0; i < 4; i++) dw[((i64)blockIdx.x * o.c + c + i) * TAPS + tap] = acc[turn][i];
	}
}
