// fused_forward.cu: convolutions of training that take what the batch norm before them still has to normalise, and measure what the
// one after them needs: z = conv(x) or conv(relu6(bn(x))), with parts of the moments of z.
//   product_N            1x1 of x                depthwise_sS_V            3x3 depthwise of x              first  3x3 of a picture
//   product_activated_N  1x1 of relu6(bn(x))     depthwise_activated_sS_V  3x3 depthwise of relu6(bn(x))
//   rows.cuh, depthwise.cuh and stem.cuh say how they are launched; each block writes one part
// Not measured.
#define LARGE_BLOCKS 1
#include "rows.cuh"
#include "stem.cuh"

ROWS_KERNELS(product, PLAIN, MEASURED, false)
ROWS_KERNELS(product_activated, ACTIVATED, MEASURED, false)

static __device__ __forceinline__ target measured(element *z, float *partial, const map &o) {
	return target{z, nullptr, nullptr, partial, 0, 0, 0, o.c};
}

#define DEPTHWISE(NAME, KIND, S, V)                                                                                                    \
	KERNEL __launch_bounds__(LARGEST_OF(V), 1) NAME##_s##S##_##V(const element *x, const float *norm, const element *w, element *z,      \
			float *partial, map o, int strip) {                                                                            \
		depthwise_forward<KIND, MEASURED, S, V>(x, norm, w, measured(z, partial, o), o, strip);                                \
	}
#define DEPTHWISES(NAME, KIND)      \
	DEPTHWISE(NAME, KIND, 1, 2) \
	DEPTHWISE(NAME, KIND, 1, 4) \
	DEPTHWISE(NAME, KIND, 2, 2) \
	DEPTHWISE(NAME, KIND, 2, 4)
DEPTHWISES(depthwise, PLAIN)
DEPTHWISES(depthwise_activated, ACTIVATED)

KERNEL __launch_bounds__(LARGEST_OF(4), 1) first(const element *x, const element *w, element *z, float *partial, map o, int stride) {
	stem_forward<MEASURED>(x, w, measured(z, partial, o), o, stride);
}
