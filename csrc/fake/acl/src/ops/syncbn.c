// The split batch norm operators: [math] math/reduce_std_with_mean/op_api/aclnn_batch_norm_stats.cpp,
// [nn] norm/sync_batch_norm_backward_{reduce,elemt}/op_api. Chips: A2, A3, 950, 910A (ascend.md 3.1).
#include <math.h>
#include <stdlib.h>

#include "numeric.h"

static int64_t inner_of(const struct fk_view *v) {
  int64_t n = 1;
  for (int k = 2; k < v->rank; k++)
    n *= v->dims[k];
  return n;
}

static void need_images(struct fk_op *op, const struct fk_view *v, const char *what) {
  fk_need_rank(op, v, 2, 8, what);
  if (v->format != ACL_FORMAT_NCHW && v->format != ACL_FORMAT_ND && v->format != 47 && v->format != 30)
    fk_op_fail(op, NN_INVALID, "Format of %s only support ND, NCHW, NCL, NCDHW.", what);
  if (v->rank >= 2 && v->dims[1] == 0)
    fk_op_fail(op, NN_INVALID, "channel size of %s should not be zero.", what);
}

static void need_channels(struct fk_op *op, const struct fk_view *v, const struct fk_view *x, const char *what) {
  if (op->code == OK)
    fk_need_shape(op, v, what, 1, &x->dims[1]);
}

#ifdef LIB_MATH
// mean, and 1/sqrt(biased variance + eps)
static void run_stats(const struct fk_run *r) {
  const struct fk_view *v = &r->view[0];
  double *x = nm_load(v);
  int64_t channels = v->dims[1], inner = inner_of(v), n = fk_elements(v);
  double *mean = calloc((size_t)channels, sizeof *mean), *inv = calloc((size_t)channels, sizeof *inv);
  double count = (double)(v->dims[0] * inner);
  for (int64_t i = 0; i < n; i++)
    mean[i / inner % channels] += x[i] / count;
  for (int64_t i = 0; i < n; i++) {
    double d = x[i] - mean[i / inner % channels];
    inv[i / inner % channels] += d * d / count;
  }
  for (int64_t c = 0; c < channels; c++)
    inv[c] = 1 / sqrt(inv[c] + (float)r->d[0]);
  nm_store(&r->view[1], mean);
  nm_store(&r->view[2], inv);
  free(x);
  free(mean);
  free(inv);
}

API aclnnStatus aclnnBatchNormStatsGetWorkspaceSize(const aclTensor *input, double eps, aclTensor *mean, aclTensor *invstd,
                                                    uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(BatchNormStats, CTRAIN);
  struct fk_view *x = fk_in(op, "input", input, FLOATS), *m = fk_out(op, "mean", mean, F32), *i = fk_out(op, "invstd", invstd, F32);
  need_images(op, x, "input");
  need_channels(op, m, x, "mean");
  need_channels(op, i, x, "invstd");
  op->e->run.d[0] = eps;
  FK_DONE(run_stats, (uint64_t)fk_elements(x) * 4);
}
FK_PHASE2(BatchNormStats)

#else

enum { DY, X, MEAN, INVSTD, WEIGHT, SUM_DY, SUM_DY_XMU, DW, DB };

// sumDy = sum dy; sumDyXmu = sum dy (x - mean); gradWeight = sumDyXmu invstd; gradBias = sumDy
static void run_reduce(const struct fk_run *r) {
  const struct fk_view *v = &r->view[X];
  double *dy = nm_load(&r->view[DY]), *x = nm_load(v), *mean = nm_load(&r->view[MEAN]), *inv = nm_load(&r->view[INVSTD]);
  int64_t channels = v->dims[1], inner = inner_of(v), n = fk_elements(v);
  double *sum = calloc((size_t)channels, sizeof *sum), *xmu = calloc((size_t)channels, sizeof *xmu);
  for (int64_t i = 0; i < n; i++) {
    int64_t c = i / inner % channels;
    sum[c] += dy[i];
    xmu[c] += dy[i] * (x[i] - mean[c]);
  }
  if (r->i[0]) {
    nm_store(&r->view[SUM_DY], sum);
    nm_store(&r->view[SUM_DY_XMU], xmu);
  }
  if (r->i[2])
    nm_store(&r->view[DB], sum);
  for (int64_t c = 0; c < channels; c++)
    xmu[c] *= inv[c];
  if (r->i[1])
    nm_store(&r->view[DW], xmu);
  free(dy), free(x), free(mean), free(inv), free(sum), free(xmu);
}

static struct fk_view *wanted(struct fk_op *op, const char *name, const aclTensor *t, bool want) {
  return want ? fk_out(op, name, t, FLOATS) : fk_maybe(op, name, t, FLOATS, OUT);
}

API aclnnStatus aclnnBatchNormReduceBackwardGetWorkspaceSize(const aclTensor *gradOut, const aclTensor *input, const aclTensor *mean,
                                                             const aclTensor *invstd, const aclTensor *weight, const bool inputG,
                                                             const bool weightG, const bool biasG, aclTensor *sumDy, aclTensor *sumDyXmu,
                                                             aclTensor *gradWeight, aclTensor *gradBias, uint64_t *workspaceSize,
                                                             aclOpExecutor **executor) {
  FK_PLAN(BatchNormReduceBackward, CTRAIN);
  struct fk_view *dy = fk_in(op, "gradOut", gradOut, FLOATS), *x = fk_in(op, "input", input, FLOATS);
  struct fk_view *params[3] = {fk_in(op, "mean", mean, FLOATS), fk_in(op, "invstd", invstd, FLOATS), fk_in(op, "weight", weight, FLOATS)};
  struct fk_view *outs[4] = {wanted(op, "sumDy", sumDy, inputG), wanted(op, "sumDyXmu", sumDyXmu, inputG),
                             wanted(op, "gradWeight", gradWeight, weightG), wanted(op, "gradBias", gradBias, biasG)};
  need_images(op, x, "input");
  fk_need_same_shape(op, dy, x, "gradOut and input");
  fk_need_dtype(op, dy, x->dtype, "gradOut");
  if (op->code == OK && dy->format != x->format)
    fk_op_fail(op, NN_INVALID, "Format of gradOut and input should be equal.");
  for (int k = 0; k < 3; k++)
    need_channels(op, params[k], x, op->e->operand[MEAN + k].name);
  for (int k = 0; k < 4; k++)
    if (fk_given(op, SUM_DY + k))
      need_channels(op, outs[k], x, op->e->operand[SUM_DY + k].name);
  op->e->run.i[0] = inputG;
  op->e->run.i[1] = weightG;
  op->e->run.i[2] = biasG;
  FK_DONE(run_reduce, (uint64_t)fk_elements(x) * 8);
}
FK_PHASE2(BatchNormReduceBackward)

enum { E_WEIGHT = 4, E_SUM_DY, E_SUM_DY_XMU, E_COUNT, E_DX };

// dx = (dy - sumDy/m - (x - mean) invstd^2 sumDyXmu/m) invstd weight, m = sum of the counters
static void run_elemt(const struct fk_run *r) {
  const struct fk_view *v = &r->view[X];
  double *dy = nm_load(&r->view[DY]), *x = nm_load(v), *mean = nm_load(&r->view[MEAN]), *inv = nm_load(&r->view[INVSTD]);
  double *sum = nm_load(&r->view[E_SUM_DY]), *xmu = nm_load(&r->view[E_SUM_DY_XMU]), *counts = nm_load(&r->view[E_COUNT]);
  double *weight = r->given[E_WEIGHT] ? nm_load(&r->view[E_WEIGHT]) : NULL;
  int64_t channels = v->dims[1], inner = inner_of(v), n = fk_elements(v);
  double m = 0;
  for (int64_t k = 0; k < fk_elements(&r->view[E_COUNT]); k++)
    m += counts[k];
  for (int64_t i = 0; i < n; i++) {
    int64_t c = i / inner % channels;
    double centred = dy[i] - sum[c] / m - (x[i] - mean[c]) * inv[c] * inv[c] * xmu[c] / m;
    x[i] = centred * inv[c] * (weight != NULL ? weight[c] : 1);
  }
  nm_store(&r->view[E_DX], x);
  free(dy), free(x), free(mean), free(inv), free(sum), free(xmu), free(counts), free(weight);
}

API aclnnStatus aclnnBatchNormElemtBackwardGetWorkspaceSize(const aclTensor *gradOut, const aclTensor *input, const aclTensor *mean,
                                                            const aclTensor *invstd, const aclTensor *weight, const aclTensor *sumDy,
                                                            const aclTensor *sumDyXmu, aclTensor *counter, aclTensor *gradInput,
                                                            uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(BatchNormElemtBackward, CTRAIN);
  struct fk_view *dy = fk_in(op, "gradOut", gradOut, FLOATS), *x = fk_in(op, "input", input, FLOATS);
  struct fk_view *m = fk_in(op, "mean", mean, FLOATS), *i = fk_in(op, "invstd", invstd, FLOATS);
  struct fk_view *w = fk_maybe(op, "weight", weight, FLOATS, IN);
  struct fk_view *s = fk_in(op, "sumDy", sumDy, FLOATS), *sx = fk_in(op, "sumDyXmu", sumDyXmu, FLOATS);
  fk_in(op, "counter", counter, F32 | F16 | I32); // COUNTER_DTYPE_SUPPORT_LIST
  struct fk_view *dx = fk_out(op, "gradInput", gradInput, FLOATS);
  need_images(op, x, "input");
  need_images(op, dy, "gradOut");
  need_images(op, dx, "gradInput");
  fk_need_same_shape(op, dy, x, "gradOut and input");
  fk_need_same_shape(op, dx, x, "gradInput and input");
  need_channels(op, m, x, "mean");
  need_channels(op, i, x, "invstd");
  if (fk_given(op, E_WEIGHT))
    need_channels(op, w, x, "weight");
  need_channels(op, s, x, "sumDy");
  need_channels(op, sx, x, "sumDyXmu");
  FK_DONE(run_elemt, (uint64_t)fk_elements(x) * 8);
}
FK_PHASE2(BatchNormElemtBackward)
#endif
