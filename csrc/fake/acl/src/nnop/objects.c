// Tensors, scalars and arrays (ascend.md 2, 2.1; [opb] src/nnopbase/common/api/acl_op_api.cpp):
// arrays are copied, nothing is checked but NULL dims with a count, destroying NULL is fine.
#include <string.h>

#include "plan.h"

static const struct {
  int dtype;
  unsigned bit;
  size_t size;
  const char *name;
} dtypes[] = {
    {ACL_FLOAT, F32, 4, "DT_FLOAT"},   {ACL_FLOAT16, F16, 2, "DT_FLOAT16"}, {ACL_BF16, BF16, 2, "DT_BFLOAT16"},
    {ACL_INT32, I32, 4, "DT_INT32"},   {ACL_UINT8, U8, 1, "DT_UINT8"},      {ACL_INT64, I64, 8, "DT_INT64"},
    {ACL_BOOL, BOOLEAN, 1, "DT_BOOL"}, {ACL_INT8, I8, 1, "DT_INT8"},        {ACL_DOUBLE, F64, 8, "DT_DOUBLE"},
};

static int dtype_index(int dtype) {
  for (int i = 0; i < (int)(sizeof dtypes / sizeof dtypes[0]); i++)
    if (dtypes[i].dtype == dtype)
      return i;
  return -1;
}

unsigned fk_dtype_bit(int dtype) {
  int i = dtype_index(dtype);
  return i < 0 ? 0 : dtypes[i].bit;
}

size_t fk_dtype_size(int dtype) {
  int i = dtype_index(dtype);
  return i < 0 ? 0 : dtypes[i].size;
}

const char *fk_dtype_name(int dtype) {
  int i = dtype_index(dtype);
  return i < 0 ? "DT_UNDEFINED" : dtypes[i].name;
}

int64_t fk_elements(const struct fk_view *v) {
  int64_t n = 1;
  for (int i = 0; i < v->rank; i++)
    n *= v->dims[i];
  return n;
}

bool fk_same_shape(const struct fk_view *a, const struct fk_view *b) {
  return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0;
}

const char *fk_shape_text(const struct fk_view *v, char out[128]) {
  int used = snprintf(out, 128, "[");
  for (int i = 0; i < v->rank && used < 120; i++)
    used += snprintf(out + used, 128 - (size_t)used, "%s%lld", i > 0 ? "," : "", (long long)v->dims[i]);
  snprintf(out + used, 128 - (size_t)used, "]");
  return out;
}

static aclTensor *create_tensor(const int64_t *dims, uint64_t rank, int dtype, const int64_t *strides, int64_t offset,
                                int format, const int64_t *storage, uint64_t storage_rank, void *data) {
  if ((dims == NULL && rank > 0) || (storage == NULL && storage_rank > 0))
    return NULL;
  if (rank > MAX_RANK || storage_rank > MAX_RANK) {
    fk_misuse("aclCreateTensor: rank %llu; the operators take 8 at most", (unsigned long long)rank);
    return NULL;
  }
  aclTensor *t = fk_new(H_TENSOR, sizeof *t);
  t->view.dtype = dtype;
  t->view.format = format;
  t->view.rank = (int)rank;
  t->view.offset = offset;
  t->view.base = (uintptr_t)data;
  int64_t step = 1;
  for (int i = (int)rank - 1; i >= 0; i--) {
    t->view.dims[i] = dims[i];
    t->view.strides[i] = strides != NULL ? strides[i] : step;
    step *= dims[i];
  }
  t->storage_rank = (int)storage_rank;
  if (storage_rank > 0)
    memcpy(t->storage, storage, storage_rank * sizeof *storage);
  return t;
}

API aclTensor *aclCreateTensor(const int64_t *viewDims, uint64_t viewDimsNum, aclDataType dataType, const int64_t *stride,
                               int64_t offset, aclFormat format, const int64_t *storageDims, uint64_t storageDimsNum,
                               void *tensorData) {
  int code = fk_enter(__func__, FREE);
  aclTensor *t = code != OK ? NULL
                            : create_tensor(viewDims, viewDimsNum, dataType, stride, offset, format, storageDims,
                                            storageDimsNum, tensorData);
  fk_leave(__func__, code);
  return t;
}

static bool read_scalar(const void *p, int dtype, double *out) {
  switch (dtype) {
  case ACL_FLOAT: *out = *(const float *)p; return true;
  case ACL_DOUBLE: *out = *(const double *)p; return true;
  case ACL_INT32: *out = *(const int32_t *)p; return true;
  case ACL_INT64: *out = (double)*(const int64_t *)p; return true;
  case ACL_UINT8: *out = *(const uint8_t *)p; return true;
  case ACL_INT8: *out = *(const int8_t *)p; return true;
  case ACL_BOOL: *out = *(const bool *)p; return true;
  default: return false;
  }
}

API aclScalar *aclCreateScalar(void *value, aclDataType dataType) {
  int code = fk_enter(__func__, FREE);
  aclScalar *s = NULL;
  double x;
  if (code == OK && value != NULL) { // [opb] aclCreateScalar: NULL gives NULL
    if (read_scalar(value, dataType, &x)) {
      s = fk_new(H_SCALAR, sizeof *s);
      s->dtype = dataType;
      s->value = x;
    } else {
      fk_misuse("aclCreateScalar: data type %d is not one the stand-in reads", dataType);
    }
  }
  fk_leave(__func__, code);
  return s;
}

static void *create_array(const char *entry, const void *v, uint64_t n, size_t each) {
  int code = fk_enter(entry, FREE);
  uint64_t *a = NULL;
  if (code == OK && !(v == NULL && n > 0)) {
    a = fk_new(H_ARRAY, sizeof *a + n * each);
    a[0] = n;
    if (n > 0)
      memcpy(a + 1, v, n * each);
  }
  fk_leave(entry, code);
  return a;
}

API aclIntArray *aclCreateIntArray(const int64_t *value, uint64_t size) {
  return create_array(__func__, value, size, sizeof *value);
}

API aclBoolArray *aclCreateBoolArray(const bool *value, uint64_t size) {
  return create_array(__func__, value, size, sizeof *value);
}

// Destroying twice frees memory twice in the real library ([opb]: plain delete).
static int destroy(const void *handle, enum fk_kind kind, const char *what) {
  if (handle == NULL)
    return OK;
  if (!fk_alive(handle, kind)) {
    fk_misuse("%s(%p): %s", what, handle, fk_dead(handle) ? "destroyed twice" : "not such an object");
    return NN_INNER;
  }
  fk_delete((void *)handle);
  return OK;
}

API aclnnStatus aclDestroyTensor(const aclTensor *tensor) { FK_RELEASE(FREE, destroy(tensor, H_TENSOR, __func__)); }
API aclnnStatus aclDestroyScalar(const aclScalar *scalar) { FK_RELEASE(FREE, destroy(scalar, H_SCALAR, __func__)); }
API aclnnStatus aclDestroyIntArray(const aclIntArray *array) { FK_RELEASE(FREE, destroy(array, H_ARRAY, __func__)); }
API aclnnStatus aclDestroyBoolArray(const aclBoolArray *array) { FK_RELEASE(FREE, destroy(array, H_ARRAY, __func__)); }

static int set_address(aclTensor *t, void *addr) {
  if (t == NULL) // [opb] aclSetRawTensorAddr
    return fk_error(NN_NULLPTR, "EZ9999", "tensor is nullptr.");
  if (!fk_alive(t, H_TENSOR)) {
    fk_misuse("aclSetRawTensorAddr(%p): %s", (void *)t, fk_dead(t) ? "destroyed" : "not a tensor");
    return NN_INNER;
  }
  t->view.base = (uintptr_t)addr;
  return OK;
}

API aclnnStatus aclSetRawTensorAddr(aclTensor *tensor, void *addr) { FK_CALL(FREE, set_address(tensor, addr)); }
