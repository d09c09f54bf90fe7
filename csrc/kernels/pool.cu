// pool.cu: the mean of every channel over height and width, and its gradient. x is n maps of `area` rows of `channels` elements
// (NHWC), y is n rows. Sums are float32. Not measured on a GPU yet.
//   block (x, y)  x packs of VEC channels side by side, y rows at once; x*y at most 256
//   grid  (channels/(x*VEC) rounded up, maps); any number of maps works
#include "common.cuh"

#define THREADS 256 // the most threads of a block

// y[n,c] = sum over the area of x[n,.,c] / area
KERNEL pool_forward(const element *x, element *y, int n, int area, int channels) {
	__shared__ float sums[VEC][THREADS];
	const int c = (blockIdx.x * blockDim.x + threadIdx.x) * VEC, t = threadIdx.y * blockDim.x + threadIdx.x;
	const bool whole = channels % VEC == 0;
	for (int map = blockIdx.y; map < n; map += gridDim.y) {
		pack sum = {};
		for (int r = threadIdx.y; r < area && c < channels; r += blockDim.y) {
			const pack v = load_pack(x + ((i64)map * area + r) * channels + c, whole, channels - c);
			UNROLL for (int k = 0; k < VEC; k++) sum[k] += v[k];
		}
		UNROLL for (int k = 0; k < VEC; k++) sums[k][t] = sum[k];
		__syncthreads();
		if (threadIdx.y == 0 && c < channels) {
			for (int r = 1; r < (int)blockDim.y; r++)
				UNROLL for (int k = 0; k < VEC; k++) sum[k] += sums[k][t + r * blockDim.x];
			UNROLL for (int k = 0; k < VEC; k++) sum[k] /= area;
			store_pack(y + (i64)map * channels + c, whole, channels - c, sum);
		}
		__syncthreads();
	}
}

// dx[n,.,c] = dy[n,c] / area
KERNEL pool_backward(const element *dy, element *dx, int n, int area, int channels) {
	const int c = (blockIdx.x * blockDim.x + threadIdx.x) * VEC;
	if (c >= channels) return;
	const bool whole = channels % VEC == 0;
	for (int map = blockIdx.y; map < n; map += gridDim.y) {
		pack d = load_pack(dy + (i64)map * channels + c, whole, channels - c);
		UNROLL for (int k = 0; k < VEC; k++) d[k] /= area;
		for (int r = threadIdx.y; r < area; r += blockDim.y)
			store_pack(dx + ((i64)map * area + r) * channels + c, whole, channels - c, d);
	}
}
