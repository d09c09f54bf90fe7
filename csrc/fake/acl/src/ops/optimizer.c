// Element-wise operators of ops-math that update rules need: roots, quotients, signs and
// choices.
// Checks: [math] math/{sqrt,div,sign,select}/op_api/*.cpp and the product tables of their
// docs; NULL 161001, everything else 161002.
#include <math.h>
#include <stdlib.h>

#include "numeric.h"

// Square roots of whole numbers are FLOAT ([math] aclnn_sqrt.cpp CheckDtypeValid).
static void run_sqrt(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]);
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    a[k] = sqrt(a[k]);
  nm_store(&r->view[1], a);
  free(a);
}

API aclnnStatus aclnnSqrtGetWorkspaceSize(const aclTensor *self, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Sqrt, CTRAIN); // not on 310P, 310B: docs of aclnnSqrt
  struct fk_view *a = fk_in(op, "self", self, FLOATS | INTS | BOOLEAN | F64), *o = fk_out(op, "out", out, FLOATS | INTS | BOOLEAN | F64);
  int type = nm_is_float(a->dtype) ? a->dtype : ACL_FLOAT;
  if (!nm_castable(type, o->dtype))
    fk_op_fail(op, NN_INVALID, "Dtype %s can't be cast to the desired output type %s.", fk_dtype_name(type), fk_dtype_name(o->dtype));
  fk_need_same_shape(op, a, o, "self and out");
  FK_DONE(run_sqrt, 0);
}
FK_PHASE2(Sqrt)

// i[0] = type of the quotient
static void run_div(const struct fk_run *r) {
  const struct fk_view *out = &r->view[2];
  double *a = nm_load_as(&r->view[0], out), *b = nm_load_as(&r->view[1], out);
  for (int64_t k = 0, n = fk_elements(out); k < n; k++)
    a[k] = nm_round((int)r->i[0], a[k] / b[k]);
  nm_store(out, a);
  free(a);
  free(b);
}

// Whole numbers are divided as FLOAT ([math] aclnn_div.cpp InferDivModeDtype).
API aclnnStatus aclnnDivGetWorkspaceSize(const aclTensor *self, const aclTensor *other, aclTensor *out, uint64_t *workspaceSize,
                                         aclOpExecutor **executor) {
  FK_PLAN(Div, CTRAIN | C310B); // not on 310P: docs of aclnnDiv
  enum { TAKES = FLOATS | INTS | BOOLEAN | F64 };
  struct fk_view *a = fk_in(op, "self", self, TAKES), *b = fk_in(op, "other", other, TAKES), *o = fk_out(op, "out", out, TAKES);
  struct fk_view shape;
  int type = nm_promote(a->dtype, b->dtype);
  if (type >= 0 && !nm_is_float(type))
    type = ACL_FLOAT;
  if (type < 0)
    fk_op_fail(op, NN_INVALID, "Self dtype %s and other dtype %s can not promote dtype.", fk_dtype_name(a->dtype), fk_dtype_name(b->dtype));
  else if (!nm_castable(type, o->dtype))
    fk_op_fail(op, NN_INVALID, "Promote dtype %s can't be cast to the desired output type %s.", fk_dtype_name(type), fk_dtype_name(o->dtype));
  char x[128], y[128];
  if (!nm_broadcast(a, b, &shape))
    fk_op_fail(op, NN_INVALID, "the size of tensor self %s must match the size of tensor other %s.", fk_shape_text(a, x), fk_shape_text(b, y));
  else if (!fk_same_shape(&shape, o))
    fk_op_fail(op, NN_INVALID, "Shape of out should be %s, but current is %s.", fk_shape_text(&shape, x), fk_shape_text(o, y));
  op->e->run.i[0] = type;
  FK_DONE(run_div, 0);
}
FK_PHASE2(Div)

// 1, 0 or -1; NaN stays.
static void run_sign(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]);
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    if (!isnan(a[k]))
      a[k] = (a[k] > 0) - (a[k] < 0);
  nm_store(&r->view[1], a);
  free(a);
}

API aclnnStatus aclnnSignGetWorkspaceSize(const aclTensor *self, aclTensor *result, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Sign, CTRAIN); // not on 310P, 310B: docs of aclnnSign
  enum { TAKES = FLOATS | I32 | I64 | BOOLEAN | F64 }; // [math] aclnn_sign.cpp DTYPE_SUPPORT_LIST
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "result", result, TAKES);
  fk_need_dtype(op, o, a->dtype, "result");
  fk_need_same_shape(op, a, o, "self and result");
  FK_DONE(run_sign, 0);
}
FK_PHASE2(Sign)

static void run_where(const struct fk_run *r) {
  const struct fk_view *out = &r->view[3];
  double *c = nm_load_as(&r->view[0], out), *a = nm_load_as(&r->view[1], out), *b = nm_load_as(&r->view[2], out);
  for (int64_t k = 0, n = fk_elements(out); k < n; k++)
    a[k] = c[k] != 0 ? a[k] : b[k];
  nm_store(out, a);
  free(a);
  free(b);
  free(c);
}

API aclnnStatus aclnnSWhereGetWorkspaceSize(const aclTensor *condition, const aclTensor *self, const aclTensor *other, aclTensor *out,
                                            uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(SWhere, CTRAIN | C310P); // docs of aclnnSWhere
  enum { TAKES = FLOATS | INTS | BOOLEAN | F64 };
  struct fk_view *c = fk_in(op, "condition", condition, BOOLEAN | U8), *a = fk_in(op, "self", self, TAKES);
  struct fk_view *b = fk_in(op, "other", other, TAKES), *o = fk_out(op, "out", out, TAKES);
  struct fk_view both = *o, shape = *o;
  char x[128], y[128];
  if (!nm_broadcast(a, b, &both) || !nm_broadcast(c, &both, &shape))
    fk_op_fail(op, NN_INVALID, "Shape of self other and condition can't broadcast.");
  else if (!fk_same_shape(&shape, o))
    fk_op_fail(op, NN_INVALID, "Shape of out should be %s, but current is %s.", fk_shape_text(&shape, x), fk_shape_text(o, y));
  int type = nm_promote(a->dtype, b->dtype);
  if (type < 0 || !nm_castable(type, o->dtype))
    fk_op_fail(op, NN_INVALID, "self and other can not be promoted and cast to the desired output type %s.", fk_dtype_name(o->dtype));
  FK_DONE(run_where, 0);
}
FK_PHASE2(SWhere)
