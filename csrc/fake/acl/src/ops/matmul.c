// Mm, Addmm, BatchMatMul: [nn] matmul/{mat_mul_v3,batch_mat_mul_v3}/op_host/op_api and
// their unit tests; cubeMathType: ascend.md 3.3.
#include <stdlib.h>
#include <string.h>

#include "numeric.h"

struct product {
  int64_t m, n, k;
};

// out[m,n] (double, accumulated) += a[m,k] * b[k,n]
static void multiply(double *out, const float *a, const float *b, struct product p) {
  for (int64_t i = 0; i < p.m; i++)
    for (int64_t l = 0; l < p.k; l++) {
      double x = a[i * p.k + l];
      for (int64_t j = 0; j < p.n; j++)
        out[i * p.n + j] += x * b[l * p.n + j];
    }
}

static float *load_operand(const struct fk_view *v, enum nm_cube mode) {
  float *x = nm_loadf(v);
  nm_cube_round(x, fk_elements(v), mode);
  return x;
}

// i[0] = cube mode; with Addmm d[0] = beta, d[1] = alpha
static void run_mm(const struct fk_run *r) {
  const struct fk_view *va = &r->view[0], *vb = &r->view[1], *vo = &r->view[2];
  struct product p = {va->dims[0], vb->dims[1], va->dims[1]};
  float *a = load_operand(va, (enum nm_cube)r->i[0]), *b = load_operand(vb, (enum nm_cube)r->i[0]);
  double *out = calloc((size_t)(p.m * p.n + 1), sizeof *out);
  multiply(out, a, b, p);
  nm_store(vo, out);
  free(a);
  free(b);
  free(out);
}

static void plan_product(struct fk_op *op, const struct fk_view *a, const struct fk_view *b, const struct fk_view *o, int rank, int type) {
  fk_need_rank(op, a, rank, rank, "self");
  fk_need_rank(op, b, rank, rank, "mat2");
  fk_need_rank(op, o, rank, rank, "out");
  if (op->code != OK)
    return;
  if (a->dims[rank - 1] != b->dims[rank - 2])
    fk_op_fail(op, NN_INVALID, "The k-axis of the two inputs are different, self Kdim[%lld], mat2 Kdim[%lld].",
               (long long)a->dims[rank - 1], (long long)b->dims[rank - 2]);
  if (o->dims[rank - 2] != a->dims[rank - 2] || o->dims[rank - 1] != b->dims[rank - 1])
    fk_op_fail(op, NN_INVALID, "the shape of out does not fit the product.");
  int p = nm_promote(a->dtype, b->dtype);
  op->e->run.i[0] = nm_cube_mode(op, p, type);
}

API aclnnStatus aclnnMmGetWorkspaceSize(const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType,
                                        uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Mm, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, FLOATS), *b = fk_in(op, "mat2", mat2, FLOATS), *o = fk_out(op, "out", out, FLOATS);
  plan_product(op, a, b, o, 2, cubeMathType);
  FK_DONE(run_mm, (uint64_t)fk_elements(o) * 4);
}
FK_PHASE2(Mm)

static void run_addmm(const struct fk_run *r) {
  const struct fk_view *va = &r->view[1], *vb = &r->view[2], *vo = &r->view[3];
  struct product p = {va->dims[0], vb->dims[1], va->dims[1]};
  float *a = load_operand(va, (enum nm_cube)r->i[0]), *b = load_operand(vb, (enum nm_cube)r->i[0]);
  double *out = calloc((size_t)(p.m * p.n + 1), sizeof *out), *add = nm_load_as(&r->view[0], vo);
  multiply(out, a, b, p);
  for (int64_t k = 0; k < p.m * p.n; k++)
    out[k] = nm_noise(r, r->d[1] * out[k]) + (r->d[0] != 0 ? r->d[0] * add[k] : 0);
  nm_store(vo, out);
  free(a);
  free(b);
  free(out);
  free(add);
}

API aclnnStatus aclnnAddmmGetWorkspaceSize(const aclTensor *self, const aclTensor *mat1, const aclTensor *mat2, const aclScalar *beta,
                                           const aclScalar *alpha, aclTensor *out, int8_t cubeMathType, uint64_t *workspaceSize,
                                           aclOpExecutor **executor) {
  FK_PLAN(Addmm, CTRAIN | C310P);
  struct fk_view *c = fk_in(op, "self", self, FLOATS), *a = fk_in(op, "mat1", mat1, FLOATS), *b = fk_in(op, "mat2", mat2, FLOATS);
  op->e->run.d[0] = fk_scalar(op, "beta", beta);
  op->e->run.d[1] = fk_scalar(op, "alpha", alpha);
  struct fk_view *o = fk_out(op, "out", out, FLOATS), shape;
  plan_product(op, a, b, o, 2, cubeMathType);
  if (op->code == OK && (!nm_broadcast(c, o, &shape) || !fk_same_shape(&shape, o)))
    fk_op_fail(op, NN_INVALID, "self cannot be broadcast to the shape of the product.");
  FK_DONE(run_addmm, (uint64_t)fk_elements(o) * 4);
}
FK_PHASE2(Addmm)

static void run_bmm(const struct fk_run *r) {
  const struct fk_view *va = &r->view[0], *vb = &r->view[1], *vo = &r->view[2];
  struct product p = {va->dims[1], vb->dims[2], va->dims[2]};
  float *a = load_operand(va, (enum nm_cube)r->i[0]), *b = load_operand(vb, (enum nm_cube)r->i[0]);
  double *out = calloc((size_t)(fk_elements(vo) + 1), sizeof *out);
  for (int64_t n = 0; n < vo->dims[0]; n++)
    multiply(out + n * p.m * p.n, a + (va->dims[0] == 1 ? 0 : n * p.m * p.k), b + (vb->dims[0] == 1 ? 0 : n * p.k * p.n), p);
  nm_store(vo, out);
  free(a);
  free(b);
  free(out);
}

static bool dense(const struct fk_view *v) {
  int64_t want = 1;
  for (int k = v->rank - 1; k >= 0; k--) {
    if (v->dims[k] != 1 && v->strides[k] != want)
      return false;
    want *= v->dims[k];
  }
  return true;
}

API aclnnStatus aclnnBatchMatMulGetWorkspaceSize(const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType,
                                                 uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(BatchMatMul, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, FLOATS), *b = fk_in(op, "mat2", mat2, FLOATS), *o = fk_out(op, "out", out, FLOATS);
  plan_product(op, a, b, o, 3, cubeMathType);
  if (op->code == OK) {
    int64_t batch = a->dims[0] == 1 ? b->dims[0] : a->dims[0];
    if ((b->dims[0] != 1 && b->dims[0] != batch) || o->dims[0] != batch)
      fk_op_fail(op, NN_INVALID, "the batches of self, mat2 and out do not fit.");
    // A report from hardware (ascend.md 3.10): operands of rank 3 must be contiguous.
    if (!dense(a) || !dense(b))
      fk_op_fail(op, NN_INNER_NULLPTR, "no kernel for non-contiguous operands of rank 3.");
  }
  FK_DONE(run_bmm, (uint64_t)fk_elements(o) * 4);
}
FK_PHASE2(BatchMatMul)
