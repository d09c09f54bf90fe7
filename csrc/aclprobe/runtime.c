//go:build cgo && linux

/* Misuse of the runtime: initialisation, contexts, memory, copies, streams, capture. */
#include "probes.h"

#include <pthread.h>

void mnv2_probe_init_twice(mnv2_probe_notes *t) {
  SAYS(100002, "aclInit(NULL) again", F(aclInit)(NULL));
  SAYS(0, "aclFinalize()", F(aclFinalize)());
  SAYS(100037, "aclFinalize() again", F(aclFinalize)());
  uint32_t n;
  SAYS(100001, "aclrtGetDeviceCount after aclFinalize", F(aclrtGetDeviceCount)(&n));
  SAYS(0, "aclInit(NULL) after aclFinalize", F(aclInit)(NULL));
}

void mnv2_probe_device_ids(mnv2_probe_notes *t) {
  SAYS(107001, "aclrtSetDevice(9999)", F(aclrtSetDevice)(9999));
  SAYS(107001, "aclrtSetDevice(-1)", F(aclrtSetDevice)(-1));
  SAYS(0, "aclrtSetDevice(0)", F(aclrtSetDevice)(0));
  SAYS(0, "aclrtSetDevice(0) again", F(aclrtSetDevice)(0));
  void *p;
  SAYS(0, "aclrtResetDevice(0), once", F(aclrtResetDevice)(0));
  SAYS(0, "aclrtMalloc while it is still set once", F(aclrtMalloc)(&p, 64, 0));
}

struct elsewhere {
  mnv2_probe_notes *t;
  void *block;
};

static void *without_context(void *argument) {
  struct elsewhere *e = argument;
  mnv2_probe_notes *t = e->t;
  void *p = NULL;
  uint64_t n;
  aclOpExecutor *x;
  SAYS(107002, "aclrtMalloc on a thread without a context", F(aclrtMalloc)(&p, 64, 0));
  SAYS(107002, "aclrtFree there", F(aclrtFree)(e->block));
  SAYS(107002, "aclrtSynchronizeStream there", F(aclrtSynchronizeStream)(t->stream));
  SAYS(361001, "aclnnInplaceZeroGetWorkspaceSize there",
       F(aclnnInplaceZeroGetWorkspaceSize)(mnv2_probe_vector(t, e->block, ACL_FLOAT, 8), &n, &x));
  return NULL;
}

void mnv2_probe_no_context(mnv2_probe_notes *t) {
  static const char *const used[] = {"aclrtMalloc", "aclrtFree", "aclrtSynchronizeStream", "aclCreateTensor", "aclnnInplaceZeroGetWorkspaceSize"};
  for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
    mnv2_probe_find(t, used[i]); /* on this thread: the other cannot leave the probe */
  }
  mnv2_probe_start(t);
  struct elsewhere e = {t, mnv2_probe_memory(t, 64)};
  pthread_t thread;
  if (pthread_create(&thread, NULL, without_context, &e) == 0) {
    pthread_join(thread, NULL);
  }
}

void mnv2_probe_sizes(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  void *p = NULL;
  SAYS(100000, "aclrtMalloc(&p, 0)", F(aclrtMalloc)(&p, 0, 0));
  SAYS(100000, "aclrtMalloc(NULL, 8)", F(aclrtMalloc)(NULL, 8, 0));
  SAYS(207001, "aclrtMalloc(&p, 2^50)", F(aclrtMalloc)(&p, (size_t)1 << 50, 0));
  SAYS(100000, "aclrtFree(NULL)", F(aclrtFree)(NULL));
}

void mnv2_probe_foreign_free(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  char *p = mnv2_probe_memory(t, 4096), host[64];
  SAYS(107000, "aclrtFree of an address inside of a block", F(aclrtFree)(p + 64));
  SAYS(107000, "aclrtFreeHost of memory of the stack", F(aclrtFreeHost)(host));
}

void mnv2_probe_double_free(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  void *p = mnv2_probe_memory(t, 4096);
  SAYS(0, "aclrtFree", F(aclrtFree)(p));
  SAYS(107000, "aclrtFree again", F(aclrtFree)(p));
}

void mnv2_probe_free_in_flight(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  void *p = mnv2_probe_memory(t, 1 << 20);
  SAYS(0, "aclrtMemsetAsync", F(aclrtMemsetAsync)(p, 1 << 20, 0, 1 << 20, t->stream));
  SAYS(0, "aclrtFree before it has run", F(aclrtFree)(p));
  SAYS(507015, "aclrtSynchronizeStream", F(aclrtSynchronizeStream)(t->stream));
}

void mnv2_probe_copies(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  char host[64] = {1}, other[64] = {2};
  void *p = mnv2_probe_memory(t, 64);
  SAYS(107000, "aclrtMemcpy of 16 bytes into room for 8", F(aclrtMemcpy)(p, 8, host, 16, ACL_MEMCPY_HOST_TO_DEVICE));
  SAYS(100000, "aclrtMemcpy of kind 6", F(aclrtMemcpy)(p, 64, host, 64, 6));
  SAYS(100000, "aclrtMemcpy to NULL", F(aclrtMemcpy)(NULL, 64, host, 64, ACL_MEMCPY_HOST_TO_DEVICE));
  SAYS(0, "aclrtMemcpy of no bytes", F(aclrtMemcpy)(p, 64, host, 0, ACL_MEMCPY_HOST_TO_DEVICE));
  SAYS(207000, "aclrtMemcpyAsync from host to host",
       F(aclrtMemcpyAsync)(host, 64, other, 64, ACL_MEMCPY_HOST_TO_HOST, t->stream));
}

void mnv2_probe_copy_too_far(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  static char host[1 << 16];
  char *p = mnv2_probe_memory(t, 64);
  SAYS(107000, "aclrtMemcpy of 64 KiB into a block of 64 bytes", F(aclrtMemcpy)(p, sizeof host, host, sizeof host, ACL_MEMCPY_HOST_TO_DEVICE));
}

void mnv2_probe_fill_host(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  static char host[64];
  SAYS(107000, "aclrtMemsetAsync of memory of the host", F(aclrtMemsetAsync)(host, 64, 0, 64, t->stream));
}

void mnv2_probe_events(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  aclrtEvent a = NULL, b = NULL;
  float ms;
  SAYS(107000, "aclrtCreateEventExWithFlag(0)", F(aclrtCreateEventExWithFlag)(&a, 0));
  SAYS(0, "aclrtCreateEventExWithFlag(TIME_LINE)", F(aclrtCreateEventExWithFlag)(&a, ACL_EVENT_TIME_LINE));
  SAYS(0, "and another", F(aclrtCreateEventExWithFlag)(&b, ACL_EVENT_TIME_LINE));
  SAYS(0, "aclrtSynchronizeEvent of one never recorded", F(aclrtSynchronizeEvent)(a));
  SAYS(107006, "aclrtEventElapsedTime of two never recorded", F(aclrtEventElapsedTime)(&ms, a, b));
  SAYS(0, "aclrtRecordEvent", F(aclrtRecordEvent)(a, t->stream));
  void *p = mnv2_probe_memory(t, 32 << 20);
  SAYS(0, "aclrtMemsetAsync, which takes a while", F(aclrtMemsetAsync)(p, 32 << 20, 0, 32 << 20, t->stream));
  SAYS(0, "aclrtRecordEvent of the other", F(aclrtRecordEvent)(b, t->stream));
  SAYS(0, "aclrtSynchronizeEvent", F(aclrtSynchronizeEvent)(b));
  SAYS(0, "aclrtEventElapsedTime", F(aclrtEventElapsedTime)(&ms, a, b));
  SAYS(107007, "aclrtEventElapsedTime the wrong way round", F(aclrtEventElapsedTime)(&ms, b, a));
  SAYS(0, "aclrtDestroyEvent", F(aclrtDestroyEvent)(a));
  SAYS(107017, "aclrtDestroyEvent again", F(aclrtDestroyEvent)(a));
}

void mnv2_probe_streams(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  SAYS(100000, "aclrtDestroyStream(NULL)", F(aclrtDestroyStream)(NULL));
  SAYS(0, "aclrtSynchronizeStream(NULL), the default stream", F(aclrtSynchronizeStream)(NULL));
  SAYS(0, "aclrtDestroyStream", F(aclrtDestroyStream)(t->stream));
  SAYS(107017, "aclrtSynchronizeStream of a stream destroyed", F(aclrtSynchronizeStream)(t->stream));
}

void mnv2_probe_capture(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  aclmdlRI graph = NULL;
  void *p = mnv2_probe_memory(t, 64);
  unsigned char host[64];
  SAYS(107029, "aclmdlRICaptureEnd without a begin", F(aclmdlRICaptureEnd)(t->stream, &graph));
  SAYS(0, "aclmdlRICaptureBegin", F(aclmdlRICaptureBegin)(t->stream, 0));
  SAYS(107027, "aclrtSynchronizeStream while capturing", F(aclrtSynchronizeStream)(t->stream));
  SAYS(107030, "aclrtMemcpy while capturing", F(aclrtMemcpy)(host, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
}

void mnv2_probe_saturation(mnv2_probe_notes *t) {
  int mode = -1;
  SAYS(0, "aclrtSetDevice", F(aclrtSetDevice)(0));
  SAYS(0, "aclrtGetDeviceSatMode", F(aclrtGetDeviceSatMode)(&mode));
  SAYS(0, "the mode before anybody sets it (0 saturates, 1 gives infinity)", mode);
}

void mnv2_probe_copy_in_flight(mnv2_probe_notes *t) {
  enum { SIZE = 64 << 20 };
  mnv2_probe_start(t);
  char *p = mnv2_probe_memory(t, SIZE);
  unsigned char host = 0;
  SAYS(0, "a fill with 1", F(aclrtMemsetAsync)(p, SIZE, 1, SIZE, t->stream));
  SAYS(0, "aclrtSynchronizeStream", F(aclrtSynchronizeStream)(t->stream));
  for (int i = 0; i < 8; i++) {
    F(aclrtMemsetAsync)(p, SIZE, 2, SIZE, t->stream);
  }
  SAYS(0, "aclrtMemcpy while fills with 2 are queued", F(aclrtMemcpy)(&host, 1, p + SIZE - 1, 1, ACL_MEMCPY_DEVICE_TO_HOST));
  SAYS(255, "what it finds: 1 if it does not wait, 2 if it does (the stand-in shows 255 for the first)", host);
  SAYS(0, "aclrtSynchronizeStream", F(aclrtSynchronizeStream)(t->stream));
}

void mnv2_probe_replay(mnv2_probe_notes *t) {
  mnv2_probe_start(t);
  aclmdlRI graph = NULL;
  void *p = mnv2_probe_memory(t, 64);
  unsigned char host[64] = {0};
  SAYS(0, "a fill with 1", F(aclrtMemsetAsync)(p, 64, 1, 64, t->stream));
  SAYS(0, "aclrtSynchronizeStream", F(aclrtSynchronizeStream)(t->stream));
  SAYS(0, "aclmdlRICaptureBegin", F(aclmdlRICaptureBegin)(t->stream, 0));
  SAYS(0, "a fill with 5, captured", F(aclrtMemsetAsync)(p, 64, 5, 64, t->stream));
  SAYS(0, "aclmdlRICaptureEnd", F(aclmdlRICaptureEnd)(t->stream, &graph));
  SAYS(0, "aclrtMemcpy", F(aclrtMemcpy)(host, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  SAYS(1, "what is there before the replay", host[0]);
  SAYS(0, "aclmdlRIExecuteAsync", F(aclmdlRIExecuteAsync)(graph, t->stream));
  SAYS(0, "aclrtSynchronizeStream", F(aclrtSynchronizeStream)(t->stream));
  SAYS(0, "aclrtMemcpy", F(aclrtMemcpy)(host, 64, p, 64, ACL_MEMCPY_DEVICE_TO_HOST));
  SAYS(5, "what is there after it", host[0]);
  SAYS(0, "aclmdlRIDestroy", F(aclmdlRIDestroy)(graph));
}
