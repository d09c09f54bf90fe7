// loss.cu: softmax cross-entropy with label smoothing, of labels or of soft targets, and its gradient. The formulas stand at
// backend.SoftmaxCrossEntropy. Everything between loading and storing is float32. Not measured on a GPU yet.
//   grid (images), block: a multiple of 32, at most 1024; a block takes one row of `classes` logits
#include "block.cuh"

// What a row is compared with: a label, or `soft` probabilities; both smoothed.
struct target {
	const float *soft;
	int label;
	float keep, spread; // 1-smoothing, smoothing/classes
};

static __device__ __forceinline__ float probability(const target &t, int c) {
	const float p = t.soft ? t.soft[c] : c == t.label ? 1.0f : 0.0f;
	return t.keep * p + t.spread;
}

// Writes 0 to the row of an image that is padding.
static __device__ __forceinline__ void clear_row(float *loss, element *dlogits, int classes) {
	if (threadIdx.x == 0) *loss = 0;
	if (dlogits)
		for (int c = threadIdx.x; c < classes; c += blockDim.x) store(dlogits + c, 0);
}

// loss[n] = -sum of t*log softmax(logits[n]), and dlogits[n] = scale/divisor * (softmax*sum(t) - t) unless dlogits is 0.
// Either labels or soft is 0. A label below 0 is padding: loss and gradient are 0. A label that is no class gives NaN.
KERNEL cross_entropy(const element *logits, const int *labels, const float *soft, const float *scale, float *loss, element *dlogits,
		float smoothing, float divisor, int classes) {
	const i64 n = blockIdx.x;
	logits += n * classes;
	loss += n;
	if (dlogits) dlogits += n * classes;
	const target t = {soft ? soft + n * classes : 0, soft ? 0 : labels[n], 1 - smoothing, smoothing / classes};
	if (t.label < 0) {
		clear_row(loss, dlogits, classes);
		return;
	}
	const bool whole = classes % VEC == 0;
	float top = -INFINITE;
	for (int c = threadIdx.x * VEC; c < classes; c += blockDim.x * VEC) {
		const pack v = load_pack(logits + c, whole, classes - c);
		UNROLL for (int k = 0; k < VEC; k++)
			if (c + k < classes) top = fmaxf(top, v[k]);
	}
	top = block_max(top);

	float sum = 0, mass = 0, cost = 0; // of exp(z-top), of t, of t*(top-z)
	for (int c = threadIdx.x * VEC; c < classes; c += blockDim.x * VEC) {
		const pack v = load_pack(logits + c, whole, classes - c);
		UNROLL for (int k = 0; k < VEC; k++) {
			if (c + k >= classes) continue;
			const float p = probability(t, c + k);
			sum += expf(v[k] - top);
			mass += p;
			if (p != 0) cost += p * (top - v[k]);
		}
	}
	sum = block_sum(sum);
	mass = block_sum(mass);
	cost = block_sum(cost);
	if (t.label >= classes) cost = __int_as_float(0x7fc00000);
	if (threadIdx.x == 0) *loss = cost + mass * logf(sum);
	if (!dlogits) return;

	const float factor = *scale / divisor, share = mass / sum;
	for (int c = threadIdx.x * VEC; c < classes; c += blockDim.x * VEC) {
		pack v = load_pack(logits + c, whole, classes - c);
		UNROLL for (int k = 0; k < VEC; k++)
			if (c + k < classes) v[k] = factor * (expf(v[k] - top) * share - probability(t, c + k));
		store_pack(dlogits + c, whole, classes - c, v);
	}
}
