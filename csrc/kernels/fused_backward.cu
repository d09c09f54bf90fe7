// fused_backward.cu: gradients of convolutions between batch norms. What comes in, a and z, is the gradient of a norm's output and
// what the norm took in; the gradient of z is made of them on the way (factors, five rows, see finish_backward), after a ReLU6 with
// its gate. What goes out is the gradient of the convolution's input, or, where that is relu6(bn(e)), the gradient dn of that norm's
// output, with parts of the sums that its own gradient needs.
//   1x1            gradient of the input         of the filter (x)                    of the filter (x = relu6(bn(b)))
//   after a norm   product_grad_input_N          product_grad_weight_MxN              product_activated_grad_weight_MxN
//   with a ReLU6   product_gated_grad_input_N    product_gated_grad_weight_MxN
//   masked         product_masked_grad_input_N: dn where 0 < e*scale + shift < 6
//   both           product_both_T: gradient of the input, + e, and parts of dw, [blocks][k][n], with at most 32*T channels of y and 32
//                  of x; f16 and bf16 only (both.cuh)
//   3x3 depthwise, both gradients in one, parts of dw being [blocks][c][9]
//   depthwise_grad_sS, depthwise_gated_grad_sS: dx + e, without e if null; depthwise_masked_grad_sS: x = relu6(bn(x)), and dn
//   first_grad_weight, first_gated_grad_weight: 3x3 of a picture, parts of dw
//   rows.cuh, columns.cuh, depthwise.cuh and stem.cuh say how they are launched
// Not measured.
#define LARGE_BLOCKS 1
#include "both.cuh"
#include "columns.cuh"
#include "slices.cuh"
#include "stem.cuh"

ROWS_KERNELS(product_grad_input, GRADIENT, STORED, true)
ROWS_KERNELS(product_gated_grad_input, GATED, STORED, true)
ROWS_KERNEL(product_masked_grad_input, GRADIENT, MASKED, true, 32)
ROWS_KERNEL(product_masked_grad_input, GRADIENT, MASKED, true, 64)
COLUMNS_KERNELS(product_grad_weight, GRADIENT, PLAIN)
COLUMNS_KERNELS(product_gated_grad_weight, GATED, PLAIN)
COLUMNS_KERNELS(product_activated_grad_weight, GRADIENT, ACTIVATED)

#if TYPE != F32
#define BOTH(TURNS)                                                                                                                       \
	KERNEL __launch_bounds__(THREADS, 1) product_both_##TURNS(const element *a, const element *z, const float *factors, \
			const element *w, const element *x, element *dx, const element *e, float *dw, int rows, int wide, int narrow) {       \
		product_of_both<TURNS>(source{a, z, factors, rows, wide}, w, x, dw, target{dx, e, nullptr, nullptr, 0, 0, rows, narrow}); \
	}
BOTH(4)
BOTH(6)
#endif

#define DEPTHWISE(NAME, KIND, FROM, END, S)                                                                                            \
	KERNEL __launch_bounds__(LARGEST_OF(2), 1) NAME##_s##S(const element *a, const element *z, const float *factors,               \
			const element *x, const float *norm, const element *w, element *dx, const element *e, float *partial, float *dw, \
			map o, int strip) {                                                                                            \
		depthwise_backward<KIND, FROM, END, S, 2, true, true>(source{a, z, factors, 0, o.c}, x, norm, w,                       \
			target{dx, e, norm, partial, 0, 0, 0, o.c}, dw, o, strip);                                                     \
	}
#define DEPTHWISES(NAME, KIND, FROM, END)      \
	DEPTHWISE(NAME, KIND, FROM, END, 1) \
	DEPTHWISE(NAME, KIND, FROM, END, 2)
DEPTHWISES(depthwise_grad, GRADIENT, PLAIN, STORED)
DEPTHWISES(depthwise_gated_grad, GATED, PLAIN, STORED)
DEPTHWISES(depthwise_masked_grad, GRADIENT, ACTIVATED, MASKED)

#define FIRST(NAME, KIND)                                                                                                            \
	KERNEL __launch_bounds__(THREADS, 2) NAME(const element *a, const element *z, const float *factors, const element *x, float *dw, \
			map o, int stride) {                                                                                         \
		stem_backward<KIND>(x, source{a, z, factors, 0, o.c}, dw, o, stride);                                                \
	}
FIRST(first_grad_weight, GRADIENT)
FIRST(first_gated_grad_weight, GATED)

KERNEL sum_slices(const float *partial, float *out, int slices, i64 n) { add_slices(partial, out, slices, n); }
