// Mean, ReduceSum and OneHot of ops-math ([math] math/{reduce_mean,reduce_sum,one_hot}/op_api).
#include <stdlib.h>
#include <string.h>

#include "numeric.h"

enum { TAKES = FLOATS | INTS | BOOLEAN | F64 };

// i[0..7] = 1 where a dimension is reduced, i[8] = type of the sum, d[0] = factor
static void run_reduce(const struct fk_run *r) {
  const struct fk_view *in = &r->view[0];
  double *a = nm_load(in);
  int64_t n = fk_elements(in), groups = fk_elements(&r->view[1]);
  double *sum = calloc((size_t)groups + 1, sizeof *sum);
  int64_t index[MAX_RANK] = {0}, at = 0, stride[MAX_RANK] = {0}, step = 1;
  for (int k = in->rank - 1; k >= 0; k--)
    if (r->i[k] == 0) {
      stride[k] = step;
      step *= in->dims[k];
    }
  for (int64_t e = 0; e < n; e++) {
    sum[at] += nm_round((int)r->i[8], a[e]);
    for (int k = in->rank - 1; k >= 0; k--) {
      at += stride[k];
      if (++index[k] < in->dims[k])
        break;
      at -= stride[k] * index[k];
      index[k] = 0;
    }
  }
  for (int64_t g = 0; g < groups; g++)
    sum[g] = nm_round((int)r->i[8], sum[g] * r->d[0]);
  nm_store(&r->view[1], sum);
  free(sum);
  free(a);
}

// Marks the reduced dimensions (none given: all), checks the output's shape and
// returns how many elements meet in one.
static int64_t plan_reduce(struct fk_op *op, const struct fk_view *a, const struct fk_view *o, const aclIntArray *dims, bool keep) {
  uint64_t n;
  const int64_t *d = fk_ints(op, "dim", dims, &n);
  int64_t *marked = op->e->run.i;
  for (uint64_t k = 0; op->code == OK && k < n; k++) {
    int64_t dim = d[k] < 0 ? d[k] + a->rank : d[k];
    if (dim < 0 || dim >= a->rank)
      fk_op_fail(op, NN_INVALID, "provided dim %lld must be in the range of [%d, %d].", (long long)d[k], -a->rank, a->rank - 1);
    else if (marked[dim])
      fk_op_fail(op, NN_INVALID, "provided dim %lld is repeated.", (long long)d[k]);
    else
      marked[dim] = 1;
  }
  struct fk_view want = {0};
  int64_t count = 1;
  for (int k = 0; k < a->rank; k++) {
    if (n == 0)
      marked[k] = 1;
    if (marked[k])
      count *= a->dims[k];
    if (!marked[k] || keep)
      want.dims[want.rank++] = marked[k] ? 1 : a->dims[k];
  }
  if (op->code == OK && !(want.rank == 0 && fk_elements(o) == 1)) // a scalar may also be [1]: CheckShapeAndScalarSame
    fk_need_shape(op, o, "out", want.rank, want.dims);
  return count;
}

static void need_type(struct fk_op *op, int dtype) {
  if (fk_dtype_bit(dtype) == 0 || (dtype == ACL_BF16 && !fk_chip()->bf16))
    fk_op_fail(op, NN_INVALID, "type %s should be in dtype support list.", fk_dtype_name(dtype));
}

API aclnnStatus aclnnMeanGetWorkspaceSize(const aclTensor *self, const aclIntArray *dim, bool keepDim, aclDataType dtype, aclTensor *out,
                                          uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Mean, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, TAKES);
  need_type(op, dtype);
  if (op->code == OK && (!nm_castable(a->dtype, dtype) || !nm_castable(dtype, o->dtype))) // CheckPromoteType
    fk_op_fail(op, NN_INVALID, "dtypes cannot be cast: %s to %s to %s.", fk_dtype_name(a->dtype), fk_dtype_name(dtype), fk_dtype_name(o->dtype));
  int64_t count = plan_reduce(op, a, o, dim, keepDim);
  op->e->run.i[8] = dtype;
  op->e->run.d[0] = 1 / (double)count;
  FK_DONE(run_reduce, 0);
}
FK_PHASE2(Mean)

API aclnnStatus aclnnReduceSumGetWorkspaceSize(const aclTensor *self, const aclIntArray *dims, bool keepDims, aclDataType dtype,
                                               aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(ReduceSum, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, TAKES), *o = fk_out(op, "out", out, TAKES);
  need_type(op, dtype);
  fk_need_dtype(op, o, dtype, "out"); // aclnn_reduce_sum.cpp: OP_CHECK_DTYPE_NOT_MATCH(out, dtype)
  plan_reduce(op, a, o, dims, keepDims);
  op->e->run.i[8] = dtype;
  op->e->run.d[0] = 1;
  FK_DONE(run_reduce, 0);
}
FK_PHASE2(ReduceSum)

// i[0] = axis in the output, i[1] = classes. An index outside gives a row of off values.
static void run_onehot(const struct fk_run *r) {
  double *label = nm_load(&r->view[0]), *on = nm_load(&r->view[1]), *off = nm_load(&r->view[2]);
  const struct fk_view *out = &r->view[3];
  int64_t classes = r->i[1], inner = 1, n = fk_elements(&r->view[0]);
  for (int k = (int)r->i[0]; k < r->view[0].rank; k++)
    inner *= r->view[0].dims[k];
  double *a = malloc((size_t)(n * classes + 1) * sizeof *a);
  for (int64_t e = 0; e < n; e++)
    for (int64_t c = 0; c < classes; c++)
      a[(e / inner * classes + c) * inner + e % inner] = label[e] == (double)c ? on[0] : off[0];
  nm_store(out, a);
  free(a);
  free(label);
  free(on);
  free(off);
}

API aclnnStatus aclnnOneHotGetWorkspaceSize(const aclTensor *self, int numClasses, const aclTensor *onValue, const aclTensor *offValue,
                                            int64_t axis, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(OneHot, CTRAIN | C310P);
  enum { VALUES = F16 | F32 | I32 | I64 };
  struct fk_view *a = fk_in(op, "self", self, I32 | I64), *on = fk_in(op, "onValue", onValue, VALUES);
  struct fk_view *off = fk_in(op, "offValue", offValue, VALUES), *o = fk_out(op, "out", out, VALUES);
  fk_need_dtype(op, on, o->dtype, "onValue");
  fk_need_dtype(op, off, o->dtype, "offValue");
  if (op->code == OK && (fk_elements(on) != 1 || fk_elements(off) != 1))
    fk_op_fail(op, NN_INVALID, "onValue and offValue must have one element.");
  if (numClasses < 0)
    fk_op_fail(op, NN_INVALID, "NumClasses should be greater and equal than 0, but got %d.", numClasses);
  if (axis < -1 || axis > a->rank)
    fk_op_fail(op, NN_INVALID, "The axis %lld should be between -1 and %d.", (long long)axis, a->rank);
  int at = axis < 0 ? a->rank : (int)axis;
  if (op->code == OK && a->rank < MAX_RANK) {
    int64_t shape[MAX_RANK];
    memcpy(shape, a->dims, sizeof shape);
    memmove(shape + at + 1, a->dims + at, (size_t)(a->rank - at) * sizeof *shape);
    shape[at] = numClasses;
    fk_need_shape(op, o, "out", a->rank + 1, shape);
  }
  op->e->run.i[0] = at;
  op->e->run.i[1] = numClasses;
  op->e->may_repeat = false; // a plan with a host-side number of classes ([opb] docs aclSetAclOpExecutorRepeatable)
  FK_DONE(run_onehot, 0);
}
FK_PHASE2(OneHot)
