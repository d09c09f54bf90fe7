// elements.cu: operations that look at each element alone. n counts elements; layouts do not matter, since NHWC has no padding.
//
// Any grid and block of one dimension; the arrays begin on a multiple of 16 bytes, so that whole packs are read at once. Any
// count works. The only rounding besides float32's is that of storing. Not measured on a GPU yet.
#include "common.cuh"

// y = value
KERNEL fill(element *y, float value, i64 n) {
	pack v;
	UNROLL for (int k = 0; k < VEC; k++) v[k] = value;
	EACH_PACK(i, n) store_pack(y + i, i + VEC <= n, n - i, v);
}

// y = a*x + b*y; with b = 0 what y held, NaN included, does not matter
KERNEL add(const element *x, element *y, float a, float b, i64 n) {
	EACH_PACK(i, n) {
		const bool whole = i + VEC <= n;
		pack v = load_pack(x + i, whole, n - i);
		UNROLL for (int k = 0; k < VEC; k++) v[k] *= a;
		if (b != 0) {
			const pack old = load_pack(y + i, whole, n - i);
			UNROLL for (int k = 0; k < VEC; k++) v[k] += b * old[k];
		}
		store_pack(y + i, whole, n - i, v);
	}
}

// y = min(max(x, 0), 6); NaN stays. y may be x.
KERNEL relu6_forward(const element *x, element *y, i64 n) {
	EACH_PACK(i, n) {
		const bool whole = i + VEC <= n;
		pack v = load_pack(x + i, whole, n - i);
		UNROLL for (int k = 0; k < VEC; k++) v[k] = relu6(v[k]);
		store_pack(y + i, whole, n - i, v);
	}
}

// dx = dy where 0 < y < 6, else 0. dx may be dy.
KERNEL relu6_backward(const element *dy, const element *y, element *dx, i64 n) {
	EACH_PACK(i, n) {
		const bool whole = i + VEC <= n;
		const pack v = load_pack(y + i, whole, n - i);
		pack d = load_pack(dy + i, whole, n - i);
		UNROLL for (int k = 0; k < VEC; k++) d[k] = v[k] > 0 && v[k] < 6 ? d[k] : 0;
		store_pack(dx + i, whole, n - i, d);
	}
}

// y = x*scale where mask is not 0, else 0. y may be x.
KERNEL dropout(const element *x, const u8 *mask, element *y, float scale, i64 n) {
	EACH(i, n) store(y + i, mask[i] ? load(x + i) * scale : 0.0f);
}

// y[n] = x[n]*scale where mask[n] is not 0, else 0; n counts images of `size` elements. Grid (any, any). y may be x.
KERNEL drop_path(const element *x, const u8 *mask, element *y, float scale, i64 size, int images) {
	for (int n = blockIdx.y; n < images; n += gridDim.y) {
		const i64 begin = n * size;
		EACH_PACK(i, size) {
			const bool whole = size % VEC == 0;
			pack v = {};
			if (mask[n]) v = load_pack(x + begin + i, whole, size - i);
			UNROLL for (int k = 0; k < VEC; k++) v[k] *= scale;
			store_pack(y + begin + i, whole, size - i, v);
		}
	}
}
