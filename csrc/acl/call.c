//go:build cgo && linux

#include "binding.h"

#include <stdlib.h>
#include <string.h>

/* One call of an operator with everything the vendor wants to be created for it. */
typedef struct call {
  mnv2_acl_op_api *api;
  mnv2_acl_spec spec;
  aclTensor *tensor[MNV2_MAX_TENSORS];
  uintptr_t address[MNV2_MAX_TENSORS];
  aclScalar *scalar[MNV2_MAX_SCALARS];
  aclIntArray *array[MNV2_MAX_ARRAYS];
  aclBoolArray *mask;
  aclOpExecutor *executor; /* kept only if the vendor lets it be repeated */
  uint64_t workspace;      /* of the kept plan */
} call;

struct mnv2_acl_batch {
  int n;
  call calls[];
};

static int tensors(const mnv2_acl_spec *s) { return s->inputs + s->outputs; }

static aclTensor *create_tensor(mnv2_acl_device *d, const mnv2_acl_tensor *t, uintptr_t address) {
  int64_t strides[MNV2_MAX_RANK], stride = 1;
  for (int i = t->rank - 1; i >= 0; i--) {
    strides[i] = t->strided ? t->strides[i] : stride;
    stride *= t->dims[i];
  }
  int64_t storage = t->storage > 0 ? t->storage : stride;
  int whole = !t->strided && t->storage == 0; /* the block is the tensor */
  return d->api->aclCreateTensor(t->dims, (uint64_t)t->rank, t->dtype, strides, t->offset, t->format,
                                 whole ? t->dims : &storage, whole ? (uint64_t)t->rank : 1, (void *)address);
}

static int create_arguments(mnv2_acl_device *d, call *c, uintptr_t placeholder, mnv2_acl_error *err) {
  const mnv2_acl_spec *s = &c->spec;
  for (int i = 0; i < tensors(s); i++) {
    if (s->tensor[i].rank < 0) {
      continue;
    }
    c->address[i] = placeholder;
    c->tensor[i] = create_tensor(d, &s->tensor[i], placeholder);
    if (c->tensor[i] == NULL) {
      return mnv2_acl_fail(d->api, err, "aclCreateTensor", ACL_ERROR_BAD_ALLOC);
    }
  }
  for (int i = 0; i < s->scalars; i++) {
    double value = s->scalar[i];
    if ((c->scalar[i] = d->api->aclCreateScalar(&value, ACL_DOUBLE)) == NULL) {
      return mnv2_acl_fail(d->api, err, "aclCreateScalar", ACL_ERROR_BAD_ALLOC);
    }
  }
  for (int i = 0; i < s->arrays; i++) {
    if ((c->array[i] = d->api->aclCreateIntArray(s->array[i], (uint64_t)s->array_len[i])) == NULL) {
      return mnv2_acl_fail(d->api, err, "aclCreateIntArray", ACL_ERROR_BAD_ALLOC);
    }
  }
  if (s->mask_len > 0) {
    bool mask[3] = {s->mask[0] != 0, s->mask[1] != 0, s->mask[2] != 0};
    if ((c->mask = d->api->aclCreateBoolArray(mask, (uint64_t)s->mask_len)) == NULL) {
      return mnv2_acl_fail(d->api, err, "aclCreateBoolArray", ACL_ERROR_BAD_ALLOC);
    }
  }
  return 0;
}

/* The first phase. Every case hands the arguments over in the order of the prototype in acl.h. */
static aclnnStatus plan(call *c, uint64_t *workspace, aclOpExecutor **executor) {
  const mnv2_acl_spec *s = &c->spec;
  aclTensor **t = c->tensor;
  aclScalar **v = c->scalar;
  aclIntArray **a = c->array;
  int8_t cube = (int8_t)s->cube_math;
#define PLAN(name, ...)                                                                    \
  case MNV2_OP_##name: {                                                                   \
    __typeof__(aclnn##name##GetWorkspaceSize) *f;                                          \
    memcpy(&f, &c->api->plan, sizeof f);                                                   \
    return f(__VA_ARGS__, workspace, executor);                                            \
  }
  switch (s->op) {
    PLAN(Convolution, t[0], t[1], t[2], a[0], a[1], a[2], false, a[3], s->integer[0], t[3], cube)
    PLAN(ConvolutionBackward, t[0], t[1], t[2], a[3], a[0], a[1], a[2], false, a[1], (int)s->integer[0], c->mask, cube, t[3],
         t[4], t[5])
    PLAN(Mm, t[0], t[1], t[2], cube)
    PLAN(Addmm, t[0], t[1], t[2], v[0], v[1], t[3], cube)
    PLAN(BatchMatMul, t[0], t[1], t[2], cube)
    PLAN(BatchNorm, t[0], t[1], t[2], t[3], t[4], s->flag[0] != 0, s->number[1], s->number[0], t[5], t[6], t[7])
    PLAN(BatchNormBackward, t[0], t[1], t[2], t[3], t[4], t[5], t[6], s->flag[0] != 0, s->number[0], c->mask, t[7], t[8], t[9])
    PLAN(BatchNormStats, t[0], s->number[0], t[1], t[2])
    PLAN(BatchNormReduceBackward, t[0], t[1], t[2], t[3], t[4], s->flag[0] != 0, s->flag[1] != 0, s->flag[2] != 0, t[5], t[6],
         t[7], t[8])
    PLAN(BatchNormElemtBackward, t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8])
    PLAN(Hardtanh, t[0], v[0], v[1], t[1])
    PLAN(InplaceHardtanh, t[0], v[0], v[1])
    PLAN(HardtanhBackward, t[0], t[1], v[0], v[1], t[2])
    PLAN(Add, t[0], t[1], v[0], t[2])
    PLAN(InplaceAdd, t[0], t[1], v[0])
    PLAN(Adds, t[0], v[0], v[1], t[1])
    PLAN(InplaceAdds, t[0], v[0], v[1])
    PLAN(Mul, t[0], t[1], t[2])
    PLAN(InplaceMul, t[0], t[1])
    PLAN(Muls, t[0], v[0], t[1])
    PLAN(InplaceMuls, t[0], v[0])
    PLAN(Addcmul, t[0], t[1], t[2], v[0], t[3])
    PLAN(InplaceAddcmul, t[0], t[1], t[2], v[0])
    PLAN(Rsqrt, t[0], t[1])
    PLAN(Mean, t[0], a[0], s->flag[0] != 0, (aclDataType)s->integer[0], t[1])
    PLAN(ReduceSum, t[0], a[0], s->flag[0] != 0, (aclDataType)s->integer[0], t[1])
    PLAN(Softmax, t[0], s->integer[0], t[1])
    PLAN(LogSoftmax, t[0], s->integer[0], t[1])
    PLAN(OneHot, t[0], (int)s->integer[0], t[1], t[2], s->integer[1], t[3])
    PLAN(Cast, t[0], (aclDataType)s->integer[0], t[1])
    PLAN(InplaceCopy, t[0], t[1])
    PLAN(InplaceZero, t[0])
    PLAN(Permute, t[0], a[0], t[1])
    PLAN(IsFinite, t[0], t[1])
    PLAN(Sqrt, t[0], t[1])
    PLAN(Div, t[0], t[1], t[2])
    PLAN(Sign, t[0], t[1])
    PLAN(SWhere, t[0], t[1], t[2], t[3])
    PLAN(LogSoftmaxBackward, t[0], t[1], s->integer[0], t[2])
    PLAN(Maximum, t[0], t[1], t[2])
    PLAN(EqTensor, t[0], t[1], t[2])
    PLAN(All, t[0], a[0], s->flag[0] != 0, t[1])
  }
#undef PLAN
  return ACLNN_ERR_PARAM_INVALID;
}

/* Plans once, to learn the workspace, and keeps the plan if the vendor lets it be repeated. */
static int prepare(mnv2_acl_device *d, call *c, int reuse, uintptr_t placeholder, uint64_t *workspace, mnv2_acl_error *err) {
  c->api = &d->api->op[c->spec.op];
  if (c->api->plan == NULL) {
    err->code = -1;
    err->function = c->api->name;
    memcpy(err->text, "missing", 8);
    return -1;
  }
  int rc = create_arguments(d, c, placeholder, err);
  if (rc != 0) {
    return rc;
  }
  aclOpExecutor *executor = NULL;
  d->plans++;
  rc = plan(c, workspace, &executor);
  if (rc != 0) {
    return mnv2_acl_fail(d->api, err, c->api->name, rc);
  }
  c->workspace = *workspace;
  if (reuse && d->api->aclSetAclOpExecutorRepeatable != NULL && d->api->aclSetInputTensorAddr != NULL &&
      d->api->aclSetOutputTensorAddr != NULL) {
    if (d->api->aclSetAclOpExecutorRepeatable(executor) == 0) {
      c->executor = executor;
      return 0;
    }
    d->api->aclGetRecentErrMsg(); /* a refusal is no failure: nobody should find its text later */
  }
  rc = d->api->aclDestroyAclOpExecutor(executor);
  return rc == 0 ? 0 : mnv2_acl_fail(d->api, err, "aclDestroyAclOpExecutor", rc);
}

static int destroy(mnv2_acl_device *d, call *c, mnv2_acl_error *err) {
  int first = 0;
#define DESTROY(function, object)                                           \
  if ((object) != NULL) {                                                   \
    int rc = d->api->function(object);                                      \
    if (rc != 0 && first == 0) first = mnv2_acl_fail(d->api, err, #function, rc); \
  }
  DESTROY(aclDestroyAclOpExecutor, c->executor)
  for (int i = 0; i < MNV2_MAX_TENSORS; i++) {
    DESTROY(aclDestroyTensor, c->tensor[i])
  }
  for (int i = 0; i < MNV2_MAX_SCALARS; i++) {
    DESTROY(aclDestroyScalar, c->scalar[i])
  }
  for (int i = 0; i < MNV2_MAX_ARRAYS; i++) {
    DESTROY(aclDestroyIntArray, c->array[i])
  }
  DESTROY(aclDestroyBoolArray, c->mask)
#undef DESTROY
  return first;
}

int mnv2_acl_batch_free(mnv2_acl_device *d, mnv2_acl_batch *b, mnv2_acl_error *err) {
  mnv2_acl_error later;
  int first = mnv2_acl_bind(d, err);
  for (int i = 0; i < b->n; i++) {
    int rc = destroy(d, &b->calls[i], first == 0 ? err : &later);
    if (first == 0) {
      first = rc;
    }
  }
  free(b);
  return first;
}

mnv2_acl_batch *mnv2_acl_batch_new(mnv2_acl_device *d, const mnv2_acl_spec *specs, int n, int reuse, uintptr_t placeholder,
                                   uint64_t *workspace, int *repeatable, mnv2_acl_error *err) {
  *workspace = 0;
  *repeatable = 0;
  if (mnv2_acl_bind(d, err) != 0) {
    return NULL;
  }
  mnv2_acl_batch *b = calloc(1, sizeof *b + (size_t)n * sizeof(call));
  if (b == NULL) {
    mnv2_acl_fail(d->api, err, "calloc", ACL_ERROR_BAD_ALLOC);
    return NULL;
  }
  b->n = n;
  for (int i = 0; i < n; i++) {
    uint64_t size = 0;
    b->calls[i].spec = specs[i];
    if (prepare(d, &b->calls[i], reuse, placeholder, &size, err) != 0) {
      mnv2_acl_error ignored;
      err->call_index = i;
      mnv2_acl_batch_free(d, b, &ignored);
      return NULL;
    }
    *workspace = size > *workspace ? size : *workspace;
    *repeatable += b->calls[i].executor != NULL;
  }
  return b;
}

/* Tells a kept plan the addresses that changed. An output's index counts from the first output. */
static int readdress(mnv2_acl_device *d, call *c, const uintptr_t *address, mnv2_acl_error *err) {
  for (int i = 0; i < tensors(&c->spec); i++) {
    if (c->tensor[i] == NULL || c->address[i] == address[i]) {
      continue;
    }
    int rc;
    if (i < c->spec.inputs) {
      rc = d->api->aclSetInputTensorAddr(c->executor, (size_t)i, c->tensor[i], (void *)address[i]);
    } else {
      rc = d->api->aclSetOutputTensorAddr(c->executor, (size_t)(i - c->spec.inputs), c->tensor[i], (void *)address[i]);
    }
    if (rc != 0) {
      return mnv2_acl_fail(d->api, err, i < c->spec.inputs ? "aclSetInputTensorAddr" : "aclSetOutputTensorAddr", rc);
    }
    c->address[i] = address[i];
  }
  return 0;
}

/* Plans anew for a call whose plan cannot be kept. */
static int replan(mnv2_acl_device *d, call *c, const uintptr_t *address, uint64_t size, aclOpExecutor **executor,
                  uint64_t *workspace, mnv2_acl_error *err) {
  for (int i = 0; i < tensors(&c->spec); i++) {
    if (c->tensor[i] == NULL || c->address[i] == address[i]) {
      continue;
    }
    int rc = d->api->aclSetRawTensorAddr(c->tensor[i], (void *)address[i]);
    if (rc != 0) {
      return mnv2_acl_fail(d->api, err, "aclSetRawTensorAddr", rc);
    }
    c->address[i] = address[i];
  }
  d->plans++;
  int rc = plan(c, workspace, executor);
  if (rc != 0) {
    return mnv2_acl_fail(d->api, err, c->api->name, rc);
  }
  if (*workspace > size) {
    d->api->aclDestroyAclOpExecutor(*executor);
    mnv2_acl_fail(d->api, err, c->api->name, ACLNN_ERR_PARAM_INVALID);
    memcpy(err->text, "wants more workspace than when it was compiled", 47);
    return ACLNN_ERR_PARAM_INVALID;
  }
  return 0;
}

static int run(mnv2_acl_device *d, call *c, const uintptr_t *address, uintptr_t workspace, uint64_t size, mnv2_acl_error *err) {
  aclOpExecutor *executor = c->executor;
  uint64_t need = c->workspace;
  int rc = executor != NULL ? readdress(d, c, address, err) : replan(d, c, address, size, &executor, &need, err);
  if (rc != 0) {
    return rc;
  }
  d->launches++;
  rc = c->api->run(need == 0 ? NULL : (void *)workspace, need, executor, d->stream);
  if (rc != 0) {
    return mnv2_acl_fail(d->api, err, c->api->name, rc);
  }
  if (!d->debug) {
    return 0;
  }
  d->syncs++;
  rc = d->api->aclrtSynchronizeStream(d->stream);
  return rc == 0 ? 0 : mnv2_acl_fail(d->api, err, c->api->name, rc);
}

int mnv2_acl_batch_run(mnv2_acl_device *d, mnv2_acl_batch *b, const uintptr_t *addresses, uintptr_t workspace, uint64_t size,
                       mnv2_acl_error *err) {
  int rc = mnv2_acl_bind(d, err);
  if (rc != 0) {
    return rc;
  }
  for (int i = 0; i < b->n; i++) {
    call *c = &b->calls[i];
    uintptr_t address[MNV2_MAX_TENSORS] = {0};
    for (int j = 0; j < tensors(&c->spec); j++) {
      if (c->tensor[j] != NULL) {
        address[j] = *addresses++;
      }
    }
    if ((rc = run(d, c, address, workspace, size, err)) != 0) {
      err->call_index = i;
      return rc;
    }
  }
  return 0;
}
