// Hardtanh: [math] conversion/clip_by_value_v2/op_api/aclnn_hardtanh.cpp and its unit tests.
#include <stdlib.h>

#include "numeric.h"

enum { TAKES = FLOATS | INTS | F64 };

// d[0] = lower, d[1] = upper bound, i[1] = written
static void run_hardtanh(const struct fk_run *r) {
  double *a = nm_load(&r->view[0]);
  double lo = nm_round(r->view[0].dtype, r->d[0]), hi = nm_round(r->view[0].dtype, r->d[1]);
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    a[k] = a[k] < lo ? lo : a[k] > hi ? hi : a[k];
  nm_store(&r->view[r->i[1]], a);
  free(a);
}

static void bounds(struct fk_op *op, const aclScalar *min, const aclScalar *max) {
  double lo = fk_scalar(op, "clipValueMin", min), hi = fk_scalar(op, "clipValueMax", max);
  if (lo > hi) // aclnn_hardtanh.cpp CheckMinMaxValue
    fk_op_fail(op, NN_INVALID, "min must less than max or equal to max, but min is %f and max is %f.", lo, hi);
  op->e->run.d[0] = lo;
  op->e->run.d[1] = hi;
}

API aclnnStatus aclnnHardtanhGetWorkspaceSize(const aclTensor *self, const aclScalar *clipValueMin, const aclScalar *clipValueMax,
                                              aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Hardtanh, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, TAKES);
  bounds(op, clipValueMin, clipValueMax);
  fk_need_dtype(op, o, a->dtype, "out"); // OP_CHECK_DTYPE_NOT_SAME
  fk_need_same_shape(op, a, o, "self and out");
  op->e->run.i[1] = 1;
  FK_DONE(run_hardtanh, 0);
}
FK_PHASE2(Hardtanh)

API aclnnStatus aclnnInplaceHardtanhGetWorkspaceSize(aclTensor *selfRef, const aclScalar *clipValueMin, const aclScalar *clipValueMax,
                                                     uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(InplaceHardtanh, CTRAIN | C310P);
  fk_ref(op, "selfRef", selfRef, TAKES);
  bounds(op, clipValueMin, clipValueMax);
  FK_DONE(run_hardtanh, 0);
}
FK_PHASE2(InplaceHardtanh)
