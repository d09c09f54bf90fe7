// Initialisation, devices and contexts (ascend.md 1.5; [rt] src/acl/aclrt_impl/acl.cpp,
// device.cpp, context.cpp, docs/zh/api_ref/02..05).
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define MAX_DEVICES 8

static int init_count;
static char config_text[256];
static bool was_finalised;
static struct fk_context *primary[MAX_DEVICES];
static int set_count[MAX_DEVICES];
static __thread struct fk_context *current;

bool fk_initialised(void) { return init_count > 0; }

// The current context of a thread, unless it was destroyed meanwhile.
struct fk_context *fk_current(void) { return current != NULL && fk_alive(current, H_CONTEXT) ? current : NULL; }

struct fk_stream *fk_stream_create(struct fk_context *ctx, bool fallback);
void fk_stream_delete(struct fk_stream *stream);

static int do_init(const char *path) {
  const char *text = path == NULL ? "" : path;
  if (init_count > 0) { // [rt] acl.cpp aclInit: counts up, looks at nothing else, and says so
    init_count++;
    return REPEAT_INITIALIZE;
  }
  if (path != NULL) {
    FILE *f = fopen(path, "re");
    if (f == NULL)
      return fk_error(INVALID_FILE, "EH0004", "File %s is invalid. Reason: it cannot be opened.", path);
    fclose(f);
  }
  // A machine without a device: ascend.md 1.4, code 500000.
  if (fk_setting_int("DEVICES", 1) == 0 && fk_setting("NO_DRIVER") != NULL)
    return fk_error(INTERNAL_ERROR, "EE9999", "Failed to get the SoC version: the driver is not available in this container.");
  if (strcmp(text, config_text) != 0 && was_finalised) // [rt] acl.cpp aclInit: another configuration than the first
    return fk_error(INVALID_PARAM, "EH0004", "File %s is invalid. Reason: config content differs from the first aclInit.", text);
  snprintf(config_text, sizeof config_text, "%s", text);
  init_count = 1;
  was_finalised = false;
  return OK;
}

API aclError aclInit(const char *configPath) { FK_CALL(FREE, do_init(configPath)); }

static int do_finalize(void) {
  if (init_count == 0) // ascend.md 1.4: 100037 the second time, 100001 without any aclInit
    return was_finalised ? fk_error(REPEAT_FINALIZE, "EH9999", "aclFinalize was called before.")
                         : fk_error(UNINITIALIZE, "EH9999", "aclFinalize was called before aclInit.");
  init_count = 0;
  was_finalised = true;
  return OK;
}

API aclError aclFinalize(void) { FK_RELEASE(FREE, do_finalize()); }

// ASCEND_RT_VISIBLE_DEVICES is an ascending list; it is cut at the first entry that
// is not a device: ascend.md 6.3. Returns the count of visible devices.
static int visible(int physical[MAX_DEVICES]) {
  int64_t have = fk_setting_int("DEVICES", 1);
  int n = have < 0 ? 0 : have > MAX_DEVICES ? MAX_DEVICES : (int)have;
  const char *list = getenv("ASCEND_RT_VISIBLE_DEVICES");
  if (list == NULL || *list == '\0') {
    for (int i = 0; i < n; i++)
      physical[i] = i;
    return n;
  }
  int count = 0;
  for (char *end; *list != '\0'; list = *end == ',' ? end + 1 : end) {
    long id = strtol(list, &end, 10);
    if (end == list || id < 0 || id >= n || (count > 0 && id <= physical[count - 1]) || count == MAX_DEVICES)
      break;
    physical[count++] = (int)id;
  }
  return count;
}

static int do_device_count(uint32_t *count) {
  if (count == NULL)
    return fk_null("count");
  int physical[MAX_DEVICES];
  *count = (uint32_t)visible(physical);
  return OK;
}

API aclError aclrtGetDeviceCount(uint32_t *count) { FK_CALL(INIT, do_device_count(count)); }

static int do_set_device(int32_t id) {
  int physical[MAX_DEVICES];
  int n = visible(physical);
  if (id < 0 || id >= n)
    return fk_error(RT_INVALID_DEVICEID, "EE1001", "The argument is invalid. Reason: Set device failed, invalid device, "
                    "current device=%d, valid device range is [0, %d).", id, n);
  int d = physical[id];
  if (primary[d] == NULL) {
    struct fk_context *ctx = fk_new(H_CONTEXT, sizeof *ctx);
    ctx->device = d;
    ctx->primary = true;
    primary[d] = ctx;
    ctx->stream = fk_stream_create(ctx, true);
  }
  set_count[d]++;
  current = primary[d];
  return OK;
}

API aclError aclrtSetDevice(int32_t deviceId) { FK_CALL(INIT, do_set_device(deviceId)); }

static void close_stream(void *handle, void *user) {
  struct fk_stream *s = handle;
  if (s->ctx != user)
    return;
  // [rt] docs 04 aclrtResetDevice: waits for the default context's work, then releases its streams.
  fk_run_until(s, UINT64_MAX);
  if (!s->fallback)
    fk_misuse("aclrtResetDevice: stream %d was not destroyed", s->number);
  fk_stream_delete(s);
}

static int do_reset_device(int32_t id) {
  int physical[MAX_DEVICES];
  int n = visible(physical);
  if (id < 0 || id >= n)
    return fk_error(RT_INVALID_DEVICEID, "EE1001", "The argument is invalid. Reason: Reset device failed, invalid device, "
                    "current device=%d, valid device range is [0, %d).", id, n);
  int d = physical[id];
  if (primary[d] == NULL) // [rt] tests/ut: a reset without a set is refused
    return fk_error(RT_CONTEXT_NULL, "EE9999", "Reset device failed: device %d was not set by this process.", id);
  if (--set_count[d] > 0)
    return OK;
  struct fk_context *ctx = primary[d];
  fk_each(H_STREAM, close_stream, ctx);
  primary[d] = NULL;
  fk_delete(ctx);
  if (current == ctx)
    current = NULL;
  return OK;
}

API aclError aclrtResetDevice(int32_t deviceId) { FK_RELEASE(INIT, do_reset_device(deviceId)); }

static int do_get_context(aclrtContext *ctx) {
  if (ctx == NULL)
    return fk_null("context");
  *ctx = fk_current();
  return OK;
}

API aclError aclrtGetCurrentContext(aclrtContext *context) { FK_CALL(CTX, do_get_context(context)); }

static int do_set_context(aclrtContext ctx) {
  if (ctx == NULL)
    return fk_null("context");
  if (!fk_alive(ctx, H_CONTEXT)) {
    fk_misuse("aclrtSetCurrentContext(%p): %s", ctx, fk_dead(ctx) ? "destroyed" : "not a context");
    return fk_error(RT_INVALID_HANDLE, "EE1001", "The argument is invalid. Reason: the context handle %p is invalid.", ctx);
  }
  current = ctx;
  return OK;
}

API aclError aclrtSetCurrentContext(aclrtContext context) { FK_CALL(INIT, do_set_context(context)); }

static void drop_stream(void *handle, void *user) {
  (void)user;
  fk_drop_all(handle);
}

void fk_reset_runtime(void) {
  fk_each(H_STREAM, drop_stream, NULL);
  memset(primary, 0, sizeof primary);
  memset(set_count, 0, sizeof set_count);
  init_count = 0;
  was_finalised = false;
  current = NULL;
}
