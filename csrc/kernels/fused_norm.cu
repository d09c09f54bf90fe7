// fused_norm.cu: what fused blocks do about batch norm between their convolutions. A norm's coefficients are four rows of `channels`
// float32 numbers: scale = gamma*invstd, shift = beta - mean*scale, mean, invstd. Parts of moments are [parts][3][channels], those of
// two sums [parts][2][channels], as end.cuh makes them. Channels of activations are a multiple of VEC. Not measured.
//   finish_forward, finish_backward  grid (channels/32 rounded up), block (32, 16): add the parts in a fixed order, in double
//   finish_infer                     any grid and block; a thread per channel
//   gradient_sums                    grid (columns, parts), block (x, y), at most 256; a thread has VEC channels and every so many rows
//   normalise                        any grid and block; a thread has VEC channels of one pixel after the other
#include "tile.cuh"

#define FINISH 16

// Adds `count` values over the threads of a column, in order.
template <int count> static __device__ __forceinline__ void over_rows(double (&v)[count]) {
	__shared__ double room[count][FINISH][32];
	UNROLL for (int k = 0; k < count; k++) room[k][threadIdx.y][threadIdx.x] = v[k];
	__syncthreads();
	UNROLL for (int k = 0; k < count; k++) {
		v[k] = 0;
		for (int i = 0; i < FINISH; i++) v[k] += room[k][i][threadIdx.x];
	}
}

// Moments become the batch's statistics:
//   runmean = (1-momentum)*runmean + momentum*mean, runvar likewise with the unbiased variance
KERNEL finish_forward(const float *partial, const float *gamma, const float *beta, float *runmean, float *runvar, float *norm, float eps,
		float momentum, i64 rows, int channels, int parts) {
	const int c = blockIdx.x * 32 + threadIdx.x;
	double v[2] = {}; // sums of z and z^2, which lose nothing that matters in double
	if (c < channels) {
#pragma unroll 4
		for (int i = threadIdx.y; i < parts; i += FINISH) {
			const float *p = partial + (i64)i * 3 * channels + c;
			const double n = p[0], mean = p[channels];
			v[0] += n * mean;
			v[1] += p[2 * channels] + n * mean * mean;
		}
	}
	over_rows(v);
	if (threadIdx.y || c >= channels) return;
	const double mean = v[0] / rows;
	double var = v[1] / rows - mean * mean;
	if (var < 0) var = 0; // by rounding alone; NaN stays
	const double invstd = 1 / sqrt(var + eps), scale = gamma[c] * invstd;
	norm[c] = (float)scale;
	norm[c + channels] = (float)(beta[c] - mean * scale);
	norm[c + 2 * channels] = (float)mean;
	norm[c + 3 * channels] = (float)invstd;
	const double unbiased = rows > 1 ? var * rows / (rows - 1) : var;
	runmean[c] = (float)((1 - (double)momentum) * runmean[c] + momentum * mean);
	runvar[c] = (float)((1 - (double)momentum) * runvar[c] + momentum * unbiased);
}

// Sums of dn, the gradient of the norm's output, and of dn*(z-mean) become dgamma, dbeta and five rows of factors, with which
//   dz = dn*f0 + z*f1 + f2 = scale*(dn - dbeta/rows - (z-mean)*invstd*dgamma/rows), and z*f3 + f4 = z*scale + shift
KERNEL finish_backward(const float *partial, const float *norm, float *dgamma, float *dbeta, float *factors, i64 rows, int channels, int parts) {
	const int c = blockIdx.x * 32 + threadIdx.x;
	double v[2] = {};
	if (c < channels) {
#pragma unroll 4
		for (int i = threadIdx.y; i < parts; i += FINISH) {
			v[0] += partial[(i64)i * 2 * channels + c];
			v[1] += partial[((i64)i * 2 + 1) * channels + c];
		}
	}
	over_rows(v);
	if (threadIdx.y || c >= channels) return;
	const double sum = v[0], second = v[1];
	const double scale = norm[c], mean = norm[c + 2 * channels], invstd = norm[c + 3 * channels], slope = second * invstd;
	const double f1 = -scale * invstd * slope / rows;
	dbeta[c] = (float)sum;
	dgamma[c] = (float)slope;
	factors[c] = norm[c];
	factors[c + channels] = (float)f1;
	factors[c + 2 * channels] = (float)(-scale * sum / rows - f1 * mean);
	factors[c + 3 * channels] = norm[c];
	factors[c + 4 * channels] = norm[c + channels];
}

// The first two rows of coefficients, from the moving statistics.
KERNEL finish_infer(const float *gamma, const float *beta, const float *runmean, const float *runvar, float *norm, float eps, int channels) {
	EACH(c, channels) {
		const double scale = gamma[c] / sqrt((double)runvar[c] + eps);
		norm[c] = (float)scale;
		norm[c + channels] = (float)(beta[c] - runmean[c] * scale);
	}
}

// Parts of the sums of dn and of dn*(z-mean), where dn is dy, or if gated dy where 0 < z*scale + shift < 6 and 0 elsewhere.
KERNEL __launch_bounds__(256, 3) gradient_sums(const element *dy, const element *z, const float *norm, float *partial, int gated, i64 rows,
		int channels) {
	__shared__ float room[2][VEC][256];
	const int c = (blockIdx.x * blockDim.x + threadIdx.x) * VEC, thread = threadIdx.y * blockDim.x + threadIdx.x;
	pack sum = {}, second = {};
	if (c < channels) {
		const pack scale = load_factors(norm + c), shift = load_factors(norm + c + channels), mean = load_factors(norm + c + 2 * channels);
#pragma unroll 2
		for (i64 r = (i64)blockIdx.y * blockDim.y + threadIdx.y; r < rows; r += (i64)gridDim.y * blockDim.y) {
			const pack a = to_pack(load_words(dy + r * channels + c)), b = to_pack(load_words(z + r * channels + c));
			UNROLL for (int i = 0; i < VEC; i++) {
				const float normal = b[i] * scale[i] + shift[i], dn = !gated || (normal > 0 && normal < 6) ? a[i] : 0;
				sum[i] += dn;
				second[i] += dn * (b[i] - mean[i]);
			}
		}
	}
	UNROLL for (int i = 0; i < VEC; i++) {
		room[0][i][thread] = sum[i];
		room[1][i][thread] = second[i];
	}
	__syncthreads();
	if (threadIdx.y || c >= channels) return;
	UNROLL for (int which = 0; which < 2; which++)
		UNROLL for (int i = 0; i < VEC; i++) {
			float total = 0;
			for (int y = 0; y < (int)blockDim.y; y++) total += room[which][i][y * blockDim.x + threadIdx.x];
			partial[((i64)blockIdx.y * 2 + which) * channels + c + i] = total;
		}
}

// y = clip(z*scale + shift) + e, without e if it is null. n counts elements.
KERNEL normalise(const element *z, const float *norm, const element *e, element *y, float low, float high, i64 n, int channels) {
	EACH_PACK(i, n) {
		const int c = (int)(i % channels);
		const pack scale = load_factors(norm + c), shift = load_factors(norm + c + channels), v = to_pack(load_words(z + i));
		words beside = {};
		if (e) beside = load_words(e + i);
		const pack other = to_pack(beside);
		pack out;
		UNROLL for (int k = 0; k < VEC; k++) {
			const float normal = v[k] * scale[k] + shift[k], raised = normal < low ? low : normal;
			out[k] = (raised > high ? high : raised) + other[k];
		}
		*(words *)(y + i) = to_words(out);
	}
}
