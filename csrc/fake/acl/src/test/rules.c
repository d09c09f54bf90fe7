// Every rule of README.md, tried: each case runs in a child process of its own, since
// some leave the library unusable. Prints one line for each that fails; exit 1 then.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../include/fakeacl.h"
#include "acl.h"

static int failures;
static aclrtStream stream;

#define EXPECT(want, expr)                                                                                             \
  do {                                                                                                                 \
    int got_ = (int)(expr);                                                                                            \
    if (got_ != (int)(want)) {                                                                                         \
      printf("rules.c:%d: %s: %d, expected %d\n", __LINE__, #expr, got_, (int)(want));                                 \
      failures++;                                                                                                      \
    }                                                                                                                  \
  } while (0)
#define HOLDS(expr) EXPECT(1, (expr) ? 1 : 0)

static long misuses(void) { return mnv2_fake_acl_count("misuse"); }

static bool said(const char *part) {
  const char *text = aclGetRecentErrMsg();
  return text != NULL && strstr(text, part) != NULL;
}

static void start(const char *soc) {
  fakeAclSet("SOC", soc);
  EXPECT(0, aclInit(NULL));
  EXPECT(0, aclrtSetDevice(0));
  EXPECT(0, aclrtCreateStream(&stream));
}

static void *device(size_t n) {
  void *p = NULL;
  EXPECT(0, aclrtMalloc(&p, n, ACL_MEM_MALLOC_HUGE_FIRST));
  return p;
}

static aclTensor *tensor(void *data, int dtype, int format, int rank, const int64_t *dims) {
  return aclCreateTensor(dims, (uint64_t)rank, dtype, NULL, 0, format, dims, (uint64_t)rank, data);
}

static aclTensor *vec(void *data, int dtype, int64_t n) { return tensor(data, dtype, ACL_FORMAT_ND, 1, &n); }

static aclScalar *scalar(double x) { return aclCreateScalar(&x, ACL_DOUBLE); }

// ---- runtime

static void before_init(void) {
  uint32_t n;
  EXPECT(ACL_ERROR_UNINITIALIZE, aclrtGetDeviceCount(&n));
  EXPECT(ACL_ERROR_UNINITIALIZE, aclrtSetDevice(0));
  HOLDS(said("aclrtGetDeviceCount was called before aclInit"));
  HOLDS(aclGetRecentErrMsg() == NULL); // reading clears
  EXPECT(ACL_ERROR_UNINITIALIZE, aclFinalize());
}

static void init_twice(void) {
  EXPECT(0, aclInit(NULL));
  EXPECT(ACL_ERROR_REPEAT_INITIALIZE, aclInit(NULL));
  EXPECT(0, aclFinalize());
  EXPECT(ACL_ERROR_REPEAT_FINALIZE, aclFinalize());
  EXPECT(0, aclInit(NULL));
}

static void devices(void) {
  EXPECT(0, aclInit(NULL));
  EXPECT(ACL_ERROR_RT_INVALID_DEVICEID, aclrtSetDevice(1));
  EXPECT(ACL_ERROR_RT_INVALID_DEVICEID, aclrtSetDevice(-1));
  void *p;
  EXPECT(ACL_ERROR_RT_CONTEXT_NULL, aclrtMalloc(&p, 8, 0));
  setenv("ASCEND_RT_VISIBLE_DEVICES", "1,3,9", 1); // cut at the first that is none
  fakeAclSet("DEVICES", "4");
  uint32_t n = 0;
  EXPECT(0, aclrtGetDeviceCount(&n));
  EXPECT(2, n);
  EXPECT(0, aclrtSetDevice(0));
  EXPECT(0, aclrtSetDevice(0));
  EXPECT(0, aclrtResetDevice(0)); // counted
  EXPECT(0, aclrtMalloc(&p, 8, 0));
  EXPECT(0, aclrtFree(p));
  EXPECT(0, aclrtResetDevice(0));
  EXPECT(ACL_ERROR_RT_CONTEXT_NULL, aclrtMalloc(&p, 8, 0));
}

static void memory(void) {
  start("910B");
  void *p;
  EXPECT(ACL_ERROR_INVALID_PARAM, aclrtMalloc(&p, 0, 0));
  EXPECT(ACL_ERROR_INVALID_PARAM, aclrtMalloc(NULL, 8, 0));
  EXPECT(ACL_ERROR_INVALID_PARAM, aclrtFree(NULL));
  EXPECT(ACL_ERROR_RT_MEMORY_ALLOCATION, aclrtMalloc(&p, (size_t)1 << 50, 0));
  p = device(100);
  HOLDS((uintptr_t)p % 64 == 0 && (uintptr_t)p % 512 != 0);
  EXPECT(ACL_ERROR_RT_PARAM_INVALID, aclrtFree((char *)p + 32)); // interior
  unsigned char host[100] = {0};
  EXPECT(0, aclrtMemcpy(host, 100, p, 100, ACL_MEMCPY_DEVICE_TO_HOST));
  HOLDS(host[0] == 0xFF && host[99] == 0xFF); // nobody wrote it
  EXPECT(0, aclrtFree(p));
  EXPECT(ACL_ERROR_RT_PARAM_INVALID, aclrtFree(p));
  EXPECT(ACL_ERROR_RT_PARAM_INVALID, aclrtFreeHost(host));
}

static void copies(void) {
  start("910B");
  char host[64] = {1}, other[64] = {2};
  void *p = device(64);
  EXPECT(ACL_ERROR_RT_PARAM_INVALID, aclrtMemcpy(p, 8, host, 16, ACL_MEMCPY_HOST_TO_DEVICE));
  EXPECT(ACL_ERROR_INVALID_PARAM, aclrtMemcpy(p, 64, host, 64, 6));
  EXPECT(ACL_ERROR_INVALID_PARAM, aclrtMemcpy(NULL, 64, host, 64, ACL_MEMCPY_HOST_TO_DEVICE));
  EXPECT(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, aclrtMemcpyAsync(host, 64, other, 64, ACL_MEMCPY_HOST_TO_HOST, stream));
  EXPECT(0, misuses());
  EXPECT(ACL_ERROR_RT_PARAM_INVALID, aclrtMemcpy((char *)p + 64, 64, host, 64, ACL_MEMCPY_HOST_TO_DEVICE)); // over the end
  EXPECT(1, misuses());
  EXPECT(ACL_ERROR_RT_PARAM_INVALID, aclrtMemsetAsync(host, 64, 0, 64, stream)); // not memory of the runtime
}

static void pinned_copies_are_late(void) {
  start("910B");
  char *host = NULL, *back = NULL;
  EXPECT(0, aclrtMallocHost((void **)&host, 64));
  EXPECT(0, aclrtMallocHost((void **)&back, 64));
  void *p = device(64);
  memset(host, 1, 64);
  memset(back, 3, 64);
  EXPECT(0, aclrtMemcpyAsync(p, 64, host, 64, ACL_MEMCPY_HOST_TO_DEVICE, stream));
  EXPECT(0, aclrtMemcpyAsync(back, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST, stream));
  HOLDS((unsigned char)back[0] == 0xFF); // not there yet
  EXPECT(0, aclrtSynchronizeStream(stream));
  HOLDS(back[0] == 1 && back[63] == 1);
  EXPECT(0, misuses());
  EXPECT(0, aclrtMemcpyAsync(p, 64, host, 64, ACL_MEMCPY_HOST_TO_DEVICE, stream));
  host[5] = 9; // in flight
  EXPECT(0, aclrtSynchronizeStream(stream));
  EXPECT(1, misuses());
  char pageable[64] = {7};
  EXPECT(0, aclrtMemcpyAsync(p, 64, pageable, 64, ACL_MEMCPY_HOST_TO_DEVICE, stream)); // waits
  pageable[0] = 8;
  EXPECT(0, aclrtMemcpy(back, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  HOLDS(back[0] == 7);
}

static void sync_copies_do_not_wait(void) {
  start("910B");
  void *p = device(64);
  unsigned char host[64] = {0};
  EXPECT(0, aclrtMemsetAsync(p, 64, 0, 64, stream));
  EXPECT(0, aclrtMemcpy(host, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  HOLDS(host[0] == 0xFF);
  EXPECT(1, misuses());
  EXPECT(0, aclrtSynchronizeStream(stream));
  EXPECT(0, aclrtMemcpy(host, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  HOLDS(host[0] == 0);
}

static void free_in_flight(void) {
  start("910B");
  void *p = device(64), *q = device(64);
  EXPECT(0, aclrtMemsetAsync(p, 64, 0, 64, stream));
  EXPECT(0, aclrtFree(p));
  HOLDS(misuses() >= 1);
  EXPECT(ACL_ERROR_RT_AICORE_EXCEPTION, aclrtSynchronizeStream(stream));
  HOLDS(said("aicore error exception"));
  EXPECT(ACL_ERROR_RT_AICORE_EXCEPTION, aclrtMemsetAsync(q, 64, 0, 64, stream)); // the context stays broken
}

static void streams_and_events(void) {
  start("910B");
  aclrtEvent a, b;
  float ms;
  EXPECT(ACL_ERROR_INVALID_PARAM, aclrtDestroyStream(NULL));
  EXPECT(ACL_ERROR_RT_PARAM_INVALID, aclrtCreateEventExWithFlag(&a, 0));
  EXPECT(0, aclrtCreateEventExWithFlag(&a, ACL_EVENT_TIME_LINE));
  EXPECT(0, aclrtCreateEventExWithFlag(&b, ACL_EVENT_TIME_LINE));
  EXPECT(0, aclrtSynchronizeEvent(a)); // never recorded: complete
  EXPECT(107006, aclrtEventElapsedTime(&ms, a, b));
  EXPECT(0, aclrtRecordEvent(a, stream));
  EXPECT(0, aclrtRecordEvent(b, stream));
  EXPECT(107006, aclrtEventElapsedTime(&ms, a, b)); // not run yet
  EXPECT(0, aclrtSynchronizeEvent(b));
  EXPECT(0, aclrtEventElapsedTime(&ms, a, b));
  EXPECT(0, aclrtDestroyEvent(a));
  EXPECT(ACL_ERROR_RT_INVALID_HANDLE, aclrtDestroyEvent(a));
  EXPECT(0, aclrtDestroyStream(stream));
  EXPECT(ACL_ERROR_RT_INVALID_HANDLE, aclrtSynchronizeStream(stream));
}

static void capture(void) {
  start("910A");
  EXPECT(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, aclmdlRICaptureBegin(stream, 0));
  fakeAclSet("SOC", "910B");
  aclmdlRI graph = NULL;
  void *p = device(64);
  unsigned char host[64];
  EXPECT(107029, aclmdlRICaptureEnd(stream, &graph));
  EXPECT(0, aclmdlRICaptureBegin(stream, 0));
  EXPECT(107027, aclrtSynchronizeStream(stream));
  EXPECT(107030, aclrtMemcpy(host, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT(0, aclrtMemsetAsync(p, 64, 5, 64, stream));
  EXPECT(0, aclmdlRICaptureEnd(stream, &graph));
  EXPECT(0, aclrtSynchronizeStream(stream));
  EXPECT(0, aclrtMemcpy(host, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  HOLDS(host[0] == 0xFF); // captured, not run
  EXPECT(0, aclmdlRIExecuteAsync(graph, stream));
  EXPECT(0, aclrtSynchronizeStream(stream));
  EXPECT(0, aclrtMemcpy(host, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  HOLDS(host[0] == 5);
  EXPECT(0, aclmdlRIDestroy(graph));
  EXPECT(ACL_ERROR_RT_INVALID_HANDLE, aclmdlRIDestroy(graph));
}

static void saturation(void) {
  start("910A");
  int mode;
  EXPECT(0, aclrtGetDeviceSatMode(&mode));
  EXPECT(0, mode);
  EXPECT(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, aclrtSetDeviceSatMode(1));
  float big[8] = {1e6f, 1, 2, 3, NAN};
  void *p = device(64), *q = device(64), *flag = device(64), *ws = device(4096);
  EXPECT(0, aclrtMemcpy(p, 64, big, 32, ACL_MEMCPY_HOST_TO_DEVICE));
  uint64_t n;
  aclOpExecutor *e;
  EXPECT(0, aclrtResetOverflowStatus(stream));
  EXPECT(0, aclnnCastGetWorkspaceSize(vec(p, ACL_FLOAT, 8), ACL_FLOAT16, vec(q, ACL_FLOAT16, 8), &n, &e));
  EXPECT(0, aclnnCast(ws, n, e, stream));
  EXPECT(0, aclrtGetOverflowStatus(flag, 64, stream));
  EXPECT(0, aclrtSynchronizeStream(stream));
  uint16_t half[8];
  unsigned char status[64];
  EXPECT(0, aclrtMemcpy(half, 16, q, 16, ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT(0, aclrtMemcpy(status, 64, flag, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  EXPECT(0x7BFF, half[0]); // 65504, not infinity
  EXPECT(0, half[4]);      // NaN becomes 0
  HOLDS(status[0] != 0);
}

// ---- two phases

struct add {
  void *data, *ws;
  aclTensor *a, *b, *o;
  aclScalar *one;
  uint64_t n;
  aclOpExecutor *e;
};

static struct add planned(void) {
  struct add s = {.data = device(4096), .ws = device(4096), .one = scalar(1)};
  s.a = vec(s.data, ACL_FLOAT, 8), s.b = vec((char *)s.data + 64, ACL_FLOAT, 8), s.o = vec((char *)s.data + 128, ACL_FLOAT, 8);
  EXPECT(0, aclnnAddGetWorkspaceSize(s.a, s.b, s.one, s.o, &s.n, &s.e));
  HOLDS(s.n > 0);
  return s;
}

static void used_twice(void) {
  start("910B");
  struct add s = planned();
  EXPECT(0, aclnnAdd(s.ws, s.n, s.e, stream));
  EXPECT(ACLNN_ERR_INNER, aclnnAdd(s.ws, s.n, s.e, stream));
  EXPECT(ACLNN_ERR_INNER, aclDestroyAclOpExecutor(s.e)); // freed by the second phase
  EXPECT(2, misuses());
  EXPECT(ACLNN_ERR_INNER_NULLPTR, aclDestroyAclOpExecutor(NULL));
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnAdd(s.ws, s.n, NULL, stream));
}

static void workspace(void) {
  start("910B");
  struct add s = planned();
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnAdd(NULL, s.n, s.e, stream));
  HOLDS(said("workspace is nullptr"));
  EXPECT(ACLNN_ERR_INNER, aclnnAdd(s.ws, s.n, s.e, stream)); // the executor is gone
  s = planned();
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnAdd(s.ws, s.n - 1, s.e, stream));
  s = planned();
  EXPECT(0, aclnnAdd(device(32), s.n, s.e, stream)); // shows late
  EXPECT(ACL_ERROR_RT_AICORE_EXCEPTION, aclrtSynchronizeStream(stream));
}

static void arguments_must_live(void) {
  start("910B");
  struct add s = planned();
  EXPECT(0, aclDestroyTensor(s.b));
  EXPECT(ACLNN_ERR_INNER_NULLPTR, aclnnAdd(s.ws, s.n, s.e, stream));
  EXPECT(ACLNN_ERR_INNER, aclDestroyTensor(s.b));
  s = planned();
  EXPECT(0, aclDestroyScalar(s.one));
  EXPECT(ACLNN_ERR_INNER_NULLPTR, aclnnAdd(s.ws, s.n, s.e, stream));
  EXPECT(3, misuses());
  EXPECT(0, aclDestroyTensor(NULL));
}

static void wrong_second_phase(void) {
  start("910B");
  struct add s = planned();
  EXPECT(ACLNN_ERR_INNER, aclnnMul(s.ws, s.n, s.e, stream));
  static float host[8]; // a host address reaches the kernel and fails there
  s = planned();
  EXPECT(0, aclSetRawTensorAddr(s.a, host));
  EXPECT(0, aclnnAdd(s.ws, s.n, s.e, stream));
  EXPECT(ACL_ERROR_RT_AICORE_EXCEPTION, aclrtSynchronizeStream(stream));
}

static void repeatable(void) {
  start("910B");
  struct add s = planned();
  EXPECT(0, aclSetAclOpExecutorRepeatable(s.e));
  float x[8] = {1, 2, 3}, y[8];
  for (int k = 0; k < 2; k++)
    EXPECT(0, aclrtMemcpy((char *)s.data + 64 * k, 64, x, 32, ACL_MEMCPY_HOST_TO_DEVICE));
  EXPECT(0, aclnnAdd(s.ws, s.n, s.e, stream));
  EXPECT(0, aclSetOutputTensorAddr(s.e, 0, s.o, (char *)s.data + 512));
  EXPECT(0, aclnnAdd(s.ws, s.n, s.e, stream));
  EXPECT(0, aclrtSynchronizeStream(stream));
  EXPECT(0, aclrtMemcpy(y, 32, (char *)s.data + 512, 32, ACL_MEMCPY_DEVICE_TO_HOST));
  HOLDS(y[0] == 2 && y[1] == 4 && y[2] == 6);
  EXPECT(0, misuses());
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclSetInputTensorAddr(s.e, 2, s.a, s.data)); // two inputs
  EXPECT(ACLNN_ERR_INNER_NULLPTR, aclSetInputTensorAddr(s.e, 0, NULL, s.data));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclSetInputTensorAddr(s.e, 0, s.b, s.data)); // not input 0
  EXPECT(0, aclDestroyAclOpExecutor(s.e));
  EXPECT(ACLNN_ERR_INNER, aclnnAdd(s.ws, s.n, s.e, stream));
  uint64_t n;
  aclOpExecutor *e;
  EXPECT(0, aclnnInplaceCopyGetWorkspaceSize(s.a, s.b, &n, &e));
  EXPECT(ACLNN_ERR_INNER, aclSetAclOpExecutorRepeatable(e));
  EXPECT(0, aclDestroyAclOpExecutor(e));
}

static void packages(void) {
  uint64_t n;
  aclOpExecutor *e;
  EXPECT(0, aclInit(NULL));
  EXPECT(ACLNN_ERR_RUNTIME_ERROR, aclnnInplaceZeroGetWorkspaceSize(vec(NULL, ACL_FLOAT, 8), &n, &e)); // no context
  EXPECT(0, aclrtSetDevice(0));
  setenv("ASCEND_OPP_PATH", "/nowhere", 1);
  EXPECT(ACLNN_ERR_INNER_OPP_KERNEL_PKG_NOT_FOUND, aclnnInplaceZeroGetWorkspaceSize(vec(NULL, ACL_FLOAT, 8), &n, &e));
  unsetenv("ASCEND_OPP_PATH");
  EXPECT(ACLNN_ERR_INNER_OPP_PATH_NOT_FOUND, aclnnInplaceZeroGetWorkspaceSize(vec(NULL, ACL_FLOAT, 8), &n, &e));
}

// ---- operators

static void operator_arguments(void) {
  start("910B");
  void *p = device(4096);
  uint64_t n;
  aclOpExecutor *e;
  aclScalar *one = scalar(1);
  aclTensor *f8 = vec(p, ACL_FLOAT, 8), *f4 = vec(p, ACL_FLOAT, 4), *i8 = vec(p, ACL_INT32, 8);
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnAddGetWorkspaceSize(f8, NULL, one, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnAddGetWorkspaceSize(f8, f8, NULL, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnAddGetWorkspaceSize(f8, f8, one, f8, NULL, &e));
  HOLDS(said("AclNN_Parameter_Error(EZ1001)"));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnAddGetWorkspaceSize(f8, f4, one, f8, &n, &e)); // no broadcast
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnAddGetWorkspaceSize(f8, f8, one, f4, &n, &e)); // shape of out
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnAddGetWorkspaceSize(f8, f8, one, i8, &n, &e)); // float into int
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnHardtanhGetWorkspaceSize(f8, scalar(6), scalar(0), f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnSoftmaxGetWorkspaceSize(f8, 1, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnCastGetWorkspaceSize(f8, ACL_FLOAT16, f8, &n, &e));
  EXPECT(0, misuses());
}

// What update rules need.
static void optimizer_arguments(void) {
  start("910B");
  void *p = device(4096);
  uint64_t n;
  aclOpExecutor *e;
  aclTensor *f8 = vec(p, ACL_FLOAT, 8), *f4 = vec(p, ACL_FLOAT, 4), *i8 = vec(p, ACL_INT32, 8), *u8 = vec(p, ACL_UINT8, 8);
  aclTensor *one = vec(p, ACL_FLOAT, 1), *is = vec(p, ACL_BOOL, 1), *b8 = vec(p, ACL_BOOL, 8);
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnSqrtGetWorkspaceSize(f8, NULL, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnSqrtGetWorkspaceSize(f8, f4, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnSqrtGetWorkspaceSize(i8, i8, &n, &e)); // its root is FLOAT
  EXPECT(0, aclnnSqrtGetWorkspaceSize(i8, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnDivGetWorkspaceSize(f8, f4, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnDivGetWorkspaceSize(i8, i8, i8, &n, &e));
  EXPECT(0, aclnnDivGetWorkspaceSize(f8, one, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnSignGetWorkspaceSize(u8, u8, &n, &e)); // not in the list
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnSignGetWorkspaceSize(f8, i8, &n, &e));
  EXPECT(0, aclnnSignGetWorkspaceSize(f8, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnSWhereGetWorkspaceSize(one, f8, f8, f8, &n, &e)); // the condition is BOOL or UINT8
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnSWhereGetWorkspaceSize(is, f8, f4, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnSWhereGetWorkspaceSize(NULL, f8, f8, f8, &n, &e));
  EXPECT(0, aclnnSWhereGetWorkspaceSize(is, f8, one, f8, &n, &e));
  EXPECT(0, aclnnMaximumGetWorkspaceSize(f8, one, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnMaximumGetWorkspaceSize(f8, f4, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnMaximumGetWorkspaceSize(f8, f8, b8, &n, &e)); // floats do not go into BOOL
  EXPECT(0, aclnnEqTensorGetWorkspaceSize(f8, f8, b8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnEqTensorGetWorkspaceSize(f8, f8, one, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnEqTensorGetWorkspaceSize(f8, NULL, b8, &n, &e));
  int64_t first = 0, beyond = 1;
  EXPECT(0, aclnnAllGetWorkspaceSize(b8, aclCreateIntArray(&first, 1), true, is, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnAllGetWorkspaceSize(b8, aclCreateIntArray(&beyond, 1), true, is, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnAllGetWorkspaceSize(b8, aclCreateIntArray(&first, 1), true, one, &n, &e)); // BOOL or UINT8
  EXPECT(ACLNN_ERR_PARAM_NULLPTR, aclnnAllGetWorkspaceSize(b8, NULL, true, is, &n, &e));
  EXPECT(0, aclnnLogSoftmaxBackwardGetWorkspaceSize(f8, f8, 0, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnLogSoftmaxBackwardGetWorkspaceSize(f8, f4, 0, f8, &n, &e));
  EXPECT(ACLNN_ERR_PARAM_INVALID, aclnnLogSoftmaxBackwardGetWorkspaceSize(f8, f8, 1, f8, &n, &e));
  fakeAclSet("SOC", "310P");
  EXPECT(ACLNN_ERR_INNER_FIND_KERNEL_ERROR, aclnnSqrtGetWorkspaceSize(f8, f8, &n, &e));
  EXPECT(0, misuses());
}

static aclIntArray *two(int64_t a, int64_t b) { return aclCreateIntArray((int64_t[]){a, b}, 2); }

static int conv(int dtype, int format, aclIntArray *padding, int64_t groups, int64_t out, int8_t cube) {
  static void *p;
  if (p == NULL)
    p = device(65536);
  aclTensor *x = tensor(p, dtype, format, 4, (int64_t[]){1, 4, 8, 8});
  aclTensor *w = tensor(p, dtype, ACL_FORMAT_NCHW, 4, (int64_t[]){4, 4 / groups, 3, 3});
  aclTensor *y = tensor(p, dtype, ACL_FORMAT_NCHW, 4, (int64_t[]){1, 4, out, out});
  uint64_t n;
  aclOpExecutor *e;
  return aclnnConvolutionGetWorkspaceSize(x, w, NULL, two(1, 1), padding, two(1, 1), false, two(0, 0), groups, y, cube, &n, &e);
}

static void conv_arguments(void) {
  start("910B");
  enum { N = ACL_FORMAT_NCHW };
  EXPECT(0, conv(ACL_FLOAT, N, two(1, 1), 1, 8, 0));
  EXPECT(0, conv(ACL_BF16, N, two(1, 1), 4, 8, 0));
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_FLOAT, ACL_FORMAT_ND, two(1, 1), 1, 8, 0));
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_FLOAT, N, two(1, 1), 1, 7, 0));
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_FLOAT, N, two(1, -1), 1, 8, 0));
  EXPECT(ACLNN_ERR_RUNTIME_ERROR, conv(ACL_FLOAT, N, aclCreateIntArray((int64_t[]){1, 1, 1}, 3), 1, 8, 0));
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_FLOAT, N, two(1, 1), 1, 8, 5));
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_BF16, N, two(1, 1), 1, 8, 2));
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_INT32, N, two(1, 1), 1, 8, 0));
  fakeAclSet("SOC", "910A"); // no fp32 in the cube unit, no bfloat16
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_FLOAT, N, two(1, 1), 1, 8, 0));
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_FLOAT, N, two(1, 1), 1, 8, 3));
  EXPECT(ACLNN_ERR_PARAM_INVALID, conv(ACL_BF16, N, two(1, 1), 1, 8, 1));
  EXPECT(0, conv(ACL_FLOAT, N, two(1, 1), 1, 8, 1));
  EXPECT(0, conv(ACL_FLOAT16, N, two(1, 1), 1, 8, 0));
  EXPECT(0, misuses());
}

static void chips(void) {
  start("310P");
  void *p = device(65536);
  int64_t dims[] = {2, 3, 4, 4}, c = 3;
  aclTensor *x = tensor(p, ACL_FLOAT, ACL_FORMAT_NCHW, 4, dims), *v = tensor(p, ACL_FLOAT, ACL_FORMAT_ND, 1, &c);
  bool all[] = {true, true, true};
  uint64_t n;
  aclOpExecutor *e;
  EXPECT(ACLNN_ERR_INNER_FIND_KERNEL_ERROR, // a chip for inference
         aclnnBatchNormBackwardGetWorkspaceSize(x, x, v, v, v, v, v, true, 1e-5, aclCreateBoolArray(all, 3), x, v, v, &n, &e));
  EXPECT(ACLNN_ERR_INNER_FIND_KERNEL_ERROR, aclnnIsFiniteGetWorkspaceSize(x, tensor(p, ACL_BOOL, ACL_FORMAT_NCHW, 4, dims), &n, &e));
  EXPECT(0, aclnnBatchNormGetWorkspaceSize(x, v, v, v, v, false, 0.1, 1e-5, x, v, v, &n, &e));
}

// ---- failures on request

static void fails_on_request(void) {
  start("910B");
  mnv2_fake_acl_fail_nth(2);
  void *p = NULL;
  EXPECT(0, aclrtMalloc(&p, 64, 0));
  EXPECT(ACL_ERROR_INTERNAL_ERROR, aclrtFree(p));
  HOLDS(said("aclrtFree failed at call"));
  HOLDS(strstr(mnv2_fake_acl_leaks(), "device blocks") == NULL); // released all the same
  fakeAclSet("FAIL", "aclrtMalloc:2=207001");
  EXPECT(207001, aclrtMalloc(&p, 64, 0));
  fakeAclSet("FAIL", NULL);
  fakeAclSet("FAULT", "aclnnAdd:1=507014");
  struct add s = planned();
  EXPECT(0, aclnnAdd(s.ws, s.n, s.e, stream));
  EXPECT(507014, aclrtSynchronizeStream(stream));
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
#define CASE(f) {#f, f}
    CASE(before_init), CASE(init_twice), CASE(devices), CASE(memory), CASE(copies), CASE(pinned_copies_are_late),
    CASE(sync_copies_do_not_wait), CASE(free_in_flight), CASE(streams_and_events), CASE(capture), CASE(saturation),
    CASE(used_twice), CASE(workspace), CASE(arguments_must_live), CASE(wrong_second_phase), CASE(repeatable),
    CASE(packages), CASE(operator_arguments), CASE(optimizer_arguments), CASE(conv_arguments), CASE(chips), CASE(fails_on_request),
};

int main(void) {
  int bad = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      setenv("MNV2_FAKE_ACL_QUIET", "1", 1);
      cases[i].run();
      fflush(stdout);
      _exit(failures != 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    printf("%s %s\n", ok ? "ok  " : "FAIL", cases[i].name);
    bad += !ok;
  }
  return bad != 0;
}
