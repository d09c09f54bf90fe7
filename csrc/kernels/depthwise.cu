// depthwise.cu: the depthwise 3x3 convolution with padding 1, stride S of 1 or 2, V of 4 or 2 channels for each thread; NHWC
// activations, [c][3][3] filter. Channels are a multiple of V. Sums are float32.
//   depthwise_sS_V              y from x and w
//   depthwise_grad_input_sS_V   dx from dy and w
//   depthwise_grad_weight_sS_V  parts of dw, [blocks][c][9], from x and dy
//   depthwise.cuh says how: any grid whose y divides c/V; block (columns * c/V / grid.y), at most LARGEST_OF(V) threads; strips of `strip` rows of the output
// Not measured.
#include "depthwise.cuh"
#include "slices.cuh"

static __device__ __forceinline__ target only(element *y, const map &o) { return target{y, nullptr, nullptr, nullptr, 0, 0, 0, o.c}; }

#define DEPTHWISE(S, V)                                                                                                                   \
	KERNEL __launch_bounds__(LARGEST_OF(V), 1) depthwise_s##S##_##V(const element *x, const element *w, element *y, map o, int strip) {     \
		depthwise_forward<PLAIN, STORED, S, V>(x, nullptr, w, only(y, o), o, strip);                                              \
	}                                                                                                                                 \
	KERNEL __launch_bounds__(LARGEST_OF(V), 1) depthwise_grad_input_s##S##_##V(const element *w, const element *dy, element *dx, map o,     \
			int strip) {                                                                                                      \
		depthwise_backward<PLAIN, PLAIN, STORED, S, V, true, false>(source{dy, nullptr, nullptr, 0, o.c}, nullptr, nullptr, w,    \
			only(dx, o), nullptr, o, strip);                                                                                  \
	}                                                                                                                                 \
	KERNEL __launch_bounds__(LARGEST_OF(V), 1) depthwise_grad_weight_s##S##_##V(const element *x, const element *dy, float *dw, map o,      \
			int strip) {                                                                                                      \
		depthwise_backward<PLAIN, PLAIN, STORED, S, V, false, true>(source{dy, nullptr, nullptr, 0, o.c}, x, nullptr, nullptr,    \
			only(nullptr, o), dw, o, strip);                                                                                  \
	}
DEPTHWISE(1, 2)
DEPTHWISE(1, 4)
DEPTHWISE(2, 2)
DEPTHWISE(2, 4)

KERNEL sum_slices(const float *partial, float *out, int slices, i64 n) { add_slices(partial, out, slices, n); }
