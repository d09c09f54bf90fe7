// HardtanhBackward: [nn] activation/hardtanh_grad/op_api, kernel and golden script: the
// gradient is zero at the bounds too (ascend.md 3.5, 8).
#include <stdlib.h>

#include "numeric.h"

static void run_backward(const struct fk_run *r) {
  double *g = nm_load(&r->view[0]), *x = nm_load(&r->view[1]);
  for (int64_t k = 0, n = fk_elements(&r->view[0]); k < n; k++)
    if (x[k] <= r->d[0] || x[k] >= r->d[1])
      g[k] = 0;
  nm_store(&r->view[2], g);
  free(g);
  free(x);
}

API aclnnStatus aclnnHardtanhBackwardGetWorkspaceSize(const aclTensor *gradOutput, const aclTensor *self, const aclScalar *min,
                                                      const aclScalar *max, aclTensor *out, uint64_t *workspaceSize,
                                                      aclOpExecutor **executor) {
  FK_PLAN(HardtanhBackward, CALL_CHIPS);
  struct fk_view *g = fk_in(op, "gradOutput", gradOutput, FLOATS), *x = fk_in(op, "self", self, FLOATS);
  op->e->run.d[0] = fk_scalar(op, "min", min);
  op->e->run.d[1] = fk_scalar(op, "max", max);
  struct fk_view *o = fk_out(op, "out", out, FLOATS);
  fk_need_dtype(op, g, x->dtype, "gradOutput"); // OP_CHECK_DTYPE_NOT_MATCH
  fk_need_same_shape(op, g, x, "gradOutput and self");
  fk_need_same_shape(op, g, o, "gradOutput and out");
  if (op->e->run.d[0] > op->e->run.d[1]) // ascend.md 3.5
    fk_op_fail(op, NN_INVALID, "min must less than max or equal to max.");
  FK_DONE(run_backward, 0);
}
FK_PHASE2(HardtanhBackward)
