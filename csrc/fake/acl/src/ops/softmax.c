// Softmax, LogSoftmax and its gradient: [nn] activation/{softmax_v2,log_softmax_v2,log_softmax_grad}/op_api and docs.
#include <math.h>
#include <stdlib.h>

#include "numeric.h"

// i[0] = dimension, i[1] = 1 for the logarithm
static void run_softmax(const struct fk_run *r) {
  const struct fk_view *v = &r->view[0];
  double *a = nm_load(v);
  int64_t inner = 1, size = v->rank == 0 ? 1 : v->dims[r->i[0]], n = fk_elements(v);
  for (int k = (int)r->i[0] + 1; k < v->rank; k++)
    inner *= v->dims[k];
  for (int64_t row = 0; n > 0 && row < n / size; row++) {
    double *x = a + row / inner * size * inner + row % inner;
    double max = -INFINITY, sum = 0;
    for (int64_t k = 0; k < size; k++)
      max = x[k * inner] > max || isnan(x[k * inner]) ? x[k * inner] : max;
    for (int64_t k = 0; k < size; k++)
      sum += exp(x[k * inner] - max);
    for (int64_t k = 0; k < size; k++)
      x[k * inner] = r->i[1] ? x[k * inner] - max - log(sum) : exp(x[k * inner] - max) / sum;
  }
  nm_store(&r->view[1], a);
  free(a);
}

static void plan_softmax(struct fk_op *op, const struct fk_view *a, const struct fk_view *o, int64_t dim, int64_t logarithm) {
  int limit = a->rank == 0 ? 1 : a->rank;
  if (dim < -limit || dim >= limit)
    fk_op_fail(op, NN_INVALID, "provided dim %lld not in the range of input size %d.", (long long)dim, a->rank);
  fk_need_same_shape(op, a, o, "self and out");
  op->e->run.i[0] = dim < 0 ? dim + limit : dim;
  op->e->run.i[1] = logarithm;
}

API aclnnStatus aclnnSoftmaxGetWorkspaceSize(const aclTensor *self, int64_t dim, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Softmax, CALL_CHIPS);
  struct fk_view *a = fk_in(op, "self", self, FLOATS | F64), *o = fk_out(op, "out", out, FLOATS | F64);
  plan_softmax(op, a, o, dim, 0);
  FK_DONE(run_softmax, 0);
}
FK_PHASE2(Softmax)

API aclnnStatus aclnnLogSoftmaxGetWorkspaceSize(const aclTensor *self, int64_t dim, aclTensor *out, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(LogSoftmax, CTRAIN | C310P);
  struct fk_view *a = fk_in(op, "self", self, FLOATS | F64), *o = fk_out(op, "out", out, FLOATS | F64);
  plan_softmax(op, a, o, dim, 1);
  FK_DONE(run_softmax, 0);
}
FK_PHASE2(LogSoftmax)

// gradOutput - exp(output) * sum(gradOutput): docs of aclnnLogSoftmaxBackward. i[0] = dimension
static void run_log_softmax_backward(const struct fk_run *r) {
  const struct fk_view *v = &r->view[0];
  double *dy = nm_load(v), *y = nm_load(&r->view[1]);
  int64_t inner = 1, size = v->rank == 0 ? 1 : v->dims[r->i[0]], n = fk_elements(v);
  for (int k = (int)r->i[0] + 1; k < v->rank; k++)
    inner *= v->dims[k];
  for (int64_t row = 0; n > 0 && row < n / size; row++) {
    int64_t at = row / inner * size * inner + row % inner;
    double sum = 0;
    for (int64_t k = 0; k < size; k++)
      sum += dy[at + k * inner];
    for (int64_t k = 0; k < size; k++)
      dy[at + k * inner] -= exp(y[at + k * inner]) * sum;
  }
  nm_store(&r->view[2], dy);
  free(dy);
  free(y);
}

API aclnnStatus aclnnLogSoftmaxBackwardGetWorkspaceSize(const aclTensor *gradOutput, const aclTensor *output, int64_t dim, aclTensor *out,
                                                        uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(LogSoftmaxBackward, CTRAIN | C310P); // docs of aclnnLogSoftmaxBackward
  struct fk_view *dy = fk_in(op, "gradOutput", gradOutput, FLOATS), *y = fk_in(op, "output", output, FLOATS), *o = fk_out(op, "out", out, FLOATS);
  fk_need_dtype(op, y, dy->dtype, "output");
  fk_need_dtype(op, o, dy->dtype, "out");
  fk_need_same_shape(op, dy, y, "gradOutput and output");
  plan_softmax(op, dy, o, dim, 0);
  FK_DONE(run_log_softmax_backward, 0);
}
FK_PHASE2(LogSoftmaxBackward)
