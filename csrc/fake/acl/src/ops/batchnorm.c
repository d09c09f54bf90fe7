// BatchNorm and its gradient: [nn] norm/{batch_norm_v3,batch_norm_grad_v3}/op_host/op_api
// and their unit tests; ascend.md 3.4.
//
// What saveInvstd holds is the library's own affair: the batch variance on all chips
// but 950, where it is the inverse standard deviation (ascend.md 3.4, 8). Whoever
// reads it as one of the two is found out here.
#include <math.h>
#include <stdlib.h>

#include "numeric.h"

struct shape {
  int64_t n, c, inner; // batch, channels, elements per channel and image
};

static struct shape shape_of(const struct fk_view *v) {
  struct shape s = {v->dims[0], v->dims[1], 1};
  for (int k = 2; k < v->rank; k++)
    s.inner *= v->dims[k];
  return s;
}

static int64_t at(struct shape s, int64_t n, int64_t c) { return (n * s.c + c) * s.inner; }

// Mean and biased variance of one channel, in two passes.
static void moments(const double *x, struct shape s, int64_t c, double *mean, double *var) {
  double sum = 0, square = 0, count = (double)(s.n * s.inner);
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t i = 0; i < s.inner; i++)
      sum += x[at(s, n, c) + i];
  *mean = sum / count;
  for (int64_t n = 0; n < s.n; n++)
    for (int64_t i = 0; i < s.inner; i++) {
      double d = x[at(s, n, c) + i] - *mean;
      square += d * d;
    }
  *var = square / count;
}

static bool keeps_variance(void) { return fk_chip()->bit != C950; }

enum { X, GAMMA, BETA, RUN_MEAN, RUN_VAR, Y, MEAN, INVSTD };
enum { TRAINING = 0 };

static double *load_or(const struct fk_run *r, int which, int64_t n, double otherwise) {
  if (r->given[which])
    return nm_load(&r->view[which]);
  double *a = malloc((size_t)(n + 1) * sizeof *a);
  for (int64_t i = 0; i < n; i++)
    a[i] = otherwise;
  return a;
}

// d[0] = momentum, d[1] = eps
static void run_forward(const struct fk_run *r) {
  struct shape s = shape_of(&r->view[X]);
  double *x = nm_load(&r->view[X]), *gamma = load_or(r, GAMMA, s.c, 1), *beta = load_or(r, BETA, s.c, 0);
  double *rm = load_or(r, RUN_MEAN, s.c, 0), *rv = load_or(r, RUN_VAR, s.c, 1);
  double *mean = malloc((size_t)(s.c + 1) * sizeof *mean), *kept = malloc((size_t)(s.c + 1) * sizeof *kept);
  double count = (double)(s.n * s.inner), m = r->d[0], eps = (float)r->d[1]; // eps is narrowed to float
  for (int64_t c = 0; c < s.c; c++) {
    double var = rv[c];
    mean[c] = rm[c];
    if (r->i[TRAINING]) {
      moments(x, s, c, &mean[c], &var);
      mean[c] = nm_noise(r, mean[c]);
      // The running variance is unbiased; with a single value its factor is 0.
      double unbiased = count > 1 ? var * count / (count - 1) : 0;
      rm[c] = (1 - m) * rm[c] + m * mean[c];
      rv[c] = (1 - m) * rv[c] + m * unbiased;
    }
    double inv = 1 / sqrt(var + eps);
    kept[c] = keeps_variance() ? var : inv;
    for (int64_t n = 0; n < s.n; n++)
      for (int64_t i = 0; i < s.inner; i++)
        x[at(s, n, c) + i] = (x[at(s, n, c) + i] - mean[c]) * inv * gamma[c] + beta[c];
  }
  nm_store(&r->view[Y], x);
  if (r->i[TRAINING]) { // inference writes neither the running values nor the saves
    if (r->given[RUN_MEAN])
      nm_store(&r->view[RUN_MEAN], rm);
    if (r->given[RUN_VAR])
      nm_store(&r->view[RUN_VAR], rv);
    nm_store(&r->view[MEAN], mean);
    nm_store(&r->view[INVSTD], kept);
  }
  free(x), free(gamma), free(beta), free(rm), free(rv), free(mean), free(kept);
}

// Ranks 2 to 8; tags NC, NCL, NCHW, NCDHW or ND, with rank 5 only NCDHW
// (aclnn_batch_norm.cpp CheckFormat; NHWC exists on 950 only).
static void need_format(struct fk_op *op, const struct fk_view *v, const char *what) {
  fk_need_rank(op, v, 2, 8, what);
  bool known = v->format == ACL_FORMAT_NCHW || v->format == ACL_FORMAT_ND || v->format == 35 || v->format == 47 || v->format == 30;
  if (!known || (v->rank == 5 && v->format != 30))
    fk_op_fail(op, NN_INVALID, "Format of %s only support ND, NCL, NCHW, NCDHW, but got %d.", what, v->format);
}

static void need_channels(struct fk_op *op, const struct fk_view *v, bool given, const struct fk_view *x, const char *what) {
  if (given && op->code == OK)
    fk_need_shape(op, v, what, 1, &x->dims[1]);
}

// The types of the parameters: the code takes every supported type, the A2 document
// of the backward asks for the type of the gradient; torch_npu runs the mix of
// float16 with float32 parameters (ascend.md 3.4, 8). Allowed, and counted.
static void note_mixed(const struct fk_op *op, const struct fk_view *x, const struct fk_view *param, bool given) {
  if (given && param->dtype != x->dtype && param->dtype != ACL_FLOAT)
    fk_warn("aclnn%s: input %s with parameters %s", op->name, fk_dtype_name(x->dtype), fk_dtype_name(param->dtype));
}

API aclnnStatus aclnnBatchNormGetWorkspaceSize(const aclTensor *input, const aclTensor *weight, const aclTensor *bias,
                                               aclTensor *runningMean, aclTensor *runningVar, bool training, double momentum, double eps,
                                               aclTensor *output, aclTensor *saveMean, aclTensor *saveInvstd, uint64_t *workspaceSize,
                                               aclOpExecutor **executor) {
  FK_PLAN(BatchNorm, CTRAIN | C310P);
  struct fk_view *x = fk_in(op, "input", input, FLOATS);
  struct fk_view *params[4] = {
      fk_maybe(op, "weight", weight, FLOATS, IN), fk_maybe(op, "bias", bias, FLOATS, IN),
      fk_maybe(op, "runningMean", runningMean, FLOATS, IN), fk_maybe(op, "runningVar", runningVar, FLOATS, IN)};
  struct fk_view *y = fk_out(op, "output", output, FLOATS);
  struct fk_view *mean = fk_out(op, "saveMean", saveMean, FLOATS), *invstd = fk_out(op, "saveInvstd", saveInvstd, FLOATS);
  op->e->operand[RUN_MEAN].also_out = op->e->operand[RUN_VAR].also_out = training;
  need_format(op, x, "input");
  if (op->code == OK && x->format != y->format)
    fk_op_fail(op, NN_INVALID, "Format of input and output should be equal.");
  fk_need_same_shape(op, x, y, "input and output");
  for (int k = 0; k < 4; k++) {
    need_channels(op, params[k], fk_given(op, GAMMA + k), x, op->e->operand[GAMMA + k].name);
    note_mixed(op, x, params[k], fk_given(op, GAMMA + k));
  }
  need_channels(op, mean, true, x, "saveMean");
  need_channels(op, invstd, true, x, "saveInvstd");
  if (op->code == OK && !training && (!fk_given(op, RUN_MEAN) || !fk_given(op, RUN_VAR)))
    fk_op_fail(op, NN_NULLPTR, "runningMean and runningVar must not be null for inference.");
  op->e->run.i[TRAINING] = training;
  op->e->run.d[0] = momentum;
  op->e->run.d[1] = eps;
  FK_DONE(run_forward, (uint64_t)fk_elements(x) * 4);
}
FK_PHASE2(BatchNorm)

enum { B_DY, B_X, B_GAMMA, B_RUN_MEAN, B_RUN_VAR, B_MEAN, B_INVSTD, B_DX, B_DGAMMA, B_DBETA };

// xhat = (x - mean) * inv; dgamma = sum dy xhat; dbeta = sum dy;
// dx = gamma inv (dy - dbeta/m - xhat dgamma/m) in training, gamma inv dy otherwise.
static void run_backward(const struct fk_run *r) {
  struct shape s = shape_of(&r->view[B_X]);
  bool training = r->i[TRAINING] != 0;
  double *x = nm_load(&r->view[B_X]), *dy = nm_load(&r->view[B_DY]), *gamma = load_or(r, B_GAMMA, s.c, 1);
  double *mean = load_or(r, training ? B_MEAN : B_RUN_MEAN, s.c, 0), *kept = load_or(r, training ? B_INVSTD : B_RUN_VAR, s.c, 1);
  double *dgamma = calloc((size_t)s.c + 1, sizeof *dgamma), *dbeta = calloc((size_t)s.c + 1, sizeof *dbeta);
  double count = (double)(s.n * s.inner), eps = (float)r->d[0];
  for (int64_t c = 0; c < s.c; c++) {
    double inv = training && !keeps_variance() ? kept[c] : 1 / sqrt(kept[c] + eps);
    for (int64_t n = 0; n < s.n; n++)
      for (int64_t i = 0; i < s.inner; i++) {
        int64_t k = at(s, n, c) + i;
        x[k] = (x[k] - mean[c]) * inv;
        dgamma[c] += dy[k] * x[k];
        dbeta[c] += dy[k];
      }
    dgamma[c] = nm_noise(r, dgamma[c]);
    for (int64_t n = 0; n < s.n; n++)
      for (int64_t i = 0; i < s.inner; i++) {
        int64_t k = at(s, n, c) + i;
        double centred = training ? dy[k] - dbeta[c] / count - x[k] * dgamma[c] / count : dy[k];
        x[k] = gamma[c] * inv * centred;
      }
  }
  if (r->i[1])
    nm_store(&r->view[B_DX], x);
  if (r->i[2])
    nm_store(&r->view[B_DGAMMA], dgamma);
  if (r->i[3])
    nm_store(&r->view[B_DBETA], dbeta);
  free(x), free(dy), free(gamma), free(mean), free(kept), free(dgamma), free(dbeta);
}

API aclnnStatus aclnnBatchNormBackwardGetWorkspaceSize(
    const aclTensor *gradOut, const aclTensor *input, const aclTensor *weight, const aclTensor *runningMean, const aclTensor *runningVar,
    const aclTensor *saveMean, const aclTensor *saveInvstd, bool training, double eps, const aclBoolArray *outputMask, aclTensor *gradInput,
    aclTensor *gradWeight, aclTensor *gradBias, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(BatchNormBackward, CTRAIN); // not on 310P, 310B: ascend.md 3.2
  struct fk_view *dy = fk_in(op, "gradOut", gradOut, FLOATS), *x = fk_in(op, "input", input, FLOATS);
  static const char *const names[] = {"weight", "runningMean", "runningVar", "saveMean", "saveInvstd"};
  const aclTensor *const params[] = {weight, runningMean, runningVar, saveMean, saveInvstd};
  for (int k = 0; k < 5; k++) {
    struct fk_view *v = fk_maybe(op, names[k], params[k], FLOATS, IN);
    need_channels(op, v, fk_given(op, B_GAMMA + k), x, names[k]);
    note_mixed(op, x, v, fk_given(op, B_GAMMA + k));
  }
  const bool *mask = fk_bools(op, "outputMask", outputMask, 3);
  struct fk_view *dx = mask[0] ? fk_out(op, "gradInput", gradInput, FLOATS) : fk_maybe(op, "gradInput", gradInput, FLOATS, OUT);
  struct fk_view *dg = mask[1] ? fk_out(op, "gradWeight", gradWeight, FLOATS) : fk_maybe(op, "gradWeight", gradWeight, FLOATS, OUT);
  struct fk_view *db = mask[2] ? fk_out(op, "gradBias", gradBias, FLOATS) : fk_maybe(op, "gradBias", gradBias, FLOATS, OUT);
  need_format(op, x, "input");
  need_format(op, dy, "gradOut");
  fk_need_same_shape(op, dy, x, "gradOut and input");
  fk_need_dtype(op, dy, x->dtype, "gradOut");
  if (mask[0])
    fk_need_same_shape(op, dx, x, "gradInput and input");
  need_channels(op, dg, mask[1], x, "gradWeight");
  need_channels(op, db, mask[2], x, "gradBias");
  int first = training ? B_MEAN : B_RUN_MEAN;
  if (op->code == OK && (!fk_given(op, first) || !fk_given(op, first + 1)))
    fk_op_fail(op, NN_NULLPTR, "%s and %s must not be null here.", names[first - B_GAMMA], names[first + 1 - B_GAMMA]);
  op->e->run.i[TRAINING] = training;
  for (int k = 0; k < 3; k++)
    op->e->run.i[1 + k] = mask[k];
  op->e->run.d[0] = eps;
  FK_DONE(run_backward, (uint64_t)fk_elements(x) * 4);
}
FK_PHASE2(BatchNormBackward)
