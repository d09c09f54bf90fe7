// reduce.cu: one number of all n elements of x: their sum, the sum of their squares, or whether all are finite (backend.Reduce).
// Everything is added in double, in an order that depends on n and the launch alone. Not measured on a GPU yet.
//   reduce_parts   grid (blocks), block (256): block b writes parts[b]
//   reduce_finish  grid (1), block (256): adds the parts and writes y
#include "common.cuh"

#define THREADS 256
enum { SUM = 1, SUM_SQUARES, ALL_FINITE }; // backend.Reduction

// Adds v over the block; the sum is in thread 0.
static __device__ __forceinline__ double block_sum(double v) {
	__shared__ double sums[THREADS];
	sums[threadIdx.x] = v;
	for (unsigned half = THREADS / 2; half > 0; half /= 2) {
		__syncthreads();
		if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
	}
	return sums[0];
}

// What v adds: for ALL_FINITE, one if it is not finite.
static __device__ __forceinline__ double term(float v, int kind) {
	if (kind == SUM) return v;
	if (kind == SUM_SQUARES) return (double)v * v;
	return (__float_as_uint(v) & 0x7f800000) == 0x7f800000;
}

KERNEL reduce_parts(const element *x, double *parts, int kind, i64 n) {
	double sum = 0;
	EACH_PACK(i, n) {
		const pack v = load_pack(x + i, i + VEC <= n, n - i);
		UNROLL for (int k = 0; k < VEC; k++) sum += term(v[k], kind); // behind the end are zeros
	}
	sum = block_sum(sum);
	if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

KERNEL reduce_finish(const double *parts, float *y, int kind, int count) {
	double sum = 0;
	for (int i = threadIdx.x; i < count; i += THREADS) sum += parts[i];
	sum = block_sum(sum);
	if (threadIdx.x == 0) *y = kind == ALL_FINITE ? sum == 0 : sum;
}
