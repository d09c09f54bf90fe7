// norm.cu: batch normalisation of NHWC activations, that is of `rows` = N*H*W rows of `channels` elements. The formulas, and
// what is kept for the gradients, stand at backend.BatchNorm. Parameters and statistics are float32. Not measured on a GPU yet.
//
// A thread looks at a pack of VEC neighbouring channels. Kernels that read activations want
//   block (x, y)  x*VEC channels side by side, y rows at once; x*y at most 256
//   grid  (channels/(x*VEC) rounded up, slices)  each slice has a part of the rows
// Sums run in two stages of fixed order, without atomics, so that the same launch gives the same bits always: a block adds its
// slice and writes it to partial, slices*2*channels floats; then norm_statistics or norm_parameter_gradients, with blocks of
// (32, FINISH) and a grid of channels/32 rounded up, add the slices in double.
//
// The gradient kernels take beta where a relu6 follows the normalisation, and 0 where none does. dy is then the gradient of the
// relu6's output, and the relu6's mask is worked out again from x, rounded as the output was when it was stored.
#include "common.cuh"

#define THREADS 256 // the most threads of a block
#define FINISH 16   // threads that share the slices of a channel

// The channels of a thread: the first one, how many of them there are, and whether they can be moved as a pack.
struct columns {
	int c, count;
	bool whole;
};

static __device__ __forceinline__ columns my_columns(int channels) {
	const int c = (blockIdx.x * blockDim.x + threadIdx.x) * VEC;
	return {c, channels - c, channels % VEC == 0};
}

// Walks the rows of this block's slice. r is the thread's row.
#define EACH_ROW(r, rows)                                                                                          \
	for (i64 r = part_begin(rows, gridDim.y, blockIdx.y) + threadIdx.y, r##_end = part_begin(rows, gridDim.y, blockIdx.y + 1); \
		r < r##_end; r += blockDim.y)

// Adds a and b over the rows of the block. The sums end in the threads with y = 0. All threads of the block take part.
static __device__ __forceinline__ void add_rows(pack &a, pack &b) {
	__shared__ float sums[2][VEC][THREADS];
	const int t = threadIdx.y * blockDim.x + threadIdx.x;
	UNROLL for (int k = 0; k < VEC; k++) sums[0][k][t] = a[k], sums[1][k][t] = b[k];
	unsigned half = 1;
	while (half < blockDim.y) half *= 2;
	while ((half /= 2) > 0) {
		__syncthreads();
		if (threadIdx.y < half && threadIdx.y + half < blockDim.y)
			UNROLL for (int k = 0; k < VEC; k++)
				UNROLL for (int q = 0; q < 2; q++) sums[q][k][t] += sums[q][k][t + half * blockDim.x];
	}
	UNROLL for (int k = 0; k < VEC; k++) a[k] = sums[0][k][t], b[k] = sums[1][k][t];
}

// Adds v over the FINISH threads of a channel, in order. All of them get the sum.
static __device__ __forceinline__ double add_finish(double v) {
	__shared__ double sums[FINISH][32];
	__syncthreads();
	sums[threadIdx.y][threadIdx.x] = v;
	__syncthreads();
	double total = 0;
	for (int i = 0; i < FINISH; i++) total += sums[i][threadIdx.x];
	return total;
}

// Where slice s keeps number q of channel c.
static __device__ __forceinline__ i64 slot(int s, int q, int c, int channels) { return ((i64)s * 2 + q) * channels + c; }

// Stage 1 of the statistics: for every slice, mean and sum of squared differences from it. The sums are those of x - shift with
// the slice's first row as the shift, near enough to the mean that the difference of squares loses few bits (Chan, Golub and
// LeVeque 1983).
KERNEL norm_sums(const element *x, float *partial, i64 rows, int channels) {
	const columns me = my_columns(channels);
	const i64 first = part_begin(rows, gridDim.y, blockIdx.y), count = part_begin(rows, gridDim.y, blockIdx.y + 1) - first;
	pack shift = {}, sum = {}, squares = {};
	if (me.count > 0 && count > 0) {
		shift = load_pack(x + first * channels + me.c, me.whole, me.count);
		UNROLL for (int k = 0; k < VEC; k++)
			if (!(fabsf(shift[k]) < 3e38f)) shift[k] = 0; // the mean of infinities is infinite, not NaN
		EACH_ROW(r, rows) {
			const pack v = load_pack(x + r * channels + me.c, me.whole, me.count);
			UNROLL for (int k = 0; k < VEC; k++) {
				const float d = v[k] - shift[k];
				sum[k] += d;
				squares[k] += d * d;
			}
		}
	}
	add_rows(sum, squares);
	if (threadIdx.y > 0 || count == 0) return;
	UNROLL for (int k = 0; k < VEC; k++)
		if (k < me.count) {
			const double d = (double)sum[k] / count, rest = squares[k] - (double)sum[k] * d;
			partial[slot(blockIdx.y, 0, me.c + k, channels)] = shift[k] + d;
			partial[slot(blockIdx.y, 1, me.c + k, channels)] = rest < 0 ? 0 : rest; // by rounding alone; NaN stays
		}
}

// Stage 2: mean, invstd = 1/sqrt(var+eps), and the moving statistics, whose variance is the unbiased one.
KERNEL norm_statistics(const float *partial, float *runmean, float *runvar, float *mean, float *invstd, float eps, float momentum,
		i64 rows, int channels, int slices) {
	const int c = blockIdx.x * 32 + threadIdx.x;
	const bool mine = c < channels;
	double sum = 0, squares = 0;
	for (int s = threadIdx.y; mine && s < slices; s += FINISH) {
		const i64 count = part_begin(rows, slices, s + 1) - part_begin(rows, slices, s);
		if (count > 0) sum += (double)count * partial[slot(s, 0, c, channels)];
	}
	const double m = add_finish(sum) / rows;
	for (int s = threadIdx.y; mine && s < slices; s += FINISH) {
		const i64 count = part_begin(rows, slices, s + 1) - part_begin(rows, slices, s);
		if (count == 0) continue;
		const double d = partial[slot(s, 0, c, channels)] - m;
		squares += partial[slot(s, 1, c, channels)] + count * (d * d);
	}
	const double var = add_finish(squares) / rows;
	if (!mine || threadIdx.y > 0) return;
	const double unbiased = rows > 1 ? var * rows / (rows - 1) : var;
	mean[c] = m;
	invstd[c] = 1 / sqrt(var + eps);
	runmean[c] = (1 - (double)momentum) * runmean[c] + momentum * m;
	runvar[c] = (1 - (double)momentum) * runvar[c] + momentum * unbiased;
}

// The normalised value before an activation. The gradients repeat it bit by bit, so nothing is left to the compiler.
static __device__ __forceinline__ float normalised(float x, float mean, float scale, float beta) {
	return __fmaf_rn(__fsub_rn(x, mean), scale, beta);
}

// y = scale*(x-mean) + beta for the rows of a block, with act cut to 0..6.
static __device__ __forceinline__ void normalise(const element *x, element *y, const columns &me, const pack &mean, const pack &scale,
		const pack &beta, int act, i64 rows, int channels) {
	EACH_ROW(r, rows) {
		const i64 at = r * channels + me.c;
		pack v = load_pack(x + at, me.whole, me.count);
		UNROLL for (int k = 0; k < VEC; k++) {
			v[k] = normalised(v[k], mean[k], scale[k], beta[k]);
			if (act) v[k] = relu6(v[k]);
		}
		store_pack(y + at, me.whole, me.count, v);
	}
}

// y = gamma*invstd*(x-mean) + beta, with act cut to 0..6 (NaN stays). y may be x.
KERNEL norm_forward(const element *x, const float *gamma, const float *beta, const float *mean, const float *invstd, element *y,
		int act, i64 rows, int channels) {
	const columns me = my_columns(channels);
	if (me.count <= 0) return;
	pack scale = load_floats(gamma + me.c, me.count);
	const pack inverse = load_floats(invstd + me.c, me.count);
	UNROLL for (int k = 0; k < VEC; k++) scale[k] = __fmul_rn(scale[k], inverse[k]);
	normalise(x, y, me, load_floats(mean + me.c, me.count), scale, load_floats(beta + me.c, me.count), act, rows, channels);
}

// y = gamma*(x-runmean)/sqrt(runvar+eps) + beta, with act cut to 0..6 (NaN stays). y may be x.
KERNEL norm_infer(const element *x, const float *gamma, const float *beta, const float *runmean, const float *runvar, element *y,
		float eps, int act, i64 rows, int channels) {
	const columns me = my_columns(channels);
	if (me.count <= 0) return;
	pack scale = load_floats(gamma + me.c, me.count);
	const pack var = load_floats(runvar + me.c, me.count);
	UNROLL for (int k = 0; k < VEC; k++) scale[k] = scale[k] / sqrtf(var[k] + eps);
	normalise(x, y, me, load_floats(runmean + me.c, me.count), scale, load_floats(beta + me.c, me.count), act, rows, channels);
}

// What a thread knows of its channels on the way back.
struct backward_columns {
	pack mean, invstd, scale, beta;
	bool act;
};

static __device__ __forceinline__ backward_columns load_columns(const columns &me, const float *gamma, const float *beta,
		const float *mean, const float *invstd) {
	backward_columns b = {load_floats(mean + me.c, me.count), load_floats(invstd + me.c, me.count), load_floats(gamma + me.c, me.count),
		{}, beta != 0};
	if (b.act) b.beta = load_floats(beta + me.c, me.count);
	UNROLL for (int k = 0; k < VEC; k++) b.scale[k] = __fmul_rn(b.scale[k], b.invstd[k]);
	return b;
}

// Takes out of dy what the relu6 does not let through.
static __device__ __forceinline__ void mask(pack &dy, const pack &x, const backward_columns &b) {
	if (!b.act) return;
	UNROLL for (int k = 0; k < VEC; k++) {
		const float y = to_float(from_float(normalised(x[k], b.mean[k], b.scale[k], b.beta[k])));
		dy[k] = y > 0 && y < 6 ? dy[k] : 0;
	}
}

// Stage 1 of the gradients: sums of dy and of dy*xhat, xhat = (x-mean)*invstd.
KERNEL norm_gradient_sums(const element *x, const element *dy, const float *gamma, const float *beta, const float *mean,
		const float *invstd, float *partial, i64 rows, int channels) {
	const columns me = my_columns(channels);
	pack shift = {}, scale = {};
	if (me.count > 0) {
		const backward_columns b = load_columns(me, gamma, beta, mean, invstd);
		EACH_ROW(r, rows) {
			const i64 at = r * channels + me.c;
			const pack v = load_pack(x + at, me.whole, me.count);
			pack d = load_pack(dy + at, me.whole, me.count);
			mask(d, v, b);
			UNROLL for (int k = 0; k < VEC; k++) {
				shift[k] += d[k];
				scale[k] += d[k] * ((v[k] - b.mean[k]) * b.invstd[k]);
			}
		}
	}
	add_rows(shift, scale);
	if (threadIdx.y > 0) return;
	UNROLL for (int k = 0; k < VEC; k++)
		if (k < me.count) {
			partial[slot(blockIdx.y, 0, me.c + k, channels)] = shift[k];
			partial[slot(blockIdx.y, 1, me.c + k, channels)] = scale[k];
		}
}

// Stage 2: dbeta = sum(dy), dgamma = sum(dy*xhat).
KERNEL norm_parameter_gradients(const float *partial, float *dgamma, float *dbeta, int channels, int slices) {
	const int c = blockIdx.x * 32 + threadIdx.x;
	double shift = 0, scale = 0;
	for (int s = threadIdx.y; c < channels && s < slices; s += FINISH) {
		shift += partial[slot(s, 0, c, channels)];
		scale += partial[slot(s, 1, c, channels)];
	}
	shift = add_finish(shift);
	scale = add_finish(scale);
	if (c >= channels || threadIdx.y > 0) return;
	dbeta[c] = shift;
	dgamma[c] = scale;
}

// dx = gamma*invstd*(dy - dbeta/rows - xhat*dgamma/rows). dx may be dy.
KERNEL norm_backward(const element *x, const element *dy, const float *gamma, const float *beta, const float *mean,
		const float *invstd, const float *dgamma, const float *dbeta, element *dx, i64 rows, int channels) {
	const columns me = my_columns(channels);
	if (me.count <= 0) return;
	const backward_columns b = load_columns(me, gamma, beta, mean, invstd);
	pack shift = load_floats(dbeta + me.c, me.count), slope = load_floats(dgamma + me.c, me.count);
	UNROLL for (int k = 0; k < VEC; k++) {
		shift[k] = shift[k] / rows;
		slope[k] = slope[k] / rows * b.invstd[k];
	}
	EACH_ROW(r, rows) {
		const i64 at = r * channels + me.c;
		const pack v = load_pack(x + at, me.whole, me.count);
		pack d = load_pack(dy + at, me.whole, me.count);
		mask(d, v, b);
		UNROLL for (int k = 0; k < VEC; k++) d[k] = b.scale[k] * (d[k] - shift[k] - (v[k] - b.mean[k]) * slope[k]);
		store_pack(dx + at, me.whole, me.count, d);
	}
}
