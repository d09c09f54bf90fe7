/*
 * The part of Huawei's CANN interfaces that mnv2 uses: types, values and prototypes, written from the public documents.
 *
 * The binding (this folder) and the stand-in libraries (csrc/fake/acl) share this header, so that their types cannot drift;
 * `make check-headers-acl` compares it with the vendor's own headers. Enumerations are int here, as they are in the C ABI.
 *
 * Sources, by short name:
 *   acl_base.h, acl_rt.h, acl.h   CANN 8.1.RC1 include/acl; CANN 9.x (hicann/runtime) include/external/acl; torch_npu third_party/acl/inc
 *   acl_meta.h, aclnn_base.h      CANN 8.1.RC1 include/aclnn; hicann/opbase include/nnopbase/aclnn
 *   aclnn_<op>.h                  CANN 8.1.RC1 include/aclnnop; hicann/ops-nn and hicann/ops-math <op>/op_api and <op>/docs
 *   dcmi_interface_api.h          Ascend HDK (driver package) include
 * "8.1" and "9.x" below are the first release known to have a symbol; those without a mark are in 7.0.RC1 already, by the
 * first op-plugin branch that calls them.
 */
#ifndef MNV2_ACL_H
#define MNV2_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus) && !defined(MNV2_ACL_NO_LINKAGE)
extern "C" {
#endif

/* ---- Types (acl_base.h, acl_rt.h) ------------------------------------------------------------------------------- */

typedef int aclError;
typedef void *aclrtStream;
typedef void *aclrtEvent;
typedef void *aclrtContext;
typedef int aclDataType;
typedef int aclFormat;
typedef int aclrtMemMallocPolicy;
typedef int aclrtMemcpyKind;
typedef int aclrtMemAttr;
typedef int aclSysParamOpt;
typedef int aclCannAttr;
typedef int aclDeviceInfo;
typedef int aclrtFloatOverflowMode;
typedef int aclCANNPackageName;
typedef int aclmdlRICaptureMode;
typedef void *aclmdlRI;

/* aclCANNPackageVersion of acl_base.h: 512 bytes. */
typedef struct aclCANNPackageVersion {
  char version[128];
  char majorVersion[64];
  char minorVersion[64];
  char releaseVersion[64];
  char patchVersion[64];
  char reserved[128];
} aclCANNPackageVersion;

/* ---- Values ------------------------------------------------------------------------------------------------------ */

enum { /* aclDataType, acl_base.h */
  ACL_FLOAT = 0,
  ACL_FLOAT16 = 1,
  ACL_INT8 = 2,
  ACL_INT32 = 3,
  ACL_UINT8 = 4,
  ACL_INT64 = 9,
  ACL_DOUBLE = 11,
  ACL_BOOL = 12,
  ACL_BF16 = 27
};

enum { /* aclFormat, acl_base.h */
  ACL_FORMAT_NCHW = 0,
  ACL_FORMAT_ND = 2
};

enum { /* aclrtMemMallocPolicy, acl_rt.h */
  ACL_MEM_MALLOC_HUGE_FIRST = 0
};

enum { /* aclrtMemcpyKind, acl_rt.h */
  ACL_MEMCPY_HOST_TO_HOST = 0,
  ACL_MEMCPY_HOST_TO_DEVICE = 1,
  ACL_MEMCPY_DEVICE_TO_HOST = 2,
  ACL_MEMCPY_DEVICE_TO_DEVICE = 3
};

enum { /* aclrtMemAttr, acl_rt.h; asked on a part with DDR the runtime translates */
  ACL_DDR_MEM = 0,
  ACL_HBM_MEM = 1
};

enum { /* aclrtCreateEventExWithFlag, acl_rt.h */
  ACL_EVENT_SYNC = 0x1,
  ACL_EVENT_TIME_LINE = 0x8
};

enum { /* aclSysParamOpt, acl_base.h */
  ACL_OPT_DETERMINISTIC = 0
};

enum { /* aclrtFloatOverflowMode, acl_rt.h */
  ACL_RT_OVERFLOW_MODE_SATURATION = 0,
  ACL_RT_OVERFLOW_MODE_INFNAN = 1
};

enum { /* aclCannAttr, acl_base.h */
  ACL_CANN_ATTR_INF_NAN = 0,
  ACL_CANN_ATTR_BF16 = 1
};

enum { /* aclDeviceInfo, acl_base.h */
  ACL_DEVICE_INFO_AI_CORE_NUM = 0,
  ACL_DEVICE_INFO_VECTOR_CORE_NUM = 1,
  ACL_DEVICE_INFO_L2_SIZE = 2
};

enum { /* aclCANNPackageName, acl_base.h */
  ACL_PKG_NAME_CANN = 0,
  ACL_PKG_NAME_RUNTIME = 1,
  ACL_PKG_NAME_COMPILER = 2,
  ACL_PKG_NAME_HCCL = 3,
  ACL_PKG_NAME_TOOLKIT = 4,
  ACL_PKG_NAME_OPP = 5,
  ACL_PKG_NAME_OPP_KERNEL = 6,
  ACL_PKG_NAME_DRIVER = 7
};

enum { /* aclmdlRICaptureMode, acl_mdl.h (8.1), acl_rt.h (9.x) */
  ACL_MODEL_RI_CAPTURE_MODE_GLOBAL = 0,
  ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL = 1,
  ACL_MODEL_RI_CAPTURE_MODE_RELAXED = 2
};

enum { /* cubeMathType of convolutions and matrix products: the aclnn documents of Convolution and Mm */
  ACLNN_KEEP_DTYPE = 0,
  ACLNN_ALLOW_FP32_DOWN_PRECISION = 1,
  ACLNN_USE_FP16 = 2,
  ACLNN_USE_HF32 = 3
};

enum { /* aclError values that are handled by name: acl_base.h, error_codes/rt_error_codes.h */
  ACL_SUCCESS = 0,
  ACL_ERROR_INVALID_PARAM = 100000,
  ACL_ERROR_UNINITIALIZE = 100001,
  ACL_ERROR_REPEAT_INITIALIZE = 100002,
  ACL_ERROR_INVALID_FILE = 100003,
  ACL_ERROR_REPEAT_FINALIZE = 100037,
  ACL_ERROR_COMPILING_STUB_MODE = 100039,
  ACL_ERROR_RT_PARAM_INVALID = 107000,
  ACL_ERROR_RT_INVALID_DEVICEID = 107001,
  ACL_ERROR_RT_CONTEXT_NULL = 107002,
  ACL_ERROR_RT_STREAM_CONTEXT = 107003,
  ACL_ERROR_RT_INVALID_HANDLE = 107017,
  ACL_ERROR_BAD_ALLOC = 200000,
  ACL_ERROR_API_NOT_SUPPORT = 200001,
  ACL_ERROR_RT_FEATURE_NOT_SUPPORT = 207000,
  ACL_ERROR_RT_MEMORY_ALLOCATION = 207001,
  ACL_ERROR_RT_AICORE_OVER_FLOW = 207003,
  ACL_ERROR_RT_NO_DEVICE = 207004,
  ACL_ERROR_RT_NO_PERMISSION = 207006,
  ACL_ERROR_RT_AIVEC_OVER_FLOW = 207016,
  ACL_ERROR_RT_OVER_FLOW = 207017,
  ACL_ERROR_RT_DEVICE_OOM = 207018,
  ACL_ERROR_INTERNAL_ERROR = 500000,
  ACL_ERROR_RT_END_OF_SEQUENCE = 507005,
  ACL_ERROR_RT_SOC_VERSION = 507008,
  ACL_ERROR_RT_LOST_HEARTBEAT = 507010,
  ACL_ERROR_RT_AICORE_TIMEOUT = 507014,
  ACL_ERROR_RT_AICORE_EXCEPTION = 507015,
  ACL_ERROR_RT_AICORE_TRAP_EXCEPTION = 507016,
  ACL_ERROR_RT_DEV_SETUP_ERROR = 507033
};

enum { /* aclnnStatus values: hicann/ops-nn docs aclnn_return_code */
  ACLNN_SUCCESS = 0,
  ACLNN_ERR_PARAM_NULLPTR = 161001,
  ACLNN_ERR_PARAM_INVALID = 161002,
  ACLNN_ERR_RUNTIME_ERROR = 361001,
  ACLNN_ERR_INNER = 561000,
  ACLNN_ERR_INNER_FIND_KERNEL_ERROR = 561003,
  ACLNN_ERR_INNER_NULLPTR = 561103,
  ACLNN_ERR_INNER_OPP_PATH_NOT_FOUND = 561107,
  ACLNN_ERR_INNER_OPP_KERNEL_PKG_NOT_FOUND = 561112
};

/* ---- Runtime (acl.h, acl_rt.h, acl_base.h): libascendcl.so, from 8.5 on libacl_rt.so ----------------------------- */

aclError aclInit(const char *configPath);
aclError aclFinalize(void);
aclError aclrtGetVersion(int32_t *majorVersion, int32_t *minorVersion, int32_t *patchVersion);
const char *aclrtGetSocName(void);
const char *aclGetRecentErrMsg(void);
aclError aclsysGetCANNVersion(aclCANNPackageName name, aclCANNPackageVersion *version); /* 7.0.0 */

aclError aclrtGetDeviceCount(uint32_t *count);
aclError aclrtSetDevice(int32_t deviceId);
aclError aclrtResetDevice(int32_t deviceId);
aclError aclGetDeviceCapability(uint32_t deviceId, aclDeviceInfo deviceInfo, int64_t *value); /* 8.0.RC2 */
aclError aclGetCannAttribute(aclCannAttr cannAttr, int32_t *value);                           /* 7.0.0 */

aclError aclrtGetCurrentContext(aclrtContext *context);
aclError aclrtSetCurrentContext(aclrtContext context);

aclError aclrtCreateStream(aclrtStream *stream);
aclError aclrtDestroyStream(aclrtStream stream);
aclError aclrtSynchronizeStream(aclrtStream stream);

aclError aclrtCreateEventExWithFlag(aclrtEvent *event, uint32_t flag);
aclError aclrtDestroyEvent(aclrtEvent event);
aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream);
aclError aclrtSynchronizeEvent(aclrtEvent event);
aclError aclrtEventElapsedTime(float *ms, aclrtEvent startEvent, aclrtEvent endEvent);

aclError aclrtMalloc(void **devPtr, size_t size, aclrtMemMallocPolicy policy);
aclError aclrtFree(void *devPtr);
aclError aclrtMallocHost(void **hostPtr, size_t size);
aclError aclrtFreeHost(void *hostPtr);
aclError aclrtMemcpy(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind);
aclError aclrtMemcpyAsync(void *dst, size_t destMax, const void *src, size_t count, aclrtMemcpyKind kind, aclrtStream stream);
aclError aclrtMemsetAsync(void *devPtr, size_t maxCount, int32_t value, size_t count, aclrtStream stream);
aclError aclrtGetMemInfo(aclrtMemAttr attr, size_t *free, size_t *total);

aclError aclrtSetSysParamOpt(aclSysParamOpt opt, int64_t value); /* 8.0.RC1 */
aclError aclrtGetSysParamOpt(aclSysParamOpt opt, int64_t *value); /* 8.0.RC1 */
aclError aclrtSetDeviceSatMode(aclrtFloatOverflowMode mode);
aclError aclrtGetDeviceSatMode(aclrtFloatOverflowMode *mode);
aclError aclrtGetOverflowStatus(void *outputAddr, size_t outputSize, aclrtStream stream); /* 64 bytes */
aclError aclrtResetOverflowStatus(aclrtStream stream);

/* Stream capture: not on 910A, 310P, 310B. */
aclError aclmdlRICaptureBegin(aclrtStream stream, aclmdlRICaptureMode mode); /* 8.1 */
aclError aclmdlRICaptureEnd(aclrtStream stream, aclmdlRI *modelRI);          /* 8.1 */
aclError aclmdlRIExecuteAsync(aclmdlRI modelRI, aclrtStream stream);         /* 8.1 */
aclError aclmdlRIDestroy(aclmdlRI modelRI);                                  /* 8.1 */

/* ---- aclnn objects (acl_meta.h, aclnn_base.h): libnnopbase.so ----------------------------------------------------- */

typedef int32_t aclnnStatus;
typedef struct aclTensor aclTensor;
typedef struct aclScalar aclScalar;
typedef struct aclIntArray aclIntArray;
typedef struct aclBoolArray aclBoolArray;
typedef struct aclOpExecutor aclOpExecutor;

aclTensor *aclCreateTensor(const int64_t *viewDims, uint64_t viewDimsNum, aclDataType dataType, const int64_t *stride,
                           int64_t offset, aclFormat format, const int64_t *storageDims, uint64_t storageDimsNum,
                           void *tensorData);
aclScalar *aclCreateScalar(void *value, aclDataType dataType);
aclIntArray *aclCreateIntArray(const int64_t *value, uint64_t size);
aclBoolArray *aclCreateBoolArray(const bool *value, uint64_t size);
aclnnStatus aclDestroyTensor(const aclTensor *tensor);
aclnnStatus aclDestroyScalar(const aclScalar *scalar);
aclnnStatus aclDestroyIntArray(const aclIntArray *array);
aclnnStatus aclDestroyBoolArray(const aclBoolArray *array);

aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor *executor);                                            /* 8.0.RC1 */
aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor *executor);                                                  /* 8.0.RC1 */
aclnnStatus aclSetInputTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr); /* 8.0.RC1 */
aclnnStatus aclSetOutputTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr); /* 8.0.RC1 */
aclnnStatus aclSetRawTensorAddr(aclTensor *tensor, void *addr);                                                /* 8.0.RC1 */

/* ---- Operators (aclnn_<op>.h): libopapi.so, from 8.5 on libopapi_math.so and libopapi_nn.so -------------------------
 *
 * Each has two functions: the first checks and plans, the second queues and frees the plan unless it was made repeatable.
 */
#define ACLNN_OP(name, ...)                                                                                         \
  aclnnStatus aclnn##name##GetWorkspaceSize(__VA_ARGS__, uint64_t *workspaceSize, aclOpExecutor **executor);         \
  aclnnStatus aclnn##name(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream)

/* aclnn_convolution.h, aclnn_convolution_backward.h. groups is int64_t in the one and int in the other. */
ACLNN_OP(Convolution, const aclTensor *input, const aclTensor *weight, const aclTensor *bias, const aclIntArray *stride,
         const aclIntArray *padding, const aclIntArray *dilation, bool transposed, const aclIntArray *outputPadding,
         int64_t groups, aclTensor *output, int8_t cubeMathType);
ACLNN_OP(ConvolutionBackward, const aclTensor *gradOutput, const aclTensor *input, const aclTensor *weight,
         const aclIntArray *biasSizes, const aclIntArray *stride, const aclIntArray *padding, const aclIntArray *dilation,
         bool transposed, const aclIntArray *outputPadding, int groups, const aclBoolArray *outputMask, int8_t cubeMathType,
         aclTensor *gradInput, aclTensor *gradWeight, aclTensor *gradBias);
/* aclnn_mm.h, aclnn_addmm.h, aclnn_batch_matmul.h */
ACLNN_OP(Mm, const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType);
ACLNN_OP(Addmm, const aclTensor *self, const aclTensor *mat1, const aclTensor *mat2, const aclScalar *beta,
         const aclScalar *alpha, aclTensor *out, int8_t cubeMathType);
ACLNN_OP(BatchMatMul, const aclTensor *self, const aclTensor *mat2, aclTensor *out, int8_t cubeMathType);
/* aclnn_batch_norm.h, aclnn_batch_norm_backward.h. saveInvstd is opaque: a variance on some chips. */
ACLNN_OP(BatchNorm, const aclTensor *input, const aclTensor *weight, const aclTensor *bias, aclTensor *runningMean,
         aclTensor *runningVar, bool training, double momentum, double eps, aclTensor *output, aclTensor *saveMean,
         aclTensor *saveInvstd);
ACLNN_OP(BatchNormBackward, const aclTensor *gradOut, const aclTensor *input, const aclTensor *weight,
         const aclTensor *runningMean, const aclTensor *runningVar, const aclTensor *saveMean, const aclTensor *saveInvstd,
         bool training, double eps, const aclBoolArray *outputMask, aclTensor *gradInput, aclTensor *gradWeight,
         aclTensor *gradBias);
/* aclnn_batch_norm_stats.h, aclnn_batch_norm_backward_reduce.h, aclnn_batch_norm_elemt_backward.h */
ACLNN_OP(BatchNormStats, const aclTensor *input, double eps, aclTensor *mean, aclTensor *invstd);
ACLNN_OP(BatchNormReduceBackward, const aclTensor *gradOut, const aclTensor *input, const aclTensor *mean,
         const aclTensor *invstd, const aclTensor *weight, const bool inputG, const bool weightG, const bool biasG,
         aclTensor *sumDy, aclTensor *sumDyXmu, aclTensor *gradWeight, aclTensor *gradBias);
ACLNN_OP(BatchNormElemtBackward, const aclTensor *gradOut, const aclTensor *input, const aclTensor *mean,
         const aclTensor *invstd, const aclTensor *weight, const aclTensor *sumDy, const aclTensor *sumDyXmu,
         aclTensor *counter, aclTensor *gradInput);
/* aclnn_hardtanh.h, aclnn_hardtanh_backward.h */
ACLNN_OP(Hardtanh, const aclTensor *self, const aclScalar *clipValueMin, const aclScalar *clipValueMax, aclTensor *out);
ACLNN_OP(InplaceHardtanh, aclTensor *selfRef, const aclScalar *clipValueMin, const aclScalar *clipValueMax);
ACLNN_OP(HardtanhBackward, const aclTensor *gradOutput, const aclTensor *self, const aclScalar *min, const aclScalar *max,
         aclTensor *out);
/* aclnn_add.h, aclnn_mul.h, aclnn_addcmul.h, aclnn_rsqrt.h */
ACLNN_OP(Add, const aclTensor *self, const aclTensor *other, const aclScalar *alpha, aclTensor *out);
ACLNN_OP(InplaceAdd, const aclTensor *selfRef, const aclTensor *other, const aclScalar *alpha);
ACLNN_OP(Adds, const aclTensor *self, const aclScalar *other, const aclScalar *alpha, aclTensor *out);
ACLNN_OP(InplaceAdds, const aclTensor *selfRef, const aclScalar *other, const aclScalar *alpha);
ACLNN_OP(Mul, const aclTensor *self, const aclTensor *other, aclTensor *out);
ACLNN_OP(InplaceMul, aclTensor *selfRef, const aclTensor *other);
ACLNN_OP(Muls, const aclTensor *self, const aclScalar *other, aclTensor *out);
ACLNN_OP(InplaceMuls, aclTensor *selfRef, const aclScalar *other);
ACLNN_OP(Addcmul, const aclTensor *self, const aclTensor *tensor1, const aclTensor *tensor2, const aclScalar *value,
         aclTensor *out);
ACLNN_OP(InplaceAddcmul, const aclTensor *selfRef, const aclTensor *tensor1, const aclTensor *tensor2,
         const aclScalar *value);
ACLNN_OP(Rsqrt, const aclTensor *self, aclTensor *out);
/* aclnn_sqrt.h, aclnn_div.h, aclnn_sign.h, aclnn_s_where.h */
ACLNN_OP(Sqrt, const aclTensor *self, aclTensor *out);
ACLNN_OP(Div, const aclTensor *self, const aclTensor *other, aclTensor *out);
ACLNN_OP(Sign, const aclTensor *self, aclTensor *result);
ACLNN_OP(SWhere, const aclTensor *condition, const aclTensor *self, const aclTensor *other, aclTensor *out);
/* aclnn_maximum.h, aclnn_eq_tensor.h, aclnn_all.h */
ACLNN_OP(Maximum, const aclTensor *self, const aclTensor *other, aclTensor *out);
ACLNN_OP(EqTensor, const aclTensor *self, const aclTensor *other, aclTensor *out);
ACLNN_OP(All, const aclTensor *self, const aclIntArray *dim, bool keepdim, aclTensor *out);
/* aclnn_mean.h, aclnn_reduce_sum.h */
ACLNN_OP(Mean, const aclTensor *self, const aclIntArray *dim, bool keepDim, aclDataType dtype, aclTensor *out);
ACLNN_OP(ReduceSum, const aclTensor *self, const aclIntArray *dims, bool keepDims, aclDataType dtype, aclTensor *out);
/* aclnn_softmax.h, aclnn_logsoftmax.h, aclnn_logsoftmax_backward.h, aclnn_one_hot.h. numClasses is int. */
ACLNN_OP(Softmax, const aclTensor *self, int64_t dim, aclTensor *out);
ACLNN_OP(LogSoftmax, const aclTensor *self, int64_t dim, aclTensor *out);
ACLNN_OP(LogSoftmaxBackward, const aclTensor *gradOutput, const aclTensor *output, int64_t dim, aclTensor *out);
ACLNN_OP(OneHot, const aclTensor *self, int numClasses, const aclTensor *onValue, const aclTensor *offValue, int64_t axis,
         aclTensor *out);
/* aclnn_cast.h, aclnn_copy.h (8.0.RC1), aclnn_zero.h, aclnn_permute.h (8.0.RC1), aclnn_isfinite.h */
ACLNN_OP(Cast, const aclTensor *self, aclDataType dtype, aclTensor *out);
ACLNN_OP(InplaceCopy, aclTensor *selfRef, const aclTensor *src);
ACLNN_OP(InplaceZero, aclTensor *selfRef);
ACLNN_OP(Permute, const aclTensor *self, const aclIntArray *dims, aclTensor *out);
ACLNN_OP(IsFinite, const aclTensor *self, aclTensor *out);

/* ---- Device monitoring (dcmi_interface_api.h): libdcmi.so of the driver package ----------------------------------- */

struct dcmi_hbm_info {
  unsigned long long memory_size; /* MB */
  unsigned int freq;
  unsigned long long memory_usage; /* MB */
  int temp;
  unsigned int bandwith_util_rate;
};

int dcmi_init(void);
int dcmi_get_driver_version(char *driver_ver, unsigned int len);
int dcmi_get_card_id_device_id_from_logicid(int *card_id, int *device_id, unsigned int device_logic_id);
int dcmi_get_device_temperature(int card_id, int device_id, int *temperature);    /* degrees Celsius */
int dcmi_get_device_power_info(int card_id, int device_id, int *power);           /* 0.1 W */
int dcmi_get_device_health(int card_id, int device_id, unsigned int *health);     /* 0 ok, 1 minor, 2 major, 3 critical */
int dcmi_get_device_hbm_info(int card_id, int device_id, struct dcmi_hbm_info *hbm_info);

#if defined(__cplusplus) && !defined(MNV2_ACL_NO_LINKAGE)
}
#endif

#endif
