// Copies and fills (ascend.md 1.5 "Copies"; [rt] src/acl/aclrt_impl/memory.cpp,
// docs/zh/api_ref/11-03).
#include <stdlib.h>
#include <string.h>

#include "fake.h"

struct copy {
  uintptr_t dst, src;
  size_t n;
  int value;     // of a fill
  uint64_t hash; // of a host source, when queued
};

static void *bytes(uintptr_t at) { return fk_is_device(at) ? fk_host(at) : (void *)at; }

static uint64_t hash_of(const void *p, size_t n) {
  const unsigned char *b = p;
  uint64_t h = 1469598103934665603ULL;
  for (size_t i = 0; i < n; i++)
    h = (h ^ b[i]) * 1099511628211ULL;
  return h;
}

// A device range must lie inside one block that is alive.
static int check_range(const char *what, uintptr_t at, size_t n) {
  if (!fk_is_device(at))
    return OK;
  struct fk_block *b = fk_block_of(at);
  if (b != NULL && at + n <= b->at + b->capacity)
    return OK;
  fk_misuse("copy: %s %p of %zu bytes is not inside one allocation", what, (void *)at, n);
  return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: %s address %p, size %zu is not valid device memory.", what,
                  (void *)at, n);
}

// The kind must be one the plain copies know ([rt] MemcpyKindTranslate) and should
// say where the addresses lie; the real runtime looks at the addresses itself.
static int check_kind(uintptr_t dst, uintptr_t src, int kind) {
  if (kind < 0 || kind > 5)
    return fk_error(INVALID_PARAM, "EH0001", "Value %d for kind is invalid. Reason: must be ACL_MEMCPY_HOST_TO_DEVICE or "
                    "ACL_MEMCPY_DEVICE_TO_DEVICE or ACL_MEMCPY_DEVICE_TO_HOST or ACL_MEMCPY_HOST_TO_HOST or "
                    "ACL_MEMCPY_DEFAULT or ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE.", kind);
  int actual = (fk_is_device(src) ? 2 : 0) + (fk_is_device(dst) ? 1 : 0);
  if (kind < 4 && kind != actual)
    fk_misuse("copy: kind %d, but the addresses say %d", kind, actual);
  return OK;
}

static int check_copy(void *dst, size_t max, const void *src, size_t n, int kind) {
  if (dst == NULL || src == NULL) // [rt] memory.cpp aclrtMemcpyImpl
    return fk_null(dst == NULL ? "dst" : "src");
  int code = check_kind((uintptr_t)dst, (uintptr_t)src, kind);
  if (code == OK && n > max) // ascend.md 1.4: 107000, count above dstMax
    code = fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: cnt=%zu is greater than destMax=%zu.", n, max);
  if (code == OK)
    code = check_range("src", (uintptr_t)src, n);
  return code != OK ? code : check_range("dst", (uintptr_t)dst, n);
}

static void any_capture(void *handle, void *user) {
  struct fk_stream *s = handle;
  if (s->capture != NULL)
    *(bool *)user = true;
}

// [rt] docs 15 aclmdlRICaptureBegin: synchronous copies and fills, and queued copies
// of pageable memory, are the unsafe functions that a capture forbids.
static int no_capture(const char *what) {
  bool capturing = false;
  fk_each(H_STREAM, any_capture, &capturing);
  return capturing ? fk_error(RT_CAPTURE_MODE_NOT_SUPPORT, "EE9999", "%s is not supported while a stream is being captured.", what) : OK;
}

// A synchronous copy waits for no stream: bytes that a queued task is going to
// write are not there yet.
static void copy_now(uintptr_t dst, uintptr_t src, size_t n) {
  const char *who = NULL;
  if (fk_pending(dst, n, false, &who))
    fk_misuse("aclrtMemcpy: writes memory that the queued %s uses", who);
  if (fk_pending(src, n, true, &who)) {
    fk_misuse("aclrtMemcpy: reads memory that the queued %s has not written yet", who);
    memset(bytes(dst), POISON, n);
    return;
  }
  memmove(bytes(dst), bytes(src), n);
}

static int do_copy(void *dst, size_t max, const void *src, size_t n, int kind) {
  fk_stats.copies++;
  int code = no_capture("aclrtMemcpy");
  if (code == OK)
    code = check_copy(dst, max, src, n, kind);
  if (code == OK)
    code = fk_broken(fk_current()); // a fault that already happened shows here: ascend.md 1.5
  if (code != OK || n == 0 || dst == src)
    return code;
  copy_now((uintptr_t)dst, (uintptr_t)src, n);
  return OK;
}

API aclError aclrtMemcpy(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind) {
  FK_CALL(CTX, do_copy(dst, destMax, src, count, kind));
}

static void run_copy(struct fk_task *t) {
  struct copy *c = t->payload;
  if (c->hash != 0 && hash_of((void *)c->src, c->n) != c->hash)
    fk_misuse("aclrtMemcpyAsync: the host memory at %p changed between the call and the copy", (void *)c->src);
  memmove(bytes(c->dst), bytes(c->src), c->n);
}

static void run_fill(struct fk_task *t) {
  struct copy *c = t->payload;
  memset(bytes(c->dst), c->value, c->n);
}

static void drop_copy(struct fk_task *t) { free(t->payload); }

static int queue_copy(struct fk_stream *s, struct copy c) {
  struct copy *payload = malloc(sizeof c);
  *payload = c;
  struct fk_task *t = fk_task_new("aclrtMemcpyAsync", run_copy, drop_copy, payload);
  fk_task_span(t, c.src, c.n, false);
  fk_task_span(t, c.dst, c.n, true);
  t->fault = fk_late_fault("aclrtMemcpyAsync");
  return fk_queue(s, t);
}

static int do_copy_async(void *dst, size_t max, const void *src, size_t n, int kind, aclrtStream stream) {
  struct fk_stream *s;
  fk_stats.copies++;
  int code = fk_stream_of(stream, &s);
  if (code == OK)
    code = check_copy(dst, max, src, n, kind);
  if (code == OK)
    code = fk_broken(s->ctx);
  if (code != OK)
    return code;
  uintptr_t d = (uintptr_t)dst, h = (uintptr_t)src;
  bool host_src = !fk_is_device(h), host_dst = !fk_is_device(d);
  if (host_src && host_dst) // [rt] docs 11-03 aclrtMemcpyAsync: not supported
    return fk_error(RT_FEATURE_NOT_SUPPORT, "EE9999", "asynchronous copies from host to host are not supported.");
  if (n == 0)
    return OK;
  bool pageable = (host_src && !fk_is_pinned(h, n)) || (host_dst && !fk_is_pinned(d, n));
  if (pageable && (code = no_capture("aclrtMemcpyAsync of pageable memory")) != OK)
    return code;
  struct copy c = {.dst = d, .src = h, .n = n};
  if (host_src && !pageable && s->capture == NULL)
    c.hash = hash_of(src, n);
  if (host_dst && !pageable && s->capture == NULL && !fk_pending(d, n, false, NULL))
    memset(dst, POISON, n); // not there before the stream was waited for
  code = queue_copy(s, c);
  if (code == OK && pageable) { // [rt] docs 11-03: returns when the copy is done
    fk_stats.implicit_waits++;
    code = fk_run_until(s, s->next_seq);
    if (code == OK)
      code = fk_broken(s->ctx);
  }
  return code;
}

API aclError aclrtMemcpyAsync(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind, aclrtStream stream) {
  FK_CALL(CTX, do_copy_async(dst, destMax, src, count, kind, stream));
}

static int do_fill_async(void *p, size_t max, int value, size_t n, aclrtStream stream) {
  struct fk_stream *s;
  fk_stats.copies++;
  int code = fk_stream_of(stream, &s);
  if (code != OK)
    return code;
  if (p == NULL)
    return fk_null("devPtr");
  if (n > max)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: cnt=%zu is greater than maxCount=%zu.", n, max);
  uintptr_t at = (uintptr_t)p;
  if (!fk_is_device(at) && !fk_is_pinned(at, n)) { // [rt] docs 11-03: undefined for other host memory
    fk_misuse("aclrtMemsetAsync(%p): neither device memory nor memory of aclrtMallocHost", p);
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: the memory type of %p is not supported.", p);
  }
  code = check_range("dst", at, n);
  if (code == OK)
    code = fk_broken(s->ctx);
  if (code != OK || n == 0)
    return code;
  struct copy *payload = malloc(sizeof *payload);
  *payload = (struct copy){.dst = at, .n = n, .value = value};
  struct fk_task *t = fk_task_new("aclrtMemsetAsync", run_fill, drop_copy, payload);
  fk_task_span(t, at, n, true);
  t->fault = fk_late_fault("aclrtMemsetAsync");
  return fk_queue(s, t);
}

API aclError aclrtMemsetAsync(void *devPtr, size_t maxCount, int32_t value, size_t count, aclrtStream stream) {
  FK_CALL(CTX, do_fill_async(devPtr, maxCount, value, count, stream));
}
