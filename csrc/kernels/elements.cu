// elements.cu: operations that look at each element alone. n counts elements; layouts do not matter, since NHWC has no padding.
// Any count works; no alignment is needed. The only rounding besides float32's is that of storing. Not measured yet.
#include "common.cuh"

// y = value
KERNEL fill(element *y, float value, i64 n) {
	EACH(i, n) store(y + i, value);
}

// y = a*x + b*y; with b = 0 what y held, NaN included, does not matter
KERNEL add(const element *x, element *y, float a, float b, i64 n) {
	EACH(i, n) {
		float v = a * load(x + i);
		if (b != 0) v += b * load(y + i);
		store(y + i, v);
	}
}

// y = min(max(x, 0), 6); NaN stays. y may be x.
KERNEL relu6_forward(const element *x, element *y, i64 n) {
	EACH(i, n) {
		float v = load(x + i);
		v = v < 0 ? 0 : v;
		store(y + i, v > 6 ? 6 : v);
	}
}

// dx = dy where 0 < y < 6, else 0. dx may be dy.
KERNEL relu6_backward(const element *dy, const element *y, element *dx, i64 n) {
	EACH(i, n) {
		float v = load(y + i);
		store(dx + i, v > 0 && v < 6 ? load(dy + i) : 0.0f);
	}
}

// y = x*scale where mask is not 0, else 0. y may be x.
KERNEL dropout(const element *x, const u8 *mask, element *y, float scale, i64 n) {
	EACH(i, n) store(y + i, mask[i] ? load(x + i) * scale : 0.0f);
}

// One step of SGD on float32 parameters; hyper holds lr, weight decay, momentum and gradient scale.
//   g = dw*scale + decay*w; v = mu*v + g; w -= lr*v, or with nesterov w -= lr*(g + mu*v)
KERNEL update(const float *dw, const float *hyper, float *w, float *v, int nesterov, i64 n) {
	const float lr = hyper[0], decay = hyper[1], mu = hyper[2], scale = hyper[3];
	EACH(i, n) {
		const float g = dw[i] * scale + decay * w[i];
		const float velocity = mu * v[i] + g;
		v[i] = velocity;
		w[i] -= lr * (nesterov ? g + mu * velocity : velocity);
	}
}
