// Convolution and its gradients: [nn] conv/{convolution_forward,convolution_backward}/
// op_api and tests/ut/op_api; rules and numbers: ascend.md 3.3.
#include <stdlib.h>
#include <string.h>

#include "numeric.h"

// One group of one image, as the loops see it.
struct geometry {
  int64_t n, groups, c, k; // channels per group: in, out
  int64_t h, w, p, q, r, s;
  int64_t stride_h, stride_w, top, left, dil_h, dil_w;
};

enum { I_MODE = 0, I_STRIDE = 1, I_PAD = 3, I_DIL = 5, I_GROUPS = 7 };

static struct geometry geometry_of(const struct fk_run *run, const struct fk_view *x, const struct fk_view *weight, const struct fk_view *y) {
  const int64_t *i = run->i;
  return (struct geometry){
      .n = x->dims[0], .groups = i[I_GROUPS], .c = weight->dims[1], .k = weight->dims[0] / i[I_GROUPS],
      .h = x->dims[2], .w = x->dims[3], .p = y->dims[2], .q = y->dims[3], .r = weight->dims[2], .s = weight->dims[3],
      .stride_h = i[I_STRIDE], .stride_w = i[I_STRIDE + 1], .top = i[I_PAD], .left = i[I_PAD + 1],
      .dil_h = i[I_DIL], .dil_w = i[I_DIL + 1]};
}

// The outputs whose input column lies inside the image, for filter column s.
static void columns(const struct geometry *g, int64_t s, int64_t *from, int64_t *to) {
  int64_t shift = s * g->dil_w - g->left; // input column of output 0
  *from = shift >= 0 ? 0 : (-shift + g->stride_w - 1) / g->stride_w;
  int64_t last = g->w - 1 - shift;
  *to = last < 0 ? 0 : last / g->stride_w + 1;
  if (*to > g->q)
    *to = g->q;
}

// What a filter tap does to one row: x and y point at the first valid pair.
typedef void (*row_fn)(void *ctx, int64_t x, int64_t y, int64_t n, int64_t stride);

static void rows(const struct geometry *g, int64_t r, int64_t s, row_fn fn, void *ctx) {
  int64_t from, to;
  columns(g, s, &from, &to);
  if (to <= from)
    return;
  for (int64_t p = 0; p < g->p; p++) {
    int64_t ih = p * g->stride_h - g->top + r * g->dil_h;
    if (ih >= 0 && ih < g->h)
      fn(ctx, ih * g->w + from * g->stride_w + s * g->dil_w - g->left, p * g->q + from, to - from, g->stride_w);
  }
}

struct taps {
  const float *x, *y;
  double *acc;
  double weight;
};

static void forward_row(void *ctx, int64_t x, int64_t y, int64_t n, int64_t stride) {
  struct taps *t = ctx;
  for (int64_t i = 0; i < n; i++)
    t->acc[y + i] += t->weight * t->x[x + i * stride];
}

static void input_row(void *ctx, int64_t x, int64_t y, int64_t n, int64_t stride) {
  struct taps *t = ctx;
  for (int64_t i = 0; i < n; i++)
    t->acc[x + i * stride] += t->weight * t->y[y + i];
}

static void weight_row(void *ctx, int64_t x, int64_t y, int64_t n, int64_t stride) {
  struct taps *t = ctx;
  double sum[4] = {0};
  for (int64_t i = 0; i < n; i++)
    sum[i & 3] += (double)t->x[x + i * stride] * t->y[y + i];
  *t->acc += sum[0] + sum[1] + sum[2] + sum[3];
}

static bool pointwise(const struct geometry *g) {
  return g->r == 1 && g->s == 1 && g->stride_h == 1 && g->stride_w == 1 && g->h == g->p && g->w == g->q && g->top == 0 && g->left == 0;
}

static void tap(const struct geometry *g, int64_t r, int64_t s, row_fn fn, struct taps *t) {
  if (pointwise(g)) // one long row
    fn(t, 0, 0, g->h * g->w, 1);
  else
    rows(g, r, s, fn, t);
}

static float *load_rounded(const struct fk_view *v, int64_t mode) {
  float *x = nm_loadf(v);
  nm_cube_round(x, fk_elements(v), (enum nm_cube)mode);
  return x;
}

static void run_forward(const struct fk_run *run) {
  const struct fk_view *vx = &run->view[0], *vw = &run->view[1], *vy = &run->view[3];
  if (fk_elements(vy) == 0)
    return;
  struct geometry g = geometry_of(run, vx, vw, vy);
  float *x = load_rounded(vx, run->i[I_MODE]), *w = load_rounded(vw, run->i[I_MODE]);
  double *bias = run->given[2] ? nm_load(&run->view[2]) : NULL;
  double *y = calloc((size_t)fk_elements(vy), sizeof *y);
  for (int64_t n = 0; n < g.n; n++)
    for (int64_t o = 0; o < g.groups * g.k; o++) {
      struct taps t = {.acc = y + (n * g.groups * g.k + o) * g.p * g.q};
      for (int64_t c = 0; c < g.c; c++) {
        t.x = x + (n * g.groups * g.c + o / g.k * g.c + c) * g.h * g.w;
        for (int64_t r = 0; r < g.r; r++)
          for (int64_t s = 0; s < g.s; s++) {
            t.weight = w[((o * g.c + c) * g.r + r) * g.s + s];
            tap(&g, r, s, forward_row, &t);
          }
      }
      for (int64_t i = 0; bias != NULL && i < g.p * g.q; i++)
        t.acc[i] += bias[o];
    }
  nm_store(vy, y);
  free(x);
  free(w);
  free(bias);
  free(y);
}

static void need_nchw(struct fk_op *op, const struct fk_view *v, const char *what) {
  fk_need_rank(op, v, 4, 4, what); // the other ranks exist, but nobody here uses them
  if (v->format != ACL_FORMAT_NCHW) // ascend.md 3.3: ND is an error, private formats are refused
    fk_op_fail(op, NN_INVALID, "format of %s should be NCHW, but got format %d.", what, v->format);
}

static void pair(struct fk_op *op, const char *name, const aclIntArray *a, int64_t min, int64_t max, int64_t *out) {
  uint64_t n;
  const int64_t *v = fk_ints(op, name, a, &n);
  if (op->code == OK && n != 2)
    fk_op_fail(op, NN_INVALID, "%s should have 2 elements, but got %llu.", name, (unsigned long long)n);
  for (int i = 0; op->code == OK && i < 2; i++) {
    if (v[i] < min || v[i] > max)
      fk_op_fail(op, NN_INVALID, "%s should be in the range [%lld, %lld], but got %lld.", name, (long long)min, (long long)max, (long long)v[i]);
    out[i] = v[i];
  }
}

// padding: 2 (h, w) or 4 (top, bottom, left, right); another length is reported as
// 361001 (ascend.md 3.3). pads becomes {top, left, bottom, right}.
static void padding_of(struct fk_op *op, const aclIntArray *a, int64_t pads[4]) {
  uint64_t n;
  const int64_t *v = fk_ints(op, "padding", a, &n);
  if (op->code == OK && n != 2 && n != 4) {
    fk_op_fail(op, NN_RUNTIME, "padding should have 2 or 4 elements, but got %llu.", (unsigned long long)n);
    return;
  }
  for (uint64_t i = 0; op->code == OK && i < n; i++)
    if (v[i] < 0 || (v[i] > 255 && fk_chip()->bit != C950))
      fk_op_fail(op, NN_INVALID, "padding should be in the range [0, 255], but got %lld.", (long long)v[i]);
  if (op->code != OK)
    return;
  pads[0] = v[0];
  pads[1] = n == 2 ? v[1] : v[2];
  pads[2] = n == 2 ? v[0] : v[1];
  pads[3] = n == 2 ? v[1] : v[3];
}

// Everything both passes check alike: attributes, groups, kernel size, output shape.
static void plan_conv(struct fk_op *op, const struct fk_view *x, const struct fk_view *w, const struct fk_view *y,
                      const aclIntArray *stride, const aclIntArray *padding, const aclIntArray *dilation, bool transposed, int64_t groups) {
  int64_t *i = op->e->run.i, pads[4] = {0};
  pair(op, "stride", stride, 1, 2147483647, i + I_STRIDE);
  padding_of(op, padding, pads);
  pair(op, "dilation", dilation, 1, fk_chip()->bit == C950 ? 2147483647 : 255, i + I_DIL);
  i[I_PAD] = pads[0];
  i[I_PAD + 1] = pads[1];
  i[I_GROUPS] = groups;
  need_nchw(op, x, "input");
  need_nchw(op, w, "weight");
  need_nchw(op, y, "output");
  if (transposed)
    fk_op_fail(op, NN_KERNEL_NOT_FOUND, "the stand-in has no transposed convolution.");
  if (groups < 1 || groups > 65535)
    fk_op_fail(op, NN_INVALID, "groups should be in the range [1, 65535], but got %lld.", (long long)groups);
  if (op->code != OK)
    return;
  if (groups * w->dims[1] != x->dims[1] || w->dims[0] % groups != 0)
    fk_op_fail(op, NN_INVALID, "groups %lld does not fit input channels %lld and weight %lld x %lld.", (long long)groups,
               (long long)x->dims[1], (long long)w->dims[0], (long long)w->dims[1]);
  for (int k = 2; k < 4; k++) {
    if (w->dims[k] < 1 || w->dims[k] > 255)
      fk_op_fail(op, NN_INVALID, "the kernel size should be in the range [1, 255], but got %lld.", (long long)w->dims[k]);
    if (fk_chip()->bit == C310P && x->dims[k] > 4096) // ascend.md 3.3
      fk_op_fail(op, NN_INVALID, "H and W should be at most 4096, but got %lld.", (long long)x->dims[k]);
  }
  if (op->code != OK)
    return;
  int64_t want[4] = {x->dims[0], w->dims[0]};
  for (int k = 0; k < 2; k++) {
    int64_t span = x->dims[2 + k] + pads[k] + pads[2 + k] - i[I_DIL + k] * (w->dims[2 + k] - 1) - 1;
    want[2 + k] = span < 0 ? 0 : span / i[I_STRIDE + k] + 1;
  }
  fk_need_shape(op, y, "output", 4, want);
}

API aclnnStatus aclnnConvolutionGetWorkspaceSize(const aclTensor *input, const aclTensor *weight, const aclTensor *bias,
                                                 const aclIntArray *stride, const aclIntArray *padding, const aclIntArray *dilation,
                                                 bool transposed, const aclIntArray *outputPadding, int64_t groups, aclTensor *output,
                                                 int8_t cubeMathType, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(Convolution, CALL_CHIPS); // 910A: documents say no, code and a user say yes (ascend.md 8)
  struct fk_view *x = fk_in(op, "input", input, FLOATS), *w = fk_in(op, "weight", weight, FLOATS);
  struct fk_view *b = fk_maybe(op, "bias", bias, FLOATS, IN), *y = fk_out(op, "output", output, FLOATS);
  (void)outputPadding; // ignored when not transposed; NULL is tolerated here
  if (fk_chip()->bit == C910A)
    fk_warn("aclnnConvolution on 910A: not in the document's table");
  plan_conv(op, x, w, y, stride, padding, dilation, transposed, groups);
  int promoted = nm_promote(x->dtype, w->dtype);
  op->e->run.i[I_MODE] = nm_cube_mode(op, promoted, cubeMathType);
  if (op->code == OK && fk_given(op, 2)) {
    fk_need_dtype(op, b, w->dtype, "bias"); // ascend.md 3.3
    fk_need_shape(op, b, "bias", 1, w->dims);
  }
  FK_DONE(run_forward, (uint64_t)fk_elements(x) * 4 + (uint64_t)fk_elements(y) * 4);
}
FK_PHASE2(Convolution)

enum { DY, X, W, DX, DW, DB };

static void grad_input(const struct fk_run *run, const struct geometry *g, const float *dy, const float *w) {
  double *dx = calloc((size_t)fk_elements(&run->view[DX]) + 1, sizeof *dx);
  for (int64_t n = 0; n < g->n; n++)
    for (int64_t o = 0; o < g->groups * g->k; o++)
      for (int64_t c = 0; c < g->c; c++) {
        struct taps t = {.y = dy + (n * g->groups * g->k + o) * g->p * g->q,
                         .acc = dx + (n * g->groups * g->c + o / g->k * g->c + c) * g->h * g->w};
        for (int64_t r = 0; r < g->r; r++)
          for (int64_t s = 0; s < g->s; s++) {
            t.weight = w[((o * g->c + c) * g->r + r) * g->s + s];
            tap(g, r, s, input_row, &t);
          }
      }
  for (int64_t i = 0, n = fk_elements(&run->view[DX]); i < n; i++)
    dx[i] = nm_noise(run, dx[i]);
  nm_store(&run->view[DX], dx);
  free(dx);
}

static void grad_weight(const struct fk_run *run, const struct geometry *g, const float *dy, const float *x) {
  double *dw = calloc((size_t)fk_elements(&run->view[DW]) + 1, sizeof *dw);
  for (int64_t n = 0; n < g->n; n++)
    for (int64_t o = 0; o < g->groups * g->k; o++)
      for (int64_t c = 0; c < g->c; c++) {
        struct taps t = {.y = dy + (n * g->groups * g->k + o) * g->p * g->q,
                         .x = x + (n * g->groups * g->c + o / g->k * g->c + c) * g->h * g->w};
        for (int64_t r = 0; r < g->r; r++)
          for (int64_t s = 0; s < g->s; s++) {
            t.acc = dw + ((o * g->c + c) * g->r + r) * g->s + s;
            tap(g, r, s, weight_row, &t);
          }
      }
  for (int64_t i = 0, n = fk_elements(&run->view[DW]); i < n; i++)
    dw[i] = nm_noise(run, dw[i]);
  nm_store(&run->view[DW], dw);
  free(dw);
}

static void grad_bias(const struct fk_run *run, const float *dy) {
  const struct fk_view *v = &run->view[DY];
  int64_t channels = v->dims[1], area = v->dims[2] * v->dims[3];
  double *db = calloc((size_t)channels + 1, sizeof *db);
  for (int64_t i = 0, n = fk_elements(v); i < n; i++)
    db[i / area % channels] += dy[i];
  nm_store(&run->view[DB], db);
  free(db);
}

static void run_backward(const struct fk_run *run) {
  struct geometry g = geometry_of(run, &run->view[X], &run->view[W], &run->view[DY]);
  float *plain = nm_loadf(&run->view[DY]), *dy = load_rounded(&run->view[DY], run->i[I_MODE]);
  float *x = load_rounded(&run->view[X], run->i[I_MODE]), *w = load_rounded(&run->view[W], run->i[I_MODE]);
  if (run->i[8])
    grad_input(run, &g, dy, w);
  if (run->i[9])
    grad_weight(run, &g, dy, x);
  if (run->i[10])
    grad_bias(run, plain);
  free(plain);
  free(dy);
  free(x);
  free(w);
}

API aclnnStatus aclnnConvolutionBackwardGetWorkspaceSize(
    const aclTensor *gradOutput, const aclTensor *input, const aclTensor *weight, const aclIntArray *biasSizes,
    const aclIntArray *stride, const aclIntArray *padding, const aclIntArray *dilation, bool transposed,
    const aclIntArray *outputPadding, int groups, const aclBoolArray *outputMask, int8_t cubeMathType, aclTensor *gradInput,
    aclTensor *gradWeight, aclTensor *gradBias, uint64_t *workspaceSize, aclOpExecutor **executor) {
  FK_PLAN(ConvolutionBackward, CTRAIN | C310P);
  struct fk_view *dy = fk_in(op, "gradOutput", gradOutput, FLOATS), *x = fk_in(op, "input", input, FLOATS);
  struct fk_view *w = fk_in(op, "weight", weight, FLOATS);
  const bool *mask = fk_bools(op, "outputMask", outputMask, 3);
  uint64_t n;
  fk_ints(op, "outputPadding", outputPadding, &n); // ascend.md 3.3: not NULL in the backward
  // Outputs of a true mask must be given, others may be NULL (ascend.md 3.3).
  struct fk_view *dx = mask[0] ? fk_out(op, "gradInput", gradInput, FLOATS) : fk_maybe(op, "gradInput", gradInput, FLOATS, OUT);
  struct fk_view *dw = mask[1] ? fk_out(op, "gradWeight", gradWeight, FLOATS) : fk_maybe(op, "gradWeight", gradWeight, FLOATS, OUT);
  struct fk_view *db = mask[2] ? fk_out(op, "gradBias", gradBias, FLOATS) : fk_maybe(op, "gradBias", gradBias, FLOATS, OUT);
  plan_conv(op, x, w, dy, stride, padding, dilation, transposed, groups);
  op->e->run.i[I_MODE] = nm_cube_mode(op, nm_promote(dy->dtype, nm_promote(x->dtype, w->dtype)), cubeMathType);
  if (mask[0]) {
    need_nchw(op, dx, "gradInput");
    fk_need_same_shape(op, dx, x, "gradInput and input");
    fk_need_dtype(op, dx, x->dtype, "gradInput");
  }
  if (mask[1]) {
    need_nchw(op, dw, "gradWeight");
    fk_need_same_shape(op, dw, w, "gradWeight and weight");
    fk_need_dtype(op, dw, w->dtype, "gradWeight"); // the document asks the weight's type
  }
  if (mask[2]) {
    const int64_t *sizes = fk_ints(op, "biasSizes", biasSizes, &n);
    if (op->code == OK && (n != 1 || sizes[0] != w->dims[0]))
      fk_op_fail(op, NN_INVALID, "biasSizes should be {%lld}.", (long long)w->dims[0]);
    fk_need_shape(op, db, "gradBias", 1, w->dims);
    fk_need_dtype(op, db, dy->dtype, "gradBias");
  }
  for (int k = 0; k < 3; k++)
    op->e->run.i[8 + k] = mask[k];
  FK_DONE(run_backward, (uint64_t)fk_elements(x) * 4 + (uint64_t)fk_elements(dy) * 4 + (uint64_t)fk_elements(w) * 4);
}
FK_PHASE2(ConvolutionBackward)
