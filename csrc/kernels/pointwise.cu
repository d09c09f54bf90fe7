// pointwise.cu: the 1x1 convolution as products of matrices; NHWC activations are matrices of pixels x channels. Channels are
// multiples of VEC (8, or 4 in float32). Tensor cores for f16 and bf16, multiply-adds for f32; float32 sums always.
//   pointwise_N             y[m][n] = sum over k of a[m][k]*b[n][k] + parameters[n], forward: a = x, b = w, parameters the bias or null
//   pointwise_grad_input_N  the same with b[k][n]: a = dy, b = w
//   rows.cuh says how: grid (persistent blocks, columns/N rounded up), block (256), dynamic shared memory as there
// Not measured.
#include "columns.cuh"
#include "rows.cuh"
#include "slices.cuh"

ROWS_KERNELS(pointwise, PLAIN, STORED, false)
ROWS_KERNELS(pointwise_grad_input, PLAIN, STORED, true)

//   pointwise_grad_weight_MxN  out[slice][m][n] = sum over the slice's rows r of a[r][m]*b[r][n]: a = dy, b = x
//   columns.cuh says how: grid (n/N rounded up, m/M rounded up, slices), block (256), dynamic shared memory as there
COLUMNS_KERNELS(pointwise_grad_weight, PLAIN, PLAIN)

KERNEL sum_slices(const float *partial, float *out, int slices, i64 n) { add_slices(partial, out, slices, n); }
