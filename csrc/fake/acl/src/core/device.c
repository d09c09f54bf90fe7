// What the device can do and how it computes: capabilities, system parameters,
// saturation, the overflow status (ascend.md 1.3, 1.5 "Determinism", "Overflow").
#include <string.h>

#include "fake.h"

static int64_t process_params[4];
static int satmode = -1; // not set by anyone
static bool overflow;

// Until somebody sets it, the mode is saturation here: the manual says Inf/NaN for
// A2 and A3, a user of the plain interface saw saturation (ascend.md 8), so the
// worse of the two stands in. 910A, 310P and 310B cannot do otherwise, 950 cannot saturate.
int fk_device_satmode(void) {
  if (!fk_chip()->infnan)
    return 0;
  if (!fk_chip()->satmode)
    return 1;
  return satmode < 0 ? 0 : satmode;
}

void fk_overflowed(void) { overflow = true; }

static int do_set_satmode(int mode) {
  if (mode != 0 && mode != 1) // [rt] api_error.cc SetDeviceSatMode: [0, 2)
    return fk_error(RT_PARAM_INVALID, "EE1003", "Setting the overflow/underflow detection mode of the current device failed because value %d for "
                    "parameter floatOverflowMode is invalid. Expected value: [0, 2).", mode);
  if ((mode == 1 && !fk_chip()->infnan) || (mode == 0 && fk_chip()->infnan && !fk_chip()->satmode))
    return fk_error(RT_FEATURE_NOT_SUPPORT, "EE9999", "overflow mode %d is not supported on %s.", mode, fk_chip()->soc);
  satmode = mode;
  return OK;
}

API aclError aclrtSetDeviceSatMode(aclrtFloatOverflowMode mode) { FK_CALL(CTX, do_set_satmode(mode)); }

static int do_get_satmode(int *mode) {
  if (mode == NULL)
    return fk_null("mode");
  *mode = fk_device_satmode();
  return OK;
}

API aclError aclrtGetDeviceSatMode(aclrtFloatOverflowMode *mode) { FK_CALL(CTX, do_get_satmode(mode)); }

static void run_get_overflow(struct fk_task *t) {
  unsigned char *out = fk_host(t->spans[0].at);
  memset(out, 0, 64);
  out[0] = overflow;
}

static void run_reset_overflow(struct fk_task *t) {
  (void)t;
  overflow = false;
}

static int do_get_overflow(void *out, size_t size, aclrtStream stream) {
  struct fk_stream *s;
  if (out == NULL)
    return fk_null("outputAddr");
  int code = fk_stream_of(stream, &s);
  if (code != OK)
    return code;
  struct fk_block *b = fk_block_of((uintptr_t)out);
  if (size != 64 || !fk_is_device((uintptr_t)out) || b == NULL || (uintptr_t)out + 64 > b->at + b->capacity)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: the output must be 64 bytes of device memory.");
  struct fk_task *t = fk_task_new("aclrtGetOverflowStatus", run_get_overflow, NULL, NULL);
  fk_task_span(t, (uintptr_t)out, 64, true);
  return fk_queue(s, t);
}

API aclError aclrtGetOverflowStatus(void *outputAddr, size_t outputSize, aclrtStream stream) {
  FK_CALL(CTX, do_get_overflow(outputAddr, outputSize, stream));
}

static int do_reset_overflow(aclrtStream stream) {
  struct fk_stream *s;
  int code = fk_stream_of(stream, &s);
  return code != OK ? code : fk_queue(s, fk_task_new("aclrtResetOverflowStatus", run_reset_overflow, NULL, NULL));
}

API aclError aclrtResetOverflowStatus(aclrtStream stream) { FK_CALL(CTX, do_reset_overflow(stream)); }

static int do_set_param(int opt, int64_t value) {
  if (opt < 0 || opt > 3)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: system parameter %d is not known.", opt);
  if (value < 0 || value > (opt == 0 ? 3 : 1))
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: value %lld of system parameter %d.", (long long)value, opt);
  process_params[opt] = value;
  return OK;
}

API aclError aclrtSetSysParamOpt(aclSysParamOpt opt, int64_t value) { FK_CALL(INIT, do_set_param(opt, value)); }

static int do_get_param(int opt, int64_t *value) {
  if (value == NULL)
    return fk_null("value");
  if (opt < 0 || opt > 3)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: system parameter %d is not known.", opt);
  *value = process_params[opt];
  return OK;
}

API aclError aclrtGetSysParamOpt(aclSysParamOpt opt, int64_t *value) { FK_CALL(INIT, do_get_param(opt, value)); }

int64_t fk_sysparam(int opt) { return process_params[opt]; }

static int do_capability(uint32_t id, int info, int64_t *value) {
  if (value == NULL)
    return fk_null("value");
  if ((int64_t)id >= fk_setting_int("DEVICES", 1)) // [rt] acl.cpp aclGetDeviceCapability
    return fk_error(INVALID_PARAM, "EH0001", "Value %u for deviceId is invalid. Reason: greater than deviceNum %lld.", id,
                    (long long)fk_setting_int("DEVICES", 1));
  const int64_t values[] = {fk_chip()->aicores, fk_chip()->vectorcores, 192 << 20};
  if (info < 0 || info > 2)
    return fk_error(INVALID_PARAM, "EH0001", "Value %d for deviceInfo is invalid. Reason: not known.", info);
  *value = values[info];
  return OK;
}

API aclError aclGetDeviceCapability(uint32_t deviceId, aclDeviceInfo deviceInfo, int64_t *value) {
  FK_CALL(INIT, do_capability(deviceId, deviceInfo, value));
}

static int do_attribute(int attr, int32_t *value) {
  if (value == NULL)
    return fk_null("value");
  if (attr < 0 || attr > 2)
    return fk_error(INVALID_PARAM, "EH0001", "Value %d for cannAttr is invalid. Reason: not known.", attr);
  *value = attr == 0 ? fk_chip()->infnan : attr == 1 ? fk_chip()->bf16 : 1;
  return OK;
}

API aclError aclGetCannAttribute(aclCannAttr cannAttr, int32_t *value) { FK_CALL(INIT, do_attribute(cannAttr, value)); }

void fk_reset_sysparams(void) {
  memset(process_params, 0, sizeof process_params);
  satmode = -1;
  overflow = false;
}
