// update.cu: one step of an optimizer over flat ranges of float32: the rules of backend.Update, by the names used there. Not
// measured on a GPU yet.
//
//   guard           grid (1), block (32)
//   update_*        any grid and block of one dimension; a thread takes 4 elements, the arrays begin on a multiple of 16 bytes
//   lamb_moments    grid (slices, tensors), block (256): partial holds tensors*slices*3 doubles
//   lamb_apply      the same grid and block
#include "common.cuh"

#define THREADS 256

enum { MOMENTUM, NESTEROV, ADAM, LION, RMSPROP, ADAGRAD, BLEND };

struct hyper { float lr, decay, mu, scale, beta, eps, c1, c2, c3, wd; }; // in the order of backend.HyperLR and after
enum { GRAD_SCALE = 3 };                                            // the place of scale

static __device__ __forceinline__ float sign(float v) { return v > 0 ? 1 : v < 0 ? -1 : v; }

// Adam's direction from the new moments.
static __device__ __forceinline__ float direction(const hyper &h, float g, float v, float s) {
	return (h.c1 * v + h.c3 * g) / (sqrtf(h.c2 * s) + h.eps);
}

static __device__ __forceinline__ void moments(const hyper &h, float g, float &v, float &s) {
	v = h.mu * v + (1 - h.mu) * g;
	s = h.beta * s + (1 - h.beta) * g * g;
}

// With a scale of 0, dw may be anything: the step is one that a guard skips.
static __device__ __forceinline__ float gradient(const hyper &h, float dw) { return h.scale == 0 ? 0 : dw * h.scale; }

// Moves one weight.
template <int rule> static __device__ __forceinline__ void step(const hyper &h, float dw, float &w, float &v, float &s) {
	float g = gradient(h, dw);
	if (rule != BLEND) g += h.decay * w;
	switch (rule) {
	case MOMENTUM:
		v = h.mu * v + g;
		w -= h.lr * v;
		break;
	case NESTEROV:
		v = h.mu * v + g;
		w -= h.lr * (g + h.mu * v);
		break;
	case ADAM:
		moments(h, g, v, s);
		w -= h.lr * (direction(h, g, v, s) + h.wd * w);
		break;
	case LION: {
		const float u = sign(h.mu * v + (1 - h.mu) * g);
		v = h.beta * v + (1 - h.beta) * g;
		w -= h.lr * (u + h.wd * w);
		break;
	}
	case RMSPROP:
		s = h.beta * s + (1 - h.beta) * g * g;
		v = h.mu * v + h.lr * g / sqrtf(s + h.eps);
		w -= h.c3 * v;
		break;
	case ADAGRAD:
		v += g * g;
		w -= h.lr * g / (sqrtf(v) + h.eps);
		break;
	case BLEND:
		w = h.mu == 0 ? h.lr * g : h.mu * w + h.lr * g;
		break;
	}
}

enum { SCALE, GOOD, SKIPPED, RUN, NORM }; // of a guard's state, as backend.GuardScale and after
#define ROOM 16                           // numbers in a row of hyper, backend.HyperRoom

static __device__ __forceinline__ bool finite(float v) { return (__float_as_uint(v) & 0x7f800000) != 0x7f800000; }

// The loss scale and the counts after a step.
static __device__ __forceinline__ void count_step(float *state, bool ok, float norm, float clip, int window) {
	const float scale = state[SCALE], good = state[GOOD] + 1;
	if (!ok) {
		state[GOOD] = 0;
		state[SKIPPED] += 1;
		state[RUN] += 1;
		if (window > 0) state[SCALE] = fmaxf(scale / 2, 1);
		return;
	}
	const bool full = window > 0 && good == window;
	state[RUN] = 0;
	state[GOOD] = full ? 0 : good;
	if (full) state[SCALE] = fminf(2 * scale, 4294967296.0f);
	if (clip > 0) state[NORM] = norm;
}

// Decides whether a step counts (backend.Guard): plan is the numbers of `rows` updates for a step that counts, then for one that
// does not. squares is 0 without a limit.
KERNEL guard(const float *is_finite, const float *loss, const float *squares, const float *plan, float *numbers, float *state, int rows,
		int scaled, float clip, int window) {
	const float total = clip > 0 ? *squares : 0, norm = sqrtf(total) / state[SCALE];
	const bool ok = *is_finite != 0 && finite(*loss) && finite(total);
	const float factor = clip > 0 ? clip / fmaxf(norm, clip) / state[SCALE] : 1 / state[SCALE];
	for (int i = threadIdx.x; i < rows * ROOM; i += 32) {
		const float v = plan[ok ? i : rows * ROOM + i];
		numbers[i] = ok && i < scaled * ROOM && i % ROOM == GRAD_SCALE ? v * factor : v;
	}
	__syncthreads(); // everyone has read the state
	if (threadIdx.x == 0) count_step(state, ok, norm, clip, window);
}

// Four floats. Those behind the end are 0, and are not stored.
struct four { float x[4]; };

static __device__ __forceinline__ four load4(const float *p, i64 count) {
	if (count >= 4) {
		const float4 q = *(const float4 *)p;
		return {{q.x, q.y, q.z, q.w}};
	}
	four r = {};
	UNROLL for (int k = 0; k < 4; k++)
		if (k < count) r.x[k] = p[k];
	return r;
}

static __device__ __forceinline__ void store4(float *p, i64 count, const four &v) {
	if (count >= 4) {
		*(float4 *)p = make_float4(v.x[0], v.x[1], v.x[2], v.x[3]);
		return;
	}
	UNROLL for (int k = 0; k < 4; k++)
		if (k < count) p[k] = v.x[k];
}

// A range of weights with `states` moments.
template <int rule, int states> static __device__ __forceinline__ void update(const float *dw, const hyper *numbers, float *w,
		float *v, float *s, i64 n) {
	const hyper h = *numbers;
	for (i64 i = ((i64)blockIdx.x * blockDim.x + threadIdx.x) * 4; i < n; i += (i64)gridDim.x * blockDim.x * 4) {
		const i64 left = n - i;
		const four g = load4(dw + i, left);
		four weight = load4(w + i, left), first = {}, second = {};
		if (states > 0) first = load4(v + i, left);
		if (states > 1) second = load4(s + i, left);
		UNROLL for (int k = 0; k < 4; k++) step<rule>(h, g.x[k], weight.x[k], first.x[k], second.x[k]);
		store4(w + i, left, weight);
		if (states > 0) store4(v + i, left, first);
		if (states > 1) store4(s + i, left, second);
	}
}

#define UPDATE(name, rule, states)                                                                                                  \
	KERNEL name(const float *dw, const hyper *numbers, float *w, float *v, float *s, i64 n) {              \
		update<rule, states>(dw, numbers, w, v, s, n);                                                              \
	}
UPDATE(update_momentum, MOMENTUM, 1)
UPDATE(update_nesterov, NESTEROV, 1)
UPDATE(update_adam, ADAM, 2)
UPDATE(update_lion, LION, 1)
UPDATE(update_rmsprop, RMSPROP, 2)
UPDATE(update_adagrad, ADAGRAD, 1)
UPDATE(update_blend, BLEND, 0)

// Where tensor t begins; ends[t] is where it ends.
static __device__ __forceinline__ i64 tensor_begin(const int *ends, int t) { return t > 0 ? ends[t - 1] : 0; }

// Adds v over the block, in double and a fixed order; the sum is in thread 0.
static __device__ __forceinline__ double block_sum(double v) {
	__shared__ double sums[THREADS];
	__syncthreads();
	sums[threadIdx.x] = v;
	for (unsigned half = THREADS / 2; half > 0; half /= 2) {
		__syncthreads();
		if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
	}
	return sums[0];
}

// First half of Lamb: the moments, and for each slice of each tensor the squares of w, g and z'.
KERNEL lamb_moments(const float *dw, const hyper *numbers, const int *ends, const float *w, float *v, float *s,
		double *partial, int tensors) {
	const hyper h = *numbers;
	for (int t = blockIdx.y; t < tensors; t += gridDim.y) {
		const i64 from = tensor_begin(ends, t), count = ends[t] - from, end = from + part_begin(count, gridDim.x, blockIdx.x + 1);
		double squares[3] = {};
		for (i64 i = from + part_begin(count, gridDim.x, blockIdx.x) + threadIdx.x; i < end; i += THREADS) {
			const float weight = w[i], g = gradient(h, dw[i]) + h.decay * weight;
			float first = v[i], second = s[i];
			moments(h, g, first, second);
			v[i] = first;
			s[i] = second;
			const float z = h.c1 * first / sqrtf(h.c2 * second + h.eps) + h.wd * weight;
			squares[0] += (double)weight * weight;
			squares[1] += (double)g * g;
			squares[2] += (double)z * z;
		}
		for (int q = 0; q < 3; q++) {
			const double sum = block_sum(squares[q]);
			if (threadIdx.x == 0) partial[((i64)t * gridDim.x + blockIdx.x) * 3 + q] = sum;
		}
	}
}

// Second half: w -= lr*r*z with the tensor's rate r, worked out by every block alike.
KERNEL lamb_apply(const hyper *numbers, const int *ends, float *w, const float *v, const float *s,
		const double *partial, int tensors) {
	hyper h = *numbers;
	h.c3 = 0;
	for (int t = blockIdx.y; t < tensors; t += gridDim.y) {
		double squares[3] = {};
		for (int i = 0; i < (int)gridDim.x; i++)
			for (int q = 0; q < 3; q++) squares[q] += partial[((i64)t * gridDim.x + i) * 3 + q];
		float rate = 1;
		if (squares[0] > 0 && squares[1] > 0 && squares[2] > 0) {
			const double ratio = sqrt(squares[0] / squares[2]);
			rate = ratio < 10 ? ratio : 10;
		}
		const i64 from = tensor_begin(ends, t), count = ends[t] - from, end = from + part_begin(count, gridDim.x, blockIdx.x + 1);
		for (i64 i = from + part_begin(count, gridDim.x, blockIdx.x) + threadIdx.x; i < end; i += THREADS)
			w[i] -= h.lr * rate * (direction(h, 0, v[i], s[i]) + h.wd * w[i]);
	}
}
