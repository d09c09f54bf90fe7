/*
 * Which symbols are looked up, in which library, and the first CANN release known to have them (acl.h says from where).
 *
 * MUST: without it the libraries cannot be used. MAY: the device does without. OP: an operator; an operation that needs a
 * missing one is refused by name.
 */
#ifndef MNV2_ACL_SYMBOLS_H
#define MNV2_ACL_SYMBOLS_H

#define MNV2_RUNTIME_SYMBOLS(MUST, MAY)                                                                             \
  MUST(aclInit, "7.0.RC1") MUST(aclrtGetVersion, "7.0.RC1") MUST(aclrtGetSocName, "7.0.RC1")                         \
  MUST(aclGetRecentErrMsg, "7.0.RC1") MUST(aclrtGetDeviceCount, "7.0.RC1") MUST(aclrtSetDevice, "7.0.RC1")           \
  MUST(aclrtResetDevice, "7.0.RC1") MUST(aclrtGetCurrentContext, "7.0.RC1") MUST(aclrtSetCurrentContext, "7.0.RC1")  \
  MUST(aclrtCreateStream, "7.0.RC1") MUST(aclrtDestroyStream, "7.0.RC1") MUST(aclrtSynchronizeStream, "7.0.RC1")     \
  MUST(aclrtCreateEventExWithFlag, "7.0.RC1") MUST(aclrtDestroyEvent, "7.0.RC1") MUST(aclrtRecordEvent, "7.0.RC1")   \
  MUST(aclrtSynchronizeEvent, "7.0.RC1") MUST(aclrtEventElapsedTime, "7.0.RC1") MUST(aclrtMalloc, "7.0.RC1")         \
  MUST(aclrtFree, "7.0.RC1") MUST(aclrtMallocHost, "7.0.RC1") MUST(aclrtFreeHost, "7.0.RC1")                         \
  MUST(aclrtMemcpy, "7.0.RC1") MUST(aclrtMemcpyAsync, "7.0.RC1") MUST(aclrtMemsetAsync, "7.0.RC1")                   \
  MUST(aclrtGetMemInfo, "7.0.RC1") MAY(aclrtSetDeviceSatMode, "7.0.RC1") MAY(aclrtGetDeviceSatMode, "7.0.RC1")       \
  MAY(aclrtGetOverflowStatus, "7.0.RC1") MAY(aclrtResetOverflowStatus, "7.0.RC1")                                    \
  MAY(aclsysGetCANNVersion, "7.0.0") MAY(aclGetCannAttribute, "7.0.0") MAY(aclGetDeviceCapability, "8.0.RC2")        \
  MAY(aclrtSetSysParamOpt, "8.0.RC1") MAY(aclrtGetSysParamOpt, "8.0.RC1")

#define MNV2_OBJECT_SYMBOLS(MUST, MAY)                                                                              \
  MUST(aclCreateTensor, "7.0.RC1") MUST(aclCreateScalar, "7.0.RC1") MUST(aclCreateIntArray, "7.0.RC1")               \
  MUST(aclCreateBoolArray, "7.0.RC1") MUST(aclDestroyTensor, "7.0.RC1") MUST(aclDestroyScalar, "7.0.RC1")            \
  MUST(aclDestroyIntArray, "7.0.RC1") MUST(aclDestroyBoolArray, "7.0.RC1")                                           \
  MUST(aclDestroyAclOpExecutor, "8.0.RC1") MUST(aclSetRawTensorAddr, "8.0.RC1")                                      \
  MAY(aclSetAclOpExecutorRepeatable, "8.0.RC1") MAY(aclSetInputTensorAddr, "8.0.RC1")                                \
  MAY(aclSetOutputTensorAddr, "8.0.RC1")

#define MNV2_OPERATORS(OP)                                                                                          \
  OP(Convolution, "7.0.RC1") OP(ConvolutionBackward, "7.0.RC1") OP(Mm, "7.0.RC1") OP(Addmm, "7.0.RC1")               \
  OP(BatchMatMul, "7.0.RC1") OP(BatchNorm, "7.0.RC1") OP(BatchNormBackward, "7.0.RC1") OP(BatchNormStats, "7.0.RC1") \
  OP(BatchNormReduceBackward, "7.0.RC1") OP(BatchNormElemtBackward, "7.0.RC1") OP(Hardtanh, "7.0.RC1")               \
  OP(InplaceHardtanh, "7.0.RC1") OP(HardtanhBackward, "7.0.RC1") OP(Add, "7.0.RC1") OP(InplaceAdd, "7.0.RC1")        \
  OP(Adds, "7.0.RC1") OP(InplaceAdds, "7.0.RC1") OP(Mul, "7.0.RC1") OP(InplaceMul, "7.0.RC1") OP(Muls, "7.0.RC1")    \
  OP(InplaceMuls, "7.0.RC1") OP(Addcmul, "7.0.RC1") OP(InplaceAddcmul, "7.0.RC1") OP(Rsqrt, "7.0.RC1")               \
  OP(Mean, "7.0.RC1") OP(ReduceSum, "7.0.RC1") OP(Softmax, "7.0.RC1") OP(LogSoftmax, "7.0.RC1")                      \
  OP(OneHot, "7.0.RC1") OP(Cast, "7.0.RC1") OP(InplaceCopy, "8.0.RC1") OP(InplaceZero, "7.0.RC1")                    \
  OP(Permute, "8.1.RC1") OP(IsFinite, "7.0.RC1") OP(Sqrt, "7.0.RC1") OP(Div, "7.0.RC1") OP(Sign, "7.0.RC1")             \
  OP(SWhere, "7.0.RC1") OP(LogSoftmaxBackward, "8.1.RC1") OP(Maximum, "8.1.RC1") OP(EqTensor, "8.1.RC1")                 \
  OP(All, "8.1.RC1")

#endif
