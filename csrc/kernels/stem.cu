// stem.cu: the first convolution of the network, 3x3 with padding 1 on three channels, to a multiple of 4 and at most 64; NHWC
// activations, OIHW filter. Sums are float32.
//   stem              y from x and w: any grid, block (pixels * channels/4), at most 384 threads
//   stem_grad_weight  parts of dw, [blocks][k][27], from x and dy: any grid, block (256)
// map.c is the count of output channels. Not measured.
#include "slices.cuh"
#include "stem.cuh"

KERNEL __launch_bounds__(LARGEST_OF(4), 1) stem(const element *x, const element *w, element *y, map o, int stride) {
	stem_forward<STORED>(x, w, target{y, nullptr, nullptr, nullptr, 0, 0, 0, o.c}, o, stride);
}

KERNEL __launch_bounds__(THREADS, 2) stem_grad_weight(const element *x, const element *dy, float *dw, map o, int stride) {
	stem_backward<PLAIN>(x, source{dy, nullptr, nullptr, 0, o.c}, dw, o, stride);
}

KERNEL sum_slices(const float *partial, float *out, int slices, i64 n) { add_slices(partial, out, slices, n); }
