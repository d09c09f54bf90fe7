// What the parts of the stand-in share. The three libraries (runtime, nnopbase,
// opapi) are built from these declarations; names that begin with fk_ are theirs,
// all others are the vendor's.
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../include/fakeacl.h"
#include "acl.h"

#define API __attribute__((visibility("default")))

// Codes, spelled as the vendor spells them (ascend.md 1.4, 2.4).
enum fk_code {
  OK = 0,
  INVALID_PARAM = 100000,
  UNINITIALIZE = 100001,
  REPEAT_INITIALIZE = 100002,
  INVALID_FILE = 100003,
  PARSE_FILE = 100006,
  REPEAT_FINALIZE = 100037,
  STUB_MODE = 100039,
  RT_PARAM_INVALID = 107000,
  RT_INVALID_DEVICEID = 107001,
  RT_CONTEXT_NULL = 107002,
  RT_STREAM_CONTEXT = 107003,
  RT_EVENT_TIMESTAMP_INVALID = 107006,
  RT_EVENT_TIMESTAMP_REVERSAL = 107007,
  RT_INVALID_HANDLE = 107017,
  RT_SYSPARAMOPT_NOT_SET = 107021,
  RT_STREAM_CAPTURED = 107027,
  RT_STREAM_NOT_CAPTURED = 107029,
  RT_CAPTURE_MODE_NOT_SUPPORT = 107030,
  RT_CAPTURE_WRONG_THREAD = 107038,
  RT_FEATURE_NOT_SUPPORT = 207000,
  RT_MEMORY_ALLOCATION = 207001,
  RT_OVER_FLOW = 207003,
  RT_RESOURCE_ALLOC_FAIL = 207005,
  INTERNAL_ERROR = 500000,
  RT_AICORE_EXCEPTION = 507015,
  RT_STREAM_SYNC_TIMEOUT = 507046,
  NN_NULLPTR = 161001,
  NN_INVALID = 161002,
  NN_RUNTIME = 361001,
  NN_INNER = 561000,
  NN_KERNEL_NOT_FOUND = 561003,
  NN_INNER_NULLPTR = 561103,
  NN_OPP_PATH = 561107,
  NN_NO_KERNEL_PACKAGE = 561112,
};

// Chips, one bit each (ascend.md 0.1, 3.2).
enum { C910A = 1, CA2 = 2, CA3 = 4, C310P = 8, C310B = 16, C950 = 32 };
#define CTRAIN (C910A | CA2 | CA3 | C950)
#define CALL_CHIPS 63

struct fk_chip {
  const char *key;     // short value of MNV2_FAKE_ACL_SOC
  const char *soc;     // aclrtGetSocName
  const char *kernels; // folder of the kernel package
  unsigned bit;
  int streams, events; // limits
  int aicores, vectorcores;
  bool bf16, infnan, satmode, capture, fp32cube;
};

// Settings (config.c).
API const struct fk_chip *fk_chip(void);
API const char *fk_soc_name(void);
API const char *fk_setting(const char *key);              // NULL if not set
API int64_t fk_setting_int(const char *key, int64_t dflt);

// Every vendor entry point is written FK_CALL(flags, expression): it takes the
// lock, counts, logs, fails on request, checks initialisation and context, runs
// the expression and gives the lock back.
enum { FREE = 0, INIT = 1, CTX = 3, RELEASE = 4 }; // CTX implies INIT
API int fk_enter(const char *name, unsigned flags);
API int fk_leave(const char *name, int code);
#define FK_CALL(flags, expr)                                                                                           \
  do {                                                                                                                 \
    int fk_code_ = fk_enter(__func__, flags);                                                                          \
    if (fk_code_ == OK)                                                                                                \
      fk_code_ = (expr);                                                                                               \
    return fk_leave(__func__, fk_code_);                                                                               \
  } while (0)
// A release that fails on request has released all the same, so that an injected
// failure is never counted as a leak of the caller.
#define FK_RELEASE(flags, expr)                                                                                        \
  do {                                                                                                                 \
    int fk_code_ = fk_enter(__func__, (flags) | RELEASE);                                                              \
    int fk_done_ = fk_code_ == OK || (fk_injected() && (((flags) & CTX) != CTX || fk_current() != NULL)) ? (expr) : fk_code_;                                                \
    return fk_leave(__func__, fk_code_ != OK ? fk_code_ : fk_done_);                                                   \
  } while (0)
API bool fk_injected(void);                  // the entry point now running was told to fail
API int fk_late_fault(const char *name);     // the device fault that MNV2_FAKE_ACL_FAULT wants for this launch, or 0

API extern struct fake_acl_stats fk_stats;

// Error text of this thread, in the vendor's form (errtext.c).
API int fk_error(int code, const char *id, const char *format, ...) __attribute__((format(printf, 3, 4)));
API int fk_null(const char *param);
// Undefined behaviour in the real library: printed, counted, optionally fatal.
API void fk_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
API void fk_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Handles (handles.c): nothing is dereferenced before it is known to be alive.
enum fk_kind {
  H_NONE, H_CONTEXT, H_STREAM, H_EVENT, H_GRAPH, H_TENSOR, H_SCALAR, H_ARRAY, H_LIST, H_EXECUTOR, H_BUFFER, H_KINDS
};
API void *fk_new(enum fk_kind kind, size_t size);
API void fk_delete(void *handle);            // dead from now on; the memory is kept in quarantine
API bool fk_alive(const void *handle, enum fk_kind kind);
API bool fk_dead(const void *handle);        // was alive once
API int64_t fk_count(enum fk_kind kind);
API void fk_each(enum fk_kind kind, void (*visit)(void *handle, void *user), void *user);

// Device memory (memory.c). Device addresses are never readable by the host; the
// bytes lie at fk_host(address).
struct fk_block {
  uintptr_t at;
  size_t size;     // asked for
  size_t capacity; // usable: align32(size) + 32
  uint64_t id;     // never used again
  int device;
};
#define POISON 0xFF // NaN in float32, float16 and bfloat16
API struct fk_block *fk_block_of(uintptr_t at);           // the live block that holds the address, or NULL
API void *fk_host(uintptr_t at);
API bool fk_is_device(uintptr_t at);                      // lies in the device's address range
API bool fk_is_pinned(uintptr_t at, size_t n);            // inside memory of aclrtMallocHost

struct fk_context {
  int device;
  bool primary;
  int broken;                        // code of the fault that broke it, 0 if none
  int64_t params[8];                 // aclrtCtxSetSysParamOpt
  bool has[8];
  struct fk_stream *stream;          // default stream
};
API struct fk_context *fk_current(void); // of this thread, or NULL

// Work (queue.c).
struct fk_span {
  uintptr_t at;
  size_t n;
  bool write;
  uint64_t block; // id of the block at queue time
};
struct fk_task {
  struct fk_task *next;
  char name[64];
  uint64_t seq;
  void (*run)(struct fk_task *);
  void (*drop)(struct fk_task *);
  void *payload;
  struct fk_span *spans;
  int nspans;
  int fault;
  struct fk_event *event;           // recorded by this task
  uint64_t ticket;                  // of that record
  struct fk_stream *wait_stream;    // wait until this stream has run wait_seq
  uint64_t wait_seq;
};
struct fk_stream {
  struct fk_context *ctx;
  struct fk_task *head, *tail;
  uint64_t next_seq, done_seq;
  bool running;
  bool stop_on_failure;
  bool fallback; // default stream of a context
  struct fk_graph *capture;
  uint32_t flags;
  bool saturate; // mode when it was created
  int number;
};
API struct fk_task *fk_task_new(const char *name, void (*run)(struct fk_task *), void (*drop)(struct fk_task *), void *payload);
API void fk_task_span(struct fk_task *task, uintptr_t at, size_t n, bool write);
API int fk_stream_of(aclrtStream handle, struct fk_stream **out); // checks the handle; NULL is the default stream
API int fk_queue(struct fk_stream *stream, struct fk_task *task);
API struct fk_task *fk_running(void);
API bool fk_saturating(void); // does the task now running saturate?
API void fk_overflowed(void); // raises the overflow status of the device
int fk_run_until(struct fk_stream *stream, uint64_t seq);
int fk_run_one(struct fk_stream *stream);
void fk_drop_all(struct fk_stream *stream);
API int fk_broken(struct fk_context *ctx);
bool fk_pending(uintptr_t at, size_t n, bool writes_only, const char **who);

API int64_t fk_sysparam(int opt); // value in force for the current context
API int64_t fk_now_us(void);

// Resets of the single parts (fakeAclReset).
void fk_reset_runtime(void);
void fk_reset_memory(void);
void fk_reset_handles(void);
void fk_reset_config(void);
void fk_reset_calls(void);
void fk_reset_sysparams(void);

#endif
