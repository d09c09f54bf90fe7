//go:build cgo && linux

#include "binding.h"

#include <stdlib.h>

/* Overflow noticed on the way, and the end of a sequence, are news and not failures of the wait. */
static int is_news(int code) {
  return code == ACL_ERROR_RT_AICORE_OVER_FLOW || code == ACL_ERROR_RT_AIVEC_OVER_FLOW || code == ACL_ERROR_RT_OVER_FLOW ||
         code == ACL_ERROR_RT_END_OF_SEQUENCE;
}

int mnv2_acl_bind(mnv2_acl_device *d, mnv2_acl_error *err) {
  int rc = d->api->aclrtSetCurrentContext(d->context);
  return rc == 0 ? 0 : mnv2_acl_fail(d->api, err, "aclrtSetCurrentContext", rc);
}

#define BIND(d, err)                     \
  do {                                   \
    int bound = mnv2_acl_bind(d, err);   \
    if (bound != 0) return bound;        \
  } while (0)

#define CALL(d, err, function, ...)                                          \
  do {                                                                       \
    int called = (d)->api->function(__VA_ARGS__);                            \
    if (called != 0) return mnv2_acl_fail((d)->api, err, #function, called); \
  } while (0)

static int synchronize(mnv2_acl_device *d, mnv2_acl_error *err) {
  d->syncs++;
  int rc = d->api->aclrtSynchronizeStream(d->stream);
  if (rc == 0 || is_news(rc)) {
    return 0;
  }
  return mnv2_acl_fail(d->api, err, "aclrtSynchronizeStream", rc);
}

static int open_stream(mnv2_acl_device *d, int infnan, mnv2_acl_error *err) {
  CALL(d, err, aclrtGetCurrentContext, &d->context);
  /* The mode holds for streams that are made afterwards. */
  if (d->api->aclrtSetDeviceSatMode != NULL) {
    CALL(d, err, aclrtSetDeviceSatMode, infnan ? ACL_RT_OVERFLOW_MODE_INFNAN : ACL_RT_OVERFLOW_MODE_SATURATION);
  }
  CALL(d, err, aclrtCreateStream, &d->stream);
  CALL(d, err, aclrtCreateEventExWithFlag, &d->start, ACL_EVENT_TIME_LINE);
  CALL(d, err, aclrtCreateEventExWithFlag, &d->end, ACL_EVENT_TIME_LINE);
  return 0;
}

/* ---- Page-locked staging memory: copies from it do not block, and the caller's bytes are free at once. ---- */

enum { SMALLEST_CLASS = 12, LARGEST_CLASS = 26, CLASSES = LARGEST_CLASS - SMALLEST_CLASS + 1, MANY = 8, FEW = 3 };

typedef struct slot {
  void *memory;
  aclrtEvent done;
  int used;
} slot;

/* Slots by powers of two, from 4 KiB to 64 MiB; small ones are many, so that several small uploads a step do not wait. */
struct mnv2_acl_staging {
  slot slots[CLASSES][MANY];
  int next[CLASSES];
};

static int class_of(size_t n) {
  int c = 0;
  while (c < CLASSES - 1 && ((size_t)1 << (c + SMALLEST_CLASS)) < n) {
    c++;
  }
  return c;
}

static int take_slot(mnv2_acl_device *d, size_t n, slot **taken, mnv2_acl_error *err) {
  int c = class_of(n), count = c + SMALLEST_CLASS <= 20 ? MANY : FEW;
  slot *s = &d->staging->slots[c][d->staging->next[c]];
  if (s->memory == NULL) {
    CALL(d, err, aclrtMallocHost, &s->memory, (size_t)1 << (c + SMALLEST_CLASS));
    d->mallocs++;
  }
  if (s->done == NULL) {
    CALL(d, err, aclrtCreateEventExWithFlag, &s->done, ACL_EVENT_SYNC);
  }
  if (s->used) {
    CALL(d, err, aclrtSynchronizeEvent, s->done);
    s->used = 0;
  }
  d->staging->next[c] = (d->staging->next[c] + 1) % count;
  *taken = s;
  return 0;
}

int mnv2_acl_upload(mnv2_acl_device *d, uintptr_t dst, const void *src, size_t n, mnv2_acl_error *err) {
  const size_t piece = (size_t)1 << LARGEST_CLASS;
  BIND(d, err);
  for (size_t at = 0; at < n; at += piece) {
    size_t m = n - at < piece ? n - at : piece;
    slot *s = NULL;
    int rc = take_slot(d, m, &s, err);
    if (rc != 0) {
      return rc;
    }
    __builtin_memcpy(s->memory, (const char *)src + at, m);
    CALL(d, err, aclrtMemcpyAsync, (void *)(dst + at), m, s->memory, m, ACL_MEMCPY_HOST_TO_DEVICE, d->stream);
    s->used = 1; /* even if the event cannot be recorded: then the next taker learns of it */
    rc = d->api->aclrtRecordEvent(s->done, d->stream);
    if (rc != 0) {
      mnv2_acl_fail(d->api, err, "aclrtRecordEvent", rc);
      mnv2_acl_error ignored;
      s->used = synchronize(d, &ignored) != 0;
      return rc;
    }
  }
  return 0;
}

static void free_staging(mnv2_acl_device *d) {
  for (int c = 0; d->staging != NULL && c < CLASSES; c++) {
    for (int i = 0; i < MANY; i++) {
      slot *s = &d->staging->slots[c][i];
      if (s->done != NULL) {
        d->api->aclrtDestroyEvent(s->done);
      }
      if (s->memory != NULL) {
        d->api->aclrtFreeHost(s->memory);
      }
    }
  }
  free(d->staging);
  d->staging = NULL;
}

/* ---- Opening and closing ---- */

/* Gives everything back, whatever fails, and reports the first failure. */
static int tear_down(mnv2_acl_device *d, mnv2_acl_error *err) {
  mnv2_acl_error later;
  int first = 0;
#define GIVE_BACK(function, ...)                                             \
  do {                                                                       \
    int rc = d->api->function(__VA_ARGS__);                                  \
    if (rc != 0) mnv2_acl_fail(d->api, first == 0 ? err : &later, #function, rc); \
    if (first == 0) first = rc;                                              \
  } while (0)
  free_staging(d);
  if (d->start != NULL) GIVE_BACK(aclrtDestroyEvent, d->start);
  if (d->end != NULL) GIVE_BACK(aclrtDestroyEvent, d->end);
  if (d->stream != NULL) GIVE_BACK(aclrtDestroyStream, d->stream);
  GIVE_BACK(aclrtResetDevice, d->id);
#undef GIVE_BACK
  free(d);
  return first;
}

mnv2_acl_device *mnv2_acl_device_open(mnv2_acl_api *api, int32_t id, int debug, int infnan, mnv2_acl_error *err) {
  mnv2_acl_device *d = calloc(1, sizeof *d);
  mnv2_acl_staging *staging = calloc(1, sizeof *staging);
  int rc = d == NULL || staging == NULL ? ACL_ERROR_BAD_ALLOC : api->aclrtSetDevice(id);
  if (rc != 0) {
    free(d);
    free(staging);
    mnv2_acl_fail(api, err, "aclrtSetDevice", rc);
    return NULL;
  }
  d->api = api;
  d->id = id;
  d->debug = debug;
  d->staging = staging;
  if (open_stream(d, infnan, err) != 0) {
    mnv2_acl_error ignored;
    tear_down(d, &ignored);
    return NULL;
  }
  return d;
}

int mnv2_acl_device_close(mnv2_acl_device *d, mnv2_acl_error *err) {
  mnv2_acl_error later;
  int bound = mnv2_acl_bind(d, err);
  int waited = bound == 0 ? synchronize(d, err) : 0;
  int closed = tear_down(d, bound != 0 || waited != 0 ? &later : err);
  return bound != 0 ? bound : waited != 0 ? waited : closed;
}

int mnv2_acl_sat_mode(mnv2_acl_device *d, int *mode, mnv2_acl_error *err) {
  *mode = -1;
  BIND(d, err);
  if (d->api->aclrtGetDeviceSatMode != NULL) {
    CALL(d, err, aclrtGetDeviceSatMode, mode);
  }
  return 0;
}

int mnv2_acl_capability(mnv2_acl_device *d, int info, int64_t *value, mnv2_acl_error *err) {
  *value = 0;
  BIND(d, err);
  if (d->api->aclGetDeviceCapability != NULL) {
    CALL(d, err, aclGetDeviceCapability, (uint32_t)d->id, info, value);
  }
  return 0;
}

/* ---- Memory ---- */

int mnv2_acl_malloc(mnv2_acl_device *d, size_t size, uintptr_t *address, mnv2_acl_error *err) {
  void *p = NULL;
  size_t n = size == 0 ? 1 : size; /* nothing is an error to the runtime */
  BIND(d, err);
  CALL(d, err, aclrtMalloc, &p, n, ACL_MEM_MALLOC_HUGE_FIRST);
  d->mallocs++;
  int rc = d->api->aclrtMemsetAsync(p, n, 0, n, d->stream);
  if (rc != 0) {
    mnv2_acl_fail(d->api, err, "aclrtMemsetAsync", rc);
    d->api->aclrtFree(p);
    return rc;
  }
  *address = (uintptr_t)p;
  return 0;
}

int mnv2_acl_free(mnv2_acl_device *d, uintptr_t address, mnv2_acl_error *err) {
  /* A failure to bind is told, but tried again first: the memory would be lost. */
  mnv2_acl_error first;
  int bound = mnv2_acl_bind(d, &first);
  if (bound != 0) {
    BIND(d, err);
  }
  /* Freeing does not follow the order of the stream: what is queued may still use the memory. */
  mnv2_acl_error waiting;
  int waited = synchronize(d, &waiting);
  CALL(d, err, aclrtFree, (void *)address);
  if (bound != 0) {
    *err = first;
    return bound;
  }
  if (waited != 0) {
    *err = waiting;
  }
  return waited;
}

int mnv2_acl_memory(mnv2_acl_device *d, size_t *free, size_t *total, mnv2_acl_error *err) {
  BIND(d, err);
  CALL(d, err, aclrtGetMemInfo, ACL_HBM_MEM, free, total);
  return 0;
}

int mnv2_acl_download(mnv2_acl_device *d, void *dst, uintptr_t src, size_t n, mnv2_acl_error *err) {
  BIND(d, err);
  /* A synchronous copy does not wait for the stream: what is queued must be done first. */
  int rc = synchronize(d, err);
  if (rc != 0 || n == 0) {
    return rc;
  }
  CALL(d, err, aclrtMemcpy, dst, n, (const void *)src, n, ACL_MEMCPY_DEVICE_TO_HOST);
  return 0;
}

int mnv2_acl_sync(mnv2_acl_device *d, mnv2_acl_error *err) {
  BIND(d, err);
  return synchronize(d, err);
}

int mnv2_acl_timer_start(mnv2_acl_device *d, mnv2_acl_error *err) {
  BIND(d, err);
  CALL(d, err, aclrtRecordEvent, d->start, d->stream);
  return 0;
}

int mnv2_acl_timer_stop(mnv2_acl_device *d, float *ms, mnv2_acl_error *err) {
  BIND(d, err);
  CALL(d, err, aclrtRecordEvent, d->end, d->stream);
  int rc = synchronize(d, err);
  if (rc != 0) {
    return rc;
  }
  CALL(d, err, aclrtEventElapsedTime, ms, d->start, d->end);
  return 0;
}

int mnv2_acl_overflow_status(mnv2_acl_device *d, uintptr_t out64, mnv2_acl_error *err) {
  BIND(d, err);
  CALL(d, err, aclrtGetOverflowStatus, (void *)out64, 64, d->stream);
  CALL(d, err, aclrtResetOverflowStatus, d->stream);
  return 0;
}
