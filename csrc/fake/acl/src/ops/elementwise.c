// Element-wise operators of ops-math: sums and products with promotion and
// broadcasting, Rsqrt, Cast, IsFinite, InplaceZero.
// Checks: [math] math/{add,mul,addcmul,rsqrt,cast,is_finite,zero_op}/op_api/*.cpp and
// their tests/ut/op_api; NULL 161001, everything else 161002; chips: ascend.md 3.2.
#include <math.h>
#include <stdlib.h>

#include "numeric.h"

enum { TAKES = FLOATS | INTS | BOOLEAN | F64 };

// Types: the operands promote, and the result must go into the output's type.
static int promoted(struct fk_op *op, const struct fk_view *a, const struct fk_view *b, const struct fk_view *out) {
  int p = nm_promote(a->dtype, b->dtype);
  if (p < 0)
    fk_op_fail(op, NN_INVALID, "Self dtype %s and other dtype %s can not promote dtype.", fk_dtype_name(a->dtype),
               fk_dtype_name(b->dtype));
  else if (!nm_castable(p, out->dtype))
    fk_op_fail(op, NN_INVALID, "Promote dtype %s can't be cast to the desired output type %s.", fk_dtype_name(p),
               fk_dtype_name(out->dtype));
  return p;
}

static void need_broadcast(struct fk_op *op, const struct fk_view *a, const struct fk_view *b, const struct fk_view *out) {
  struct fk_view shape;
  char x[128], y[128];
  if (!nm_broadcast(a, b, &shape))
    fk_op_fail(op, NN_INVALID, "the size of tensor self %s must match the size of tensor other %s.", fk_shape_text(a, x),
               fk_shape_text(b, y));
  else if (!fk_same_shape(&shape, out))
    fk_op_fail(op, NN_INVALID, "Shape of out should be %s, but current is %s.", fk_shape_text(&shape, x), fk_shape_text(out, y));
}

// An integer tensor with a fractional scalar is computed as FLOAT; a floating
// tensor keeps its type (ascend.md 3.5, [math] aclnn_add.cpp, aclnn_mul.cpp).
static int with_scalar(struct fk_op *op, const struct fk_view *a, const aclScalar *s, const struct fk_view *out) {
  bool fractional = s != NULL && fk_alive(s, H_SCALAR) && nm_is_float(s->dtype);
  int p = fractional && !nm_is_float(a->dtype) ? ACL_FLOAT : a->dtype;
  if (!nm_castable(p, out->dtype))
    fk_op_fail(op, NN_INVALID, "Promote dtype %s can't be cast to the desired output type %s.", fk_dtype_name(p),
               fk_dtype_name(out->dtype));
  return p;
}

// d[0] = alpha, i[0] = promoted type, i[1] = operand that is written
static void run_add(const struct fk_run *r) {
  const struct fk_view *out = &r->view[r->i[1]];
  double *a = nm_load_as(&r->view[0], out), *b = nm_load_as(&r->view[1], out);
  for (int64_t k = 0, n = fk_elements(out); k < n; k++)
    a[k] = nm_round((int)r->i[0], a[k] + r->d[0] * b[k]);
  nm_store(out, a);
  free(a);
  free(b);
}

static void plan_add(struct fk_op *op, const struct fk_view *a, const struct fk_view *b, const struct fk_view *out, double alpha, int written) {
  op->e->run.i[0] = promoted(op, a, b, out);
  op->e->run.i[1] = written;
  op->e->run.d[0] = alpha;
  need_broadcast(op, a, b, out);
}

API aclnnStatus aclnnAddGetWorkspaceSize(const aclTensor *self, const aclTensor *other, const aclScalar *alpha, aclTensor *out,
                                         uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Add, CTRAIN | C310P); // 310P: the table says no, a project in daily use calls it there (ascend.md 8)
  struct fk_view *a = fk_in(op, "self", self, TAKES), *b = fk_in(op, "other", other, TAKES);
  double x = fk_scalar(op, "alpha", alpha);
  struct fk_view *o = fk_out(op, "out", out, TAKES);
  plan_add(op, a, b, o, x, 2);
  FK_DONE(run_add, 0);
}
FK_PHASE2(Add)

API aclnnStatus aclnnInplaceAddGetWorkspaceSize(const aclTensor *selfRef, const aclTensor *other, const aclScalar *alpha,
                                                uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(InplaceAdd, CTRAIN | C310P);
  struct fk_view *a = fk_ref(op, "selfRef", selfRef, TAKES), *b = fk_in(op, "other", other, TAKES);
  plan_add(op, a, b, a, fk_scalar(op, "alpha", alpha), 0);
  FK_DONE(run_add, 0);
}
FK_PHASE2(InplaceAdd)

// d[0] = what is added, i[0] = type, i[1] = written
static void run_adds(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]);
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    a[k] = nm_round((int)r->i[0], a[k] + r->d[0]);
  nm_store(&r->view[r->i[1]], a);
  free(a);
}

API aclnnStatus aclnnAddsGetWorkspaceSize(const aclTensor *self, const aclScalar *other, const aclScalar *alpha, aclTensor *out,
                                          uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Adds, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, TAKES);
  op->e->run.d[0] = fk_scalar(op, "other", other) * fk_scalar(op, "alpha", alpha);
  op->e->run.i[0] = with_scalar(op, a, other, o);
  op->e->run.i[1] = 1;
  fk_need_same_shape(op, a, o, "self and out");
  FK_DONE(run_adds, 0);
}
FK_PHASE2(Adds)

API aclnnStatus aclnnInplaceAddsGetWorkspaceSize(const aclTensor *selfRef, const aclScalar *other, const aclScalar *alpha,
                                                 uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(InplaceAdds, CTRAIN | C310P);
  struct fk_view *a = fk_ref(op, "selfRef", selfRef, TAKES);
  op->e->run.d[0] = fk_scalar(op, "other", other) * fk_scalar(op, "alpha", alpha);
  op->e->run.i[0] = with_scalar(op, a, other, a);
  FK_DONE(run_adds, 0);
}
FK_PHASE2(InplaceAdds)

static void run_mul(const struct fk_run *r) {
  const struct fk_view *out = &r->view[r->i[1]];
  double *a = nm_load_as(&r->view[0], out), *b = nm_load_as(&r->view[1], out);
  for (int64_t k = 0, n = fk_elements(out); k < n; k++)
    a[k] = nm_round((int)r->i[0], a[k] * b[k]);
  nm_store(out, a);
  free(a);
  free(b);
}

API aclnnStatus aclnnMulGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, uint64_t *workspaceSize,
                                         aclOpExecutor **executor) {
  FK_PLAN(Mul, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *b = fk_in(op, "other", other, TAKES);
  struct fk_view *o = fk_out(op, "out", out, TAKES);
  plan_add(op, a, b, o, 0, 2);
  FK_DONE(run_mul, 0);
}
FK_PHASE2(Mul)

API aclnnStatus aclnnInplaceMulGetWorkspaceSize(aclTensor *selfRef, const aclTensor *other, uint64_t *workspaceSize,
                                                aclOpExecutor **executor) {
  FK_PLAN(InplaceMul, CTRAIN | C310P);
  struct fk_view *a = fk_ref(op, "selfRef", selfRef, TAKES), *b = fk_in(op, "other", other, TAKES);
  plan_add(op, a, b, a, 0, 0);
  FK_DONE(run_mul, 0);
}
FK_PHASE2(InplaceMul)

static void run_muls(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]);
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    a[k] = nm_round((int)r->i[0], a[k] * r->d[0]);
  nm_store(&r->view[r->i[1]], a);
  free(a);
}

API aclnnStatus aclnnMulsGetWorkspaceSize(const aclTensor *self, const aclScalar *other, aclTensor *out, uint64_t *workspaceSize,
                                          aclOpExecutor **executor) {
  FK_PLAN(Muls, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, TAKES);
  op->e->run.d[0] = fk_scalar(op, "other", other);
  op->e->run.i[0] = with_scalar(op, a, other, o);
  op->e->run.i[1] = 1;
  fk_need_same_shape(op, a, o, "self and out");
  FK_DONE(run_muls, 0);
}
FK_PHASE2(Muls)

API aclnnStatus aclnnInplaceMulsGetWorkspaceSize(aclTensor *selfRef, const aclScalar *other, uint64_t *workspaceSize,
                                                 aclOpExecutor **executor) {
  FK_PLAN(InplaceMuls, CTRAIN | C310P);
  struct fk_view *a = fk_ref(op, "selfRef", selfRef, TAKES);
  op->e->run.d[0] = fk_scalar(op, "other", other);
  op->e->run.i[0] = with_scalar(op, a, other, a);
  FK_DONE(run_muls, 0);
}
FK_PHASE2(InplaceMuls)

// out = self + value * tensor1 * tensor2
static void run_addcmul(const struct fk_run *r) {
  const struct fk_view *out = &r->view[r->i[1]];
  double *a = nm_load_as(&r->view[0], out), *b = nm_load_as(&r->view[1], out), *c = nm_load_as(&r->view[2], out);
  for (int64_t k = 0, n = fk_elements(out); k < n; k++)
    a[k] = nm_round((int)r->i[0], a[k] + r->d[0] * b[k] * c[k]);
  nm_store(out, a);
  free(a);
  free(b);
  free(c);
}

static void plan_addcmul(struct fk_op *op, const struct fk_view *a, const struct fk_view *b, const struct fk_view *c,
                         const struct fk_view *out, double value, int written) {
  struct fk_view product = {0};
  if (!nm_broadcast(b, c, &product))
    fk_op_fail(op, NN_INVALID, "Shape of tensor1 and tensor2 can't broadcast.");
  product.dtype = nm_promote(b->dtype, c->dtype);
  if (product.dtype < 0)
    fk_op_fail(op, NN_INVALID, "tensor1 dtype %s and tensor2 dtype %s can not promote dtype.", fk_dtype_name(b->dtype), fk_dtype_name(c->dtype));
  plan_add(op, a, &product, out, value, written);
}

enum { CMUL = FLOATS | I32 | I64 | I8 | U8 | F64 };

API aclnnStatus aclnnAddcmulGetWorkspaceSize(const aclTensor *self, const aclTensor *tensor1, const aclTensor *tensor2,
                                             const aclScalar *value, aclTensor *out, uint64_t *workspaceSize,
                                             aclOpExecutor **executor) {
  FK_PLAN(Addcmul, CTRAIN | C310P); // 310P: not in the table (ascend.md 3.2), as Add
  struct fk_view *a = fk_in(op, "self", self, CMUL), *b = fk_in(op, "tensor1", tensor1, CMUL), *c = fk_in(op, "tensor2", tensor2, CMUL);
  double x = fk_scalar(op, "value", value);
  plan_addcmul(op, a, b, c, fk_out(op, "out", out, CMUL), x, 3);
  FK_DONE(run_addcmul, 0);
}
FK_PHASE2(Addcmul)

API aclnnStatus aclnnInplaceAddcmulGetWorkspaceSize(const aclTensor *selfRef, const aclTensor *tensor1, const aclTensor *tensor2,
                                                    const aclScalar *value, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(InplaceAddcmul, CTRAIN | C310P);
  struct fk_view *a = fk_ref(op, "selfRef", selfRef, CMUL), *b = fk_in(op, "tensor1", tensor1, CMUL), *c = fk_in(op, "tensor2", tensor2, CMUL);
  plan_addcmul(op, a, b, c, a, fk_scalar(op, "value", value), 0);
  FK_DONE(run_addcmul, 0);
}
FK_PHASE2(InplaceAddcmul)

static void run_rsqrt(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]);
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    a[k] = 1 / sqrt(a[k]);
  nm_store(&r->view[1], a);
  free(a);
}

API aclnnStatus aclnnRsqrtGetWorkspaceSize(const aclTensor *self, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Rsqrt, CALL_CHIPS);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, FLOATS | F64);
  fk_need_same_shape(op, a, o, "self and out");
  FK_DONE(run_rsqrt, 0);
}
FK_PHASE2(Rsqrt)

static void run_cast(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]);
  nm_store(&r->view[1], a); // rounds to the type: to even for floats, towards zero for integers, x != 0 for bool
  free(a);
}

API aclnnStatus aclnnCastGetWorkspaceSize(const aclTensor *self, aclDataType dtype, aclTensor *out, uint64_t *workspaceSize,
                                          aclOpExecutor **executor) {
  FK_PLAN(Cast, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, TAKES);
  if (fk_dtype_bit(dtype) == 0 || (dtype == ACL_BF16 && !fk_chip()->bf16))
    fk_op_fail(op, NN_INVALID, "The param dtype %s is not supported.", fk_dtype_name(dtype));
  fk_need_dtype(op, o, dtype, "out");
  fk_need_same_shape(op, a, o, "self and out");
  FK_DONE(run_cast, 0);
}
FK_PHASE2(Cast)

static void run_isfinite(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]);
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    a[k] = isfinite(a[k]);
  nm_store(&r->view[1], a);
  free(a);
}

API aclnnStatus aclnnIsFiniteGetWorkspaceSize(const aclTensor *self, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(IsFinite, CTRAIN);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, BOOLEAN);
  fk_need_same_shape(op, a, o, "self and out");
  FK_DONE(run_isfinite, 0);
}
FK_PHASE2(IsFinite)

static void run_zero(const struct fk_run *r) {
  double *a = calloc((size_t)fk_elements(&r->view[0]) + 1, sizeof *a);
  nm_store(&r->view[0], a);
  free(a);
}

API aclnnStatus aclnnInplaceZeroGetWorkspaceSize(aclTensor *selfRef, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(InplaceZero, CTRAIN | C310P);
  struct fk_view *a = fk_ref(op, "selfRef", selfRef, TAKES);
  (void)a;
  FK_DONE(run_zero, 0);
}
FK_PHASE2(InplaceZero)
