// fused_infer.cu: convolutions of inference with the batch norm and activation that follow: y = clip(conv(x)*scale + shift) + e,
// where scale and shift are two rows of `norm`, and e is left out if null.
//   product_N  1x1        depthwise_sS_V  3x3 depthwise        first  3x3 of a picture
//   rows.cuh, depthwise.cuh and stem.cuh say how they are launched
// Not measured.
#include "rows.cuh"
#include "stem.cuh"

ROWS_KERNELS(product, PLAIN, CLIPPED, false)

static __device__ __forceinline__ target clipped(element *y, const float *norm, float low, float high, const map &o) {
	return target{y, nullptr, norm, nullptr, low, high, 0, o.c};
}

#define DEPTHWISE(S, V)                                                                                                               \
	KERNEL __launch_bounds__(LARGEST_OF(V), 1) depthwise_s##S##_##V(const element *x, const element *w, element *y, const float *norm,  \
			float low, float high, map o, int strip) {                                                                    \
		depthwise_forward<PLAIN, CLIPPED, S, V>(x, nullptr, w, clipped(y, norm, low, high, o), o, strip);                     \
	}
DEPTHWISE(1, 2)
DEPTHWISE(1, 4)
DEPTHWISE(2, 2)
DEPTHWISE(2, 4)

KERNEL __launch_bounds__(LARGEST_OF(4), 1) first(const element *x, const element *w, element *y, const float *norm, float low, float high, map o,
		int stride) {
	stem_forward<CLIPPED>(x, w, clipped(y, norm, low, high, o), o, stride);
}
