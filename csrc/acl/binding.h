/*
 * What Go calls. One function for each act: it makes the device's context current on this thread, does the act, and fetches
 * the vendor's text if something failed, all before it returns, since the vendor keeps both per thread.
 *
 * Functions return 0, or the vendor's code with *err filled in.
 */
#ifndef MNV2_ACL_BINDING_H
#define MNV2_ACL_BINDING_H

#include "acl.h"
#include "symbols.h"

typedef struct mnv2_acl_error {
  int32_t code;
  int32_t call_index;   /* of a batch: which call failed */
  const char *function; /* the vendor's function, a literal */
  char text[1024];      /* the vendor's own sentence */
} mnv2_acl_error;

/* ---- Libraries -------------------------------------------------------------------------------------------------- */

typedef struct mnv2_acl_op_api {
  const char *name, *since;
  void *plan; /* aclnn<name>GetWorkspaceSize */
  aclnnStatus (*run)(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream);
} mnv2_acl_op_api;

enum mnv2_acl_op {
#define OP(name, since) MNV2_OP_##name,
  MNV2_OPERATORS(OP)
#undef OP
  MNV2_OP_COUNT
};

typedef struct mnv2_acl_api {
#define SYMBOL(name, since) __typeof__(name) *name;
  MNV2_RUNTIME_SYMBOLS(SYMBOL, SYMBOL)
  MNV2_OBJECT_SYMBOLS(SYMBOL, SYMBOL)
#undef SYMBOL
  mnv2_acl_op_api op[MNV2_OP_COUNT];
} mnv2_acl_api;

/* Opens a library. Returns NULL with the loader's sentence in text. */
void *mnv2_acl_open(const char *path, char *text, size_t size);
/* Writes the file that handle was loaded from. */
void mnv2_acl_origin(void *handle, char *path, size_t size);
/*
 * Looks all symbols up: of the runtime, the objects and the operators, each in its own list of handles. Returns NULL if one
 * without which nothing works is missing. missing receives "name (since), ..." of all that are.
 */
mnv2_acl_api *mnv2_acl_resolve(void **runtime, int runtimes, void *objects, void **ops, int n_ops, char *missing, size_t size);

int mnv2_acl_init(mnv2_acl_api *api, mnv2_acl_error *err);
int mnv2_acl_device_count(mnv2_acl_api *api, uint32_t *count, mnv2_acl_error *err);
int mnv2_acl_api_version(mnv2_acl_api *api, int32_t version[3], mnv2_acl_error *err);
/* Returns -1 if the library cannot tell. */
int mnv2_acl_package_version(mnv2_acl_api *api, int package, char *version, size_t size);
int mnv2_acl_soc_name(mnv2_acl_api *api, char *name, size_t size, mnv2_acl_error *err);
/* Process-wide, to be called before the first device is opened. -1 if the library has no such switch. */
int mnv2_acl_set_deterministic(mnv2_acl_api *api, int on, mnv2_acl_error *err);

/* ---- One device --------------------------------------------------------------------------------------------------- */

typedef struct mnv2_acl_staging mnv2_acl_staging;

typedef struct mnv2_acl_device {
  mnv2_acl_api *api;
  int32_t id;
  int32_t debug; /* synchronise after each call */
  aclrtContext context;
  aclrtStream stream;
  aclrtEvent start, end;
  mnv2_acl_staging *staging;
  int64_t launches, syncs, mallocs, plans; /* counted since it was opened */
} mnv2_acl_device;

mnv2_acl_device *mnv2_acl_device_open(mnv2_acl_api *api, int32_t id, int debug, int infnan, mnv2_acl_error *err);
int mnv2_acl_device_close(mnv2_acl_device *d, mnv2_acl_error *err);
int mnv2_acl_sat_mode(mnv2_acl_device *d, int *mode, mnv2_acl_error *err); /* 0 saturation, 1 Inf/NaN, -1 unknown */
int mnv2_acl_capability(mnv2_acl_device *d, int info, int64_t *value, mnv2_acl_error *err);

int mnv2_acl_malloc(mnv2_acl_device *d, size_t size, uintptr_t *address, mnv2_acl_error *err); /* zeroed */
int mnv2_acl_free(mnv2_acl_device *d, uintptr_t address, mnv2_acl_error *err);                 /* waits for the stream */
int mnv2_acl_memory(mnv2_acl_device *d, size_t *free, size_t *total, mnv2_acl_error *err);
int mnv2_acl_upload(mnv2_acl_device *d, uintptr_t dst, const void *src, size_t n, mnv2_acl_error *err);   /* src is free on return */
int mnv2_acl_download(mnv2_acl_device *d, void *dst, uintptr_t src, size_t n, mnv2_acl_error *err);       /* waits for the stream */
int mnv2_acl_sync(mnv2_acl_device *d, mnv2_acl_error *err);
int mnv2_acl_timer_start(mnv2_acl_device *d, mnv2_acl_error *err);
int mnv2_acl_timer_stop(mnv2_acl_device *d, float *ms, mnv2_acl_error *err);
int mnv2_acl_overflow_status(mnv2_acl_device *d, uintptr_t out64, mnv2_acl_error *err);

/* ---- Monitoring --------------------------------------------------------------------------------------------------- */

typedef struct mnv2_dcmi_state { /* has_... is 0 for what is not told */
  int32_t has_health, health; /* 0 ok, 1 minor, 2 major, 3 critical */
  int32_t has_temperature, celsius;
  int32_t has_power, deciwatt;
  int32_t has_memory;
  int64_t memory_mb, used_mb;
} mnv2_dcmi_state;

int mnv2_dcmi_open(void *handle); /* 0, the library's code, or -1 if it lacks what is needed */
int mnv2_dcmi_read(uint32_t logic, mnv2_dcmi_state *state);

/* ---- Operators ---------------------------------------------------------------------------------------------------- */

enum { MNV2_MAX_TENSORS = 10, MNV2_MAX_RANK = 4, MNV2_MAX_ARRAYS = 4, MNV2_MAX_SCALARS = 2 };

typedef struct mnv2_acl_tensor {
  int32_t dtype, format, rank; /* rank -1: the argument is NULL */
  int32_t strided;
  int64_t offset, storage; /* in elements: where the view begins in its block, and what the block holds, 0 for just the view */
  int64_t dims[MNV2_MAX_RANK];
  int64_t strides[MNV2_MAX_RANK];
} mnv2_acl_tensor;

/* One call of an operator: its arguments but for the addresses. Tensors are inputs first, then outputs. */
typedef struct mnv2_acl_spec {
  int32_t op, inputs, outputs, scalars, arrays, mask_len;
  mnv2_acl_tensor tensor[MNV2_MAX_TENSORS];
  double scalar[MNV2_MAX_SCALARS]; /* become aclScalar of type DOUBLE */
  int64_t array[MNV2_MAX_ARRAYS][MNV2_MAX_RANK];
  int32_t array_len[MNV2_MAX_ARRAYS];
  uint8_t mask[3];
  uint8_t flag[3];
  int64_t integer[2];
  double number[2];
  int32_t cube_math;
} mnv2_acl_spec;

typedef struct mnv2_acl_batch mnv2_acl_batch;

/*
 * Makes n calls ready, to be run one after the other. placeholder is device memory whose address stands for all tensors
 * until the first run. workspace receives what the largest of them needs. repeatable receives how many keep their plan.
 */
mnv2_acl_batch *mnv2_acl_batch_new(mnv2_acl_device *d, const mnv2_acl_spec *specs, int n, int reuse, uintptr_t placeholder,
                                   uint64_t *workspace, int *repeatable, mnv2_acl_error *err);
/* Runs all calls. addresses are those of all tensors that are not NULL, call after call. */
int mnv2_acl_batch_run(mnv2_acl_device *d, mnv2_acl_batch *b, const uintptr_t *addresses, uintptr_t workspace,
                       uint64_t size, mnv2_acl_error *err);
int mnv2_acl_batch_free(mnv2_acl_device *d, mnv2_acl_batch *b, mnv2_acl_error *err);

/* Shared by the files of this folder: notes a failure and fetches the vendor's text. Returns code. */
int mnv2_acl_fail(mnv2_acl_api *api, mnv2_acl_error *err, const char *function, int code);
int mnv2_acl_bind(mnv2_acl_device *d, mnv2_acl_error *err);

#endif
