// Maximum, EqTensor and All of ops-math: [math] math/{maximum,equal,reduce_all}/op_api and
// the product tables and type lists of their docs; NULL 161001, everything else 161002.
#include <math.h>
#include <stdlib.h>

#include "numeric.h"

enum { TAKES = FLOATS | INTS | BOOLEAN | F64 };

// The type in which both operands meet; the output must have their broadcast shape.
static int meet(struct fk_op *op, const struct fk_view *a, const struct fk_view *b, const struct fk_view *out) {
  struct fk_view shape;
  char x[128], y[128];
  int type = nm_promote(a->dtype, b->dtype);
  if (type < 0)
    fk_op_fail(op, NN_INVALID, "Self dtype %s and other dtype %s can not promote dtype.", fk_dtype_name(a->dtype), fk_dtype_name(b->dtype));
  else if (!nm_broadcast(a, b, &shape))
    fk_op_fail(op, NN_INVALID, "the size of tensor self %s must match the size of tensor other %s.", fk_shape_text(a, x), fk_shape_text(b, y));
  else if (!fk_same_shape(&shape, out))
    fk_op_fail(op, NN_INVALID, "Shape of out should be %s, but current is %s.", fk_shape_text(&shape, x), fk_shape_text(out, y));
  return type;
}

// i[0] = 1 for EqTensor. A NaN is the larger one, and equal to nothing.
static void run_compare(const struct fk_run *r) {
  const struct fk_view *out = &r->view[2];
  double *a = nm_load_as(&r->view[0], out), *b = nm_load_as(&r->view[1], out);
  for (int64_t k = 0, n = fk_elements(out); k < n; k++)
    a[k] = r->i[0] ? a[k] == b[k] : isnan(a[k]) || a[k] > b[k] ? a[k] : b[k];
  nm_store(out, a);
  free(a);
  free(b);
}

API aclnnStatus aclnnMaximumGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, uint64_t *workspaceSize,
                                             aclOpExecutor **executor) {
  FK_PLAN(Maximum, CTRAIN | C310P); // docs of aclnnMaximum
  struct fk_view *a = fk_in(op, "self", self, TAKES), *b = fk_in(op, "other", other, TAKES), *o = fk_out(op, "out", out, TAKES);
  int type = meet(op, a, b, o);
  if (type >= 0 && !nm_castable(type, o->dtype))
    fk_op_fail(op, NN_INVALID, "Promote dtype %s can't be cast to the desired output type %s.", fk_dtype_name(type), fk_dtype_name(o->dtype));
  FK_DONE(run_compare, 0);
}
FK_PHASE2(Maximum)

API aclnnStatus aclnnEqTensorGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, uint64_t *workspaceSize,
                                              aclOpExecutor **executor) {
  FK_PLAN(EqTensor, CTRAIN); // not on 310P, 310B: docs of aclnnEqTensor. Any type can hold a BOOL
  struct fk_view *a = fk_in(op, "self", self, TAKES), *b = fk_in(op, "other", other, TAKES), *o = fk_out(op, "out", out, TAKES);
  meet(op, a, b, o);
  op->e->run.i[0] = 1;
  FK_DONE(run_compare, 0);
}
FK_PHASE2(EqTensor)

static void run_all(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]), all = 1;
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    all = a[k] != 0 ? all : 0; // NaN is not 0
  nm_store(&r->view[1], &all);
  free(a);
}

// Over all dimensions only, which is how it is used here: no list means all of them.
API aclnnStatus aclnnAllGetWorkspaceSize(const aclTensor *self, const aclIntArray *dim, bool keepdim, aclTensor *out, uint64_t *workspaceSize,
                                         aclOpExecutor **executor) {
  FK_PLAN(All, CALL_CHIPS); // docs of aclnnAll
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, BOOLEAN | U8);
  uint64_t n;
  const int64_t *d = fk_ints(op, "dim", dim, &n);
  bool marked[MAX_RANK] = {false};
  for (uint64_t k = 0; op->code == OK && k < n; k++) {
    int64_t at = d[k] < 0 ? d[k] + a->rank : d[k];
    if (at < 0 || at >= a->rank)
      fk_op_fail(op, NN_INVALID, "provided dim %lld must be in the range of [%d, %d].", (long long)d[k], -a->rank, a->rank - 1);
    else if (marked[at])
      fk_op_fail(op, NN_INVALID, "provided dim %lld is repeated.", (long long)d[k]);
    else
      marked[at] = true;
  }
  int64_t ones[MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
  if (op->code == OK && n != 0 && n != (uint64_t)a->rank)
    fk_op_fail(op, NN_INVALID, "the stand-in reduces all dimensions or none are named.");
  else if (op->code == OK && keepdim)
    fk_need_shape(op, o, "out", a->rank, ones);
  else if (op->code == OK && fk_elements(o) != 1)
    fk_op_fail(op, NN_INVALID, "Shape of out should have one element.");
  FK_DONE(run_all, 0);
}
FK_PHASE2(All)
