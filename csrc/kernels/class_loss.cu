// class_loss.cu: the losses beside softmax cross-entropy, and their gradients. The formulas stand at backend.ClassLoss. Everything
// between loading and storing is float32, and sums have an order that depends on the sizes alone. Not measured on a GPU yet.
//   grid (rows; of jensen_shannon samples), block: a multiple of 32, at most 1024; a block takes a row of `classes` logits
// Of every kernel: target holds float32, dlogits is scale/divisor times the gradient of loss.
#include "block.cuh"

// backend.AsymmetricPositive and the constants that follow it.
#define POSITIVE 1.0f
#define NEGATIVE 4.0f
#define CLIP 0.05f
#define ASYMMETRIC_EPS 1e-8f
#define ALPHA 12.0f
#define DIVERGENCE_EPS 1e-7f
#define VIEWS 3

#define EACH_CLASS(c) for (int c = threadIdx.x; c < classes; c += blockDim.x)

static __device__ __forceinline__ float smoothed(float target, float smoothing, int classes) {
	return (1 - smoothing) * target + smoothing / classes;
}

// loss = part * sum of max(x, 0) - x*y + log(1+exp(-|x|)); part is 1, or 1/classes
KERNEL binary(const element *logits, const float *target, const float *scale, float *loss, element *dlogits, float smoothing, float divisor,
		float part, int classes) {
	const i64 row = (i64)blockIdx.x * classes;
	const float factor = *scale / divisor * part;
	float sum = 0;
	EACH_CLASS(c) {
		const float x = load(logits + row + c), y = smoothed(target[row + c], smoothing, classes), e = expf(-fabsf(x));
		sum += fmaxf(x, 0) - x * y + log1pf(e);
		store(dlogits + row + c, factor * ((x >= 0 ? 1 : e) / (1 + e) - y));
	}
	sum = block_sum(sum);
	if (threadIdx.x == 0) loss[blockIdx.x] = part * sum;
}

// What a loss is multiplied by where base is 1-u: base^(POSITIVE*t + NEGATIVE*(1-t)), and its derivative by base.
struct focus {
	float w, dw;
};

static __device__ __forceinline__ focus focus_of(float base, float t) {
	if (base <= 0) return {0, 0};
	const float gamma = POSITIVE * t + NEGATIVE * (1 - t), dw = t == 1 ? 1 : t == 0 ? base * base * base : powf(base, gamma - 1);
	return {base * dw, gamma * dw};
}

// smoothing and part do not count.
KERNEL asymmetric_multi(const element *logits, const float *target, const float *scale, float *loss, element *dlogits, float, float divisor,
		float, int classes) {
	const i64 row = (i64)blockIdx.x * classes;
	const float factor = *scale / divisor;
	float sum = 0;
	EACH_CLASS(c) {
		const float x = load(logits + row + c), t = target[row + c];
		const float p = 1 / (1 + expf(-x)), rest = 1 / (1 + expf(x)); // rest is 1-p without cancellation
		const bool counts = rest + CLIP < 1;
		const float q = counts ? rest + CLIP : 1, dq = counts ? -p * rest : 0;
		const float logs = t * logf(fmaxf(p, ASYMMETRIC_EPS)) + (1 - t) * logf(fmaxf(q, ASYMMETRIC_EPS));
		const float dlogs = (1 - t) * dq / q + (p > ASYMMETRIC_EPS ? t * rest : 0);
		const focus f = focus_of(t * rest + (1 - t) * (counts ? p - CLIP : 0), t);
		sum -= logs * f.w;
		store(dlogits + row + c, factor * (logs * f.dw * (p * rest * t + dq * (1 - t)) - dlogs * f.w));
	}
	sum = block_sum(sum);
	if (threadIdx.x == 0) loss[blockIdx.x] = sum;
}

// A row of logits as a softmax.
struct softmax {
	const element *x;
	float top, log_sum; // the largest logit, and the logarithm of the sum of exp(x-top)
	__device__ __forceinline__ float log_p(int c) const { return load(x + c) - top - log_sum; }
};

static __device__ __forceinline__ softmax softmax_of(const element *x, int classes) {
	softmax s = {x, -INFINITE, 0};
	EACH_CLASS(c) s.top = fmaxf(s.top, load(x + c));
	s.top = block_max(s.top);
	float sum = 0;
	EACH_CLASS(c) sum += expf(load(x + c) - s.top);
	s.log_sum = logf(block_sum(sum));
	return s;
}

// The loss of one class of asymmetric_single, and its derivative by log p.
struct single_term {
	float p, loss, d;
};

static __device__ __forceinline__ single_term single_of(float log_p, float t, float y) {
	const float p = expf(log_p);
	const focus f = focus_of(-expm1f(log_p) * t + p * (1 - t), t);
	return {p, -y * log_p * f.w, -y * (f.w + log_p * f.dw * p * (1 - 2 * t))};
}

// part does not count.
KERNEL asymmetric_single(const element *logits, const float *target, const float *scale, float *loss, element *dlogits, float smoothing,
		float divisor, float, int classes) {
	const i64 row = (i64)blockIdx.x * classes;
	const softmax s = softmax_of(logits + row, classes);
	float sum = 0, slope = 0;
	EACH_CLASS(c) {
		const single_term v = single_of(s.log_p(c), target[row + c], smoothed(target[row + c], smoothing, classes));
		sum += v.loss;
		slope += v.d;
	}
	sum = block_sum(sum);
	slope = block_sum(slope);
	if (threadIdx.x == 0) loss[blockIdx.x] = sum;
	const float factor = *scale / divisor;
	EACH_CLASS(c) {
		const single_term v = single_of(s.log_p(c), target[row + c], smoothed(target[row + c], smoothing, classes));
		store(dlogits + row + c, factor * (v.d - v.p * slope));
	}
}

// The logarithms of the views' probabilities of a class, and of their mean m. below is 1 where m is held at the smallest, so that it
// has no gradient.
struct agreement {
	float log_p[VIEWS], log_m, below;
};

static __device__ __forceinline__ agreement agreement_of(const softmax (&s)[VIEWS], int c) {
	agreement a;
	float m = 0;
	UNROLL for (int k = 0; k < VIEWS; k++) {
		a.log_p[k] = s[k].log_p(c);
		m += expf(a.log_p[k]) / VIEWS;
	}
	a.below = m < DIVERGENCE_EPS;
	a.log_m = logf(fmaxf(m, DIVERGENCE_EPS));
	return a;
}

// Rows n, n+samples and n+2*samples are of sample n, whose target is in the first. part is 1, or 1/samples: what the divergence counts.
KERNEL jensen_shannon(const element *logits, const float *target, const float *scale, float *loss, element *dlogits, float smoothing,
		float divisor, float part, int classes) {
	const i64 row = (i64)blockIdx.x * classes, apart = (i64)gridDim.x * classes;
	const float weight = ALPHA / VIEWS * part;
	softmax s[VIEWS];
	UNROLL for (int k = 0; k < VIEWS; k++) s[k] = softmax_of(logits + row + k * apart, classes);
	float sum = 0, mass = 0, slope[VIEWS] = {}; // slope: of p times the derivative by p
	EACH_CLASS(c) {
		const float y = smoothed(target[row + c], smoothing, classes);
		const agreement a = agreement_of(s, c);
		mass += y;
		if (y != 0) sum -= y * a.log_p[0];
		UNROLL for (int k = 0; k < VIEWS; k++) {
			const float p = expf(a.log_p[k]), d = a.log_p[k] - a.log_m;
			sum += weight * p * d;
			slope[k] += weight * p * (d + a.below);
		}
	}
	sum = block_sum(sum);
	mass = block_sum(mass);
	UNROLL for (int k = 0; k < VIEWS; k++) slope[k] = block_sum(slope[k]);
	if (threadIdx.x < VIEWS) loss[blockIdx.x + threadIdx.x * (i64)gridDim.x] = threadIdx.x ? 0 : sum;
	const float factor = *scale / divisor;
	EACH_CLASS(c) {
		const float y = smoothed(target[row + c], smoothing, classes);
		const agreement a = agreement_of(s, c);
		UNROLL for (int k = 0; k < VIEWS; k++) {
			const float p = expf(a.log_p[k]), d = p * (weight * (a.log_p[k] - a.log_m + a.below) - slope[k]);
			store(dlogits + row + k * apart + c, factor * (k ? d : d + p * mass - y));
		}
	}
}
