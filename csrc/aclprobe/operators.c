//go:build cgo && linux

/* Misuse of operators: the two phases, and arguments that are refused. */
#include "probes.h"

#define VEC(data, dtype, n) mnv2_probe_vector(t, data, dtype, n)
#define NUMBER(x) mnv2_probe_scalar(t, x)
#define TWO(a, b) mnv2_probe_two(t, a, b)

/* An Add of 8 numbers, planned. */
struct add {
  char *data, *workspace;
  aclTensor *a, *b, *out;
  aclScalar *one;
  uint64_t n;
  aclOpExecutor *executor;
};

static struct add planned(mnv2_probe_notes *t) {
  struct add s = {.data = mnv2_probe_memory(t, 4096), .one = NUMBER(1)};
  s.a = VEC(s.data, ACL_FLOAT, 8), s.b = VEC(s.data + 512, ACL_FLOAT, 8), s.out = VEC(s.data + 1024, ACL_FLOAT, 8);
  int rc = F(aclnnAddGetWorkspaceSize)(s.a, s.b, s.one, s.out, &s.n, &s.executor);
  if (rc != 0) {
    mnv2_probe_note(t, "aclnnAddGetWorkspaceSize", rc, 0);
    longjmp(t->missing, 1);
  }
  s.workspace = mnv2_probe_memory(t, s.n + 32);
  return s;
}

static int queue(mnv2_probe_notes *t, struct add *s) { return F(aclnnAdd)(s->workspace, s->n, s->executor, t->stream); }

void mnv2_probe_executor_twice(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(0, "the second phase", queue(t, &s));
  SAYS(561000, "the second phase again with the same executor", queue(t, &s));
}

void mnv2_probe_executor_destroyed_after(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(0, "the second phase", queue(t, &s));
  SAYS(561000, "aclDestroyAclOpExecutor after it", F(aclDestroyAclOpExecutor)(s.executor));
}

void mnv2_probe_executor_destroyed_twice(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(0, "aclDestroyAclOpExecutor of one never run", F(aclDestroyAclOpExecutor)(s.executor));
  SAYS(561000, "aclDestroyAclOpExecutor again", F(aclDestroyAclOpExecutor)(s.executor));
}

void mnv2_probe_executor_null(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(161001, "the second phase without an executor", F(aclnnAdd)(s.workspace, s.n, NULL, t->stream));
  SAYS(561103, "aclDestroyAclOpExecutor(NULL)", F(aclDestroyAclOpExecutor)(NULL));
}

void mnv2_probe_executor_of_another(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(561000, "the second phase of Mul with a plan of Add", F(aclnnMul)(s.workspace, s.n, s.executor, t->stream));
}

void mnv2_probe_workspace_null(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(1, "Add wants workspace", s.n > 0);
  SAYS(161001, "the second phase without workspace", F(aclnnAdd)(NULL, s.n, s.executor, t->stream));
}

void mnv2_probe_workspace_small(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(161002, "the second phase with a byte less than was asked for", F(aclnnAdd)(s.workspace, s.n - 1, s.executor, t->stream));
}

void mnv2_probe_arguments_gone(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(0, "aclDestroyTensor between the phases", F(aclDestroyTensor)(s.b));
  SAYS(561103, "the second phase", queue(t, &s));
}

void mnv2_probe_host_address(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  static float host[64];
  SAYS(0, "aclSetRawTensorAddr to memory of the host", F(aclSetRawTensorAddr)(s.a, host));
  SAYS(0, "the second phase", queue(t, &s));
  SAYS(507015, "aclrtSynchronizeStream", F(aclrtSynchronizeStream)(t->stream));
}

void mnv2_probe_unaligned(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(0, "aclSetRawTensorAddr to an odd address", F(aclSetRawTensorAddr)(s.a, s.data + 4));
  SAYS(0, "the second phase", queue(t, &s));
  SAYS(0, "aclrtSynchronizeStream, which the stand-in lets pass as misuse", F(aclrtSynchronizeStream)(t->stream));
}

void mnv2_probe_repeatable(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  SAYS(0, "aclSetAclOpExecutorRepeatable of Add", F(aclSetAclOpExecutorRepeatable)(s.executor));
  SAYS(0, "the second phase", queue(t, &s));
  SAYS(0, "aclSetOutputTensorAddr(0)", F(aclSetOutputTensorAddr)(s.executor, 0, s.out, s.data + 2048));
  SAYS(0, "the second phase again", queue(t, &s));
  SAYS(0, "aclrtSynchronizeStream", F(aclrtSynchronizeStream)(t->stream));
  SAYS(161002, "aclSetInputTensorAddr(2) of an operator with two inputs", F(aclSetInputTensorAddr)(s.executor, 2, s.a, s.data));
  SAYS(161002, "aclSetInputTensorAddr(0) with another tensor", F(aclSetInputTensorAddr)(s.executor, 0, s.b, s.data));
  SAYS(0, "aclDestroyAclOpExecutor", F(aclDestroyAclOpExecutor)(s.executor));
}

void mnv2_probe_not_repeatable(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  struct add s = planned(t);
  uint64_t n;
  aclOpExecutor *e;
  SAYS(0, "aclnnInplaceCopyGetWorkspaceSize", F(aclnnInplaceCopyGetWorkspaceSize)(s.a, s.b, &n, &e));
  SAYS(561000, "aclSetAclOpExecutorRepeatable of InplaceCopy", F(aclSetAclOpExecutorRepeatable)(e));
  aclTensor *labels = VEC(s.data, ACL_INT32, 2), *on = VEC(s.data + 512, ACL_FLOAT, 1), *off = VEC(s.data + 1024, ACL_FLOAT, 1);
  int64_t dims[2] = {2, 4};
  aclTensor *out = mnv2_probe_tensor(t, s.data + 2048, ACL_FLOAT, ACL_FORMAT_ND, 2, dims);
  SAYS(0, "aclnnOneHotGetWorkspaceSize", F(aclnnOneHotGetWorkspaceSize)(labels, 4, on, off, -1, out, &n, &e));
  SAYS(561000, "aclSetAclOpExecutorRepeatable of OneHot", F(aclSetAclOpExecutorRepeatable)(e));
}

void mnv2_probe_elementwise_arguments(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  char *p = mnv2_probe_memory(t, 4096);
  uint64_t n;
  aclOpExecutor *e;
  aclScalar *one = NUMBER(1);
  aclTensor *f8 = VEC(p, ACL_FLOAT, 8), *f4 = VEC(p, ACL_FLOAT, 4), *i8 = VEC(p, ACL_INT32, 8);
  SAYS(161001, "Add without other", F(aclnnAddGetWorkspaceSize)(f8, NULL, one, f8, &n, &e));
  SAYS(161001, "Add without alpha", F(aclnnAddGetWorkspaceSize)(f8, f8, NULL, f8, &n, &e));
  SAYS(161002, "Add of 8 and 4 numbers", F(aclnnAddGetWorkspaceSize)(f8, f4, one, f8, &n, &e));
  SAYS(161002, "Add of 8 numbers into 4", F(aclnnAddGetWorkspaceSize)(f8, f8, one, f4, &n, &e));
  SAYS(161002, "Add of FLOAT into INT32", F(aclnnAddGetWorkspaceSize)(f8, f8, one, i8, &n, &e));
  SAYS(161002, "Hardtanh from 6 to 0", F(aclnnHardtanhGetWorkspaceSize)(f8, NUMBER(6), NUMBER(0), f8, &n, &e));
  SAYS(161002, "Softmax over dimension 1 of a vector", F(aclnnSoftmaxGetWorkspaceSize)(f8, 1, f8, &n, &e));
  SAYS(161002, "Cast to FLOAT16 into FLOAT", F(aclnnCastGetWorkspaceSize)(f8, ACL_FLOAT16, f8, &n, &e));
  SAYS(161001, "Add without a place for the workspace's size", F(aclnnAddGetWorkspaceSize)(f8, f8, one, f8, NULL, &e));
}

static int convolution(mnv2_probe_notes *t, int dtype, int format, aclIntArray *padding, int64_t groups, int64_t out, int8_t cube) {
  char *p = mnv2_probe_memory(t, 65536);
  int64_t in[4] = {1, 4, 8, 8}, filter[4] = {4, 4 / groups, 3, 3}, result[4] = {1, 4, out, out};
  aclTensor *x = mnv2_probe_tensor(t, p, dtype, format, 4, in);
  aclTensor *w = mnv2_probe_tensor(t, p + 16384, dtype, ACL_FORMAT_NCHW, 4, filter);
  aclTensor *y = mnv2_probe_tensor(t, p + 32768, dtype, ACL_FORMAT_NCHW, 4, result);
  uint64_t n;
  aclOpExecutor *e;
  return F(aclnnConvolutionGetWorkspaceSize)(x, w, NULL, TWO(1, 1), padding, TWO(1, 1), false, TWO(0, 0), groups, y, cube, &n, &e);
}

void mnv2_probe_convolution_arguments(mnv2_probe_notes *t) {
  enum { N = ACL_FORMAT_NCHW };
  mnv2_probe_start(t);
  int64_t three[3] = {1, 1, 1};
  SAYS(0, "Convolution of FLOAT16", convolution(t, ACL_FLOAT16, N, TWO(1, 1), 1, 8, 1));
  SAYS(0, "depthwise Convolution of FLOAT16", convolution(t, ACL_FLOAT16, N, TWO(1, 1), 4, 8, 1));
  SAYS(161002, "Convolution of an input that is tagged ND", convolution(t, ACL_FLOAT16, ACL_FORMAT_ND, TWO(1, 1), 1, 8, 1));
  SAYS(161002, "Convolution into 7x7 in place of 8x8", convolution(t, ACL_FLOAT16, N, TWO(1, 1), 1, 7, 1));
  SAYS(161002, "Convolution with padding -1", convolution(t, ACL_FLOAT16, N, TWO(1, -1), 1, 8, 1));
  SAYS(361001, "Convolution with three numbers of padding", convolution(t, ACL_FLOAT16, N, F(aclCreateIntArray)(three, 3), 1, 8, 1));
  SAYS(161002, "Convolution with cubeMathType 9", convolution(t, ACL_FLOAT16, N, TWO(1, 1), 1, 8, 9));
  SAYS(161002, "Convolution of INT32", convolution(t, ACL_INT32, N, TWO(1, 1), 1, 8, 1));
}
