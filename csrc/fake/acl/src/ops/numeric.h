// Reading and writing tensors as numbers. Kernels compute in double and round once
// into the tensor's type; a saturating stream turns infinities into the largest
// number and NaN into 0, and raises the overflow status (ascend.md 1.5).
#ifndef NUMERIC_H
#define NUMERIC_H

#include "../nnop/plan.h"

// A view as a dense array in row-major order. The caller frees it.
double *nm_load(const struct fk_view *v);
float *nm_loadf(const struct fk_view *v);
// The same, broadcast to the shape of another view (aligned at the last dimension).
double *nm_load_as(const struct fk_view *v, const struct fk_view *shape);
// Rounds a dense array into a view.
void nm_store(const struct fk_view *v, const double *x);

double nm_round(int dtype, double x);    // to the nearest value of the type, ties to even
void nm_round_all(float *x, int64_t n, int dtype);
double nm_noise(const struct fk_run *run, double x); // last-bit noise of non-deterministic operators

// Type promotion as in PyTorch (ascend.md 3.2); -1 if there is none.
int nm_promote(int a, int b);
bool nm_is_float(int dtype);
bool nm_castable(int from, int to); // floats do not go into integers, nothing but bool into bool
// The broadcast of two shapes into out (dims, rank); false if there is none.
bool nm_broadcast(const struct fk_view *a, const struct fk_view *b, struct fk_view *out);

// How a matrix unit computes for a cubeMathType (ascend.md 3.3).
enum nm_cube { CUBE_EXACT, CUBE_HF32, CUBE_FP16 };
enum nm_cube nm_cube_mode(struct fk_op *op, int dtype, int cube_math_type);
void nm_cube_round(float *x, int64_t n, enum nm_cube mode);

#endif
