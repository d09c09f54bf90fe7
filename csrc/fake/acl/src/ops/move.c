// Copies and permutations of ops-math ([math] conversion/{view_copy,transpose}/op_api).
#include <stdlib.h>

#include "numeric.h"

enum { TAKES = FLOATS | INTS | BOOLEAN | F64 };

static void run_copy(const struct fk_run *r) {
  double *a = nm_load_as(&r->view[1], &r->view[0]);
  nm_store(&r->view[0], a);
  free(a);
}

API aclnnStatus aclnnInplaceCopyGetWorkspaceSize(aclTensor *selfRef, const aclTensor *src, uint64_t *workspaceSize,
                                                 aclOpExecutor **executor) {
  FK_PLAN(InplaceCopy, CALL_CHIPS);
  struct fk_view *a = fk_ref(op, "selfRef", selfRef, TAKES), *b = fk_in(op, "src", src, TAKES);
  struct fk_view shape;
  char x[128], y[128];
  if (!nm_broadcast(a, b, &shape) || !fk_same_shape(&shape, a))
    fk_op_fail(op, NN_INVALID, "src %s cannot be broadcast to self %s.", fk_shape_text(b, x), fk_shape_text(a, y));
  op->e->may_repeat = false; // [opb] docs aclSetAclOpExecutorRepeatable: plans with a ViewCopy may refuse
  FK_DONE(run_copy, 0);
}
FK_PHASE2(InplaceCopy)

static void run_permute(const struct fk_run *r) {
  struct fk_view turned = r->view[0];
  for (int k = 0; k < turned.rank; k++) {
    turned.dims[k] = r->view[0].dims[r->i[k]];
    turned.strides[k] = r->view[0].strides[r->i[k]];
  }
  double *a = nm_load(&turned);
  nm_store(&r->view[1], a);
  free(a);
}

API aclnnStatus aclnnPermuteGetWorkspaceSize(const aclTensor *self, const aclIntArray *dims, aclTensor *out, uint64_t *workspaceSize,
                                             aclOpExecutor **executor) {
  FK_PLAN(Permute, CTRAIN | C310P); // 310P: not in the table of ascend.md 3.2, but older than it
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, TAKES);
  uint64_t n;
  const int64_t *d = fk_ints(op, "dims", dims, &n);
  if (n != (uint64_t)a->rank)
    fk_op_fail(op, NN_INVALID, "the number of dims %llu must equal the rank %d of self.", (unsigned long long)n, a->rank);
  fk_need_dtype(op, o, a->dtype, "out");
  int64_t shape[MAX_RANK] = {0};
  bool used[MAX_RANK] = {false};
  for (int k = 0; op->code == OK && k < a->rank; k++) {
    int64_t from = d[k] < 0 ? d[k] + a->rank : d[k];
    if (from < 0 || from >= a->rank || used[from]) {
      fk_op_fail(op, NN_INVALID, "Invalid dims: out of range or repeated.");
      break;
    }
    used[from] = true;
    shape[k] = a->dims[from];
    op->e->run.i[k] = from;
  }
  if (op->code == OK)
    fk_need_shape(op, o, "out", a->rank, shape);
  FK_DONE(run_permute, 0);
}
FK_PHASE2(Permute)
