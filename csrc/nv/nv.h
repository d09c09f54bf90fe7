// The prototypes, values and structures of NVIDIA's libraries that this program uses, and nothing else.
//
// Everything is written once, as lists: the binding makes a table of function pointers of them, the stand-ins in
// csrc/fake/nv are compiled against them, and build/check-headers compares every line with the vendors' real headers
// (then NV_REAL_HEADERS is defined and the vendors' types stand in for ours).
//
// Sources: CUDA Driver API, NVRTC and cuDNN reference manuals; CUDA 11.8 to 13, cuDNN 9.
#ifndef NV_H
#define NV_H

#include <stddef.h>
#include <stdint.h>

#ifdef NV_REAL_HEADERS
#define NV_ENUM(type) type
#else
// An enumeration of the vendor; an int in the calling convention of every platform that NVIDIA supports.
#define NV_ENUM(type) int

typedef unsigned long long CUdeviceptr;
typedef int CUdevice;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUevent_st *CUevent;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphNode_st *CUgraphNode;
typedef struct CUgraphExec_st *CUgraphExec;
typedef struct CUmemPoolHandle_st *CUmemoryPool;
typedef struct CUuuid_st { char bytes[16]; } CUuuid;

// CUlaunchAttribute, 72 bytes. The value is a union of 64 bytes; these are the members used.
typedef struct CUlaunchAttribute_st {
	int id;
	char pad[4];
	union {
		char bytes[64];
		int cooperative;
		struct { unsigned x, y, z; } clusterDim;
		int programmaticStreamSerializationAllowed;
	} value;
} CUlaunchAttribute;

// CUlaunchConfig, 56 bytes.
typedef struct CUlaunchConfig_st {
	unsigned gridDimX, gridDimY, gridDimZ;
	unsigned blockDimX, blockDimY, blockDimZ;
	unsigned sharedMemBytes;
	CUstream hStream;
	CUlaunchAttribute *attrs;
	unsigned numAttrs;
} CUlaunchConfig;

// CUgraphExecUpdateResultInfo, 24 bytes.
typedef struct CUgraphExecUpdateResultInfo_st {
	int result;
	CUgraphNode errorNode, errorFromNode;
} CUgraphExecUpdateResultInfo;

typedef struct _nvrtcProgram *nvrtcProgram;
typedef struct cudnnContext *cudnnHandle_t;
typedef void *cudnnBackendDescriptor_t;
typedef CUstream cudaStream_t;
#endif

// Functions: F(name as dlsym wants it, first CUDA version that has it, result, arguments).
// The unsuffixed forms of most _v2 names are exported too and have an older, incompatible signature.

// Without these there is no device. All are in every driver from CUDA 11.8 on.
#define NV_DRIVER_REQUIRED(F)                                                                                              \
	F(cuInit, 2000, NV_ENUM(CUresult), (unsigned flags))                                                               \
	F(cuDriverGetVersion, 2020, NV_ENUM(CUresult), (int *version))                                                     \
	F(cuGetErrorName, 6000, NV_ENUM(CUresult), (NV_ENUM(CUresult) code, const char **name))                            \
	F(cuGetErrorString, 6000, NV_ENUM(CUresult), (NV_ENUM(CUresult) code, const char **text))                          \
	F(cuDeviceGetCount, 2000, NV_ENUM(CUresult), (int *count))                                                         \
	F(cuDeviceGet, 2000, NV_ENUM(CUresult), (CUdevice *device, int ordinal))                                           \
	F(cuDeviceGetName, 2000, NV_ENUM(CUresult), (char *name, int length, CUdevice device))                             \
	F(cuDeviceGetUuid_v2, 11040, NV_ENUM(CUresult), (CUuuid *uuid, CUdevice device))                                   \
	F(cuDeviceGetPCIBusId, 4010, NV_ENUM(CUresult), (char *id, int length, CUdevice device))                           \
	F(cuDeviceTotalMem_v2, 3020, NV_ENUM(CUresult), (size_t *bytes, CUdevice device))                                  \
	F(cuDeviceGetAttribute, 2000, NV_ENUM(CUresult), (int *value, NV_ENUM(CUdevice_attribute) attribute, CUdevice device)) \
	F(cuDevicePrimaryCtxRetain, 7000, NV_ENUM(CUresult), (CUcontext *context, CUdevice device))                        \
	F(cuDevicePrimaryCtxRelease_v2, 11000, NV_ENUM(CUresult), (CUdevice device))                                       \
	F(cuCtxSetCurrent, 4000, NV_ENUM(CUresult), (CUcontext context))                                                   \
	F(cuCtxSynchronize, 2000, NV_ENUM(CUresult), (void))                                                               \
	F(cuCtxGetStreamPriorityRange, 5050, NV_ENUM(CUresult), (int *least, int *greatest))                               \
	F(cuModuleLoadData, 2000, NV_ENUM(CUresult), (CUmodule *module, const void *image))                                \
	F(cuModuleUnload, 2000, NV_ENUM(CUresult), (CUmodule module))                                                      \
	F(cuModuleGetFunction, 2000, NV_ENUM(CUresult), (CUfunction *function, CUmodule module, const char *name))         \
	F(cuFuncSetAttribute, 9000, NV_ENUM(CUresult), (CUfunction function, NV_ENUM(CUfunction_attribute) attribute, int value)) \
	F(cuFuncGetAttribute, 2020, NV_ENUM(CUresult), (int *value, NV_ENUM(CUfunction_attribute) attribute, CUfunction function)) \
	F(cuOccupancyMaxActiveBlocksPerMultiprocessor, 6050, NV_ENUM(CUresult),                                            \
	  (int *blocks, CUfunction function, int blockSize, size_t dynamicShared))                                         \
	F(cuLaunchKernel, 4000, NV_ENUM(CUresult),                                                                         \
	  (CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,          \
	   unsigned blockZ, unsigned dynamicShared, CUstream stream, void **params, void **extra))                         \
	F(cuLaunchKernelEx, 11080, NV_ENUM(CUresult),                                                                      \
	  (const CUlaunchConfig *config, CUfunction function, void **params, void **extra))                                \
	F(cuStreamCreateWithPriority, 5050, NV_ENUM(CUresult), (CUstream *stream, unsigned flags, int priority))           \
	F(cuStreamDestroy_v2, 4000, NV_ENUM(CUresult), (CUstream stream))                                                  \
	F(cuStreamSynchronize, 2000, NV_ENUM(CUresult), (CUstream stream))                                                 \
	F(cuStreamQuery, 2000, NV_ENUM(CUresult), (CUstream stream))                                                       \
	F(cuStreamWaitEvent, 3020, NV_ENUM(CUresult), (CUstream stream, CUevent event, unsigned flags))                    \
	F(cuEventCreate, 2000, NV_ENUM(CUresult), (CUevent *event, unsigned flags))                                        \
	F(cuEventDestroy_v2, 4000, NV_ENUM(CUresult), (CUevent event))                                                     \
	F(cuEventRecord, 2000, NV_ENUM(CUresult), (CUevent event, CUstream stream))                                        \
	F(cuEventSynchronize, 2000, NV_ENUM(CUresult), (CUevent event))                                                    \
	F(cuEventQuery, 2000, NV_ENUM(CUresult), (CUevent event))                                                          \
	F(cuEventElapsedTime, 2000, NV_ENUM(CUresult), (float *milliseconds, CUevent start, CUevent end))                  \
	F(cuMemAlloc_v2, 3020, NV_ENUM(CUresult), (CUdeviceptr *pointer, size_t bytes))                                    \
	F(cuMemFree_v2, 3020, NV_ENUM(CUresult), (CUdeviceptr pointer))                                                    \
	F(cuMemGetInfo_v2, 3020, NV_ENUM(CUresult), (size_t *free, size_t *total))                                         \
	F(cuMemHostAlloc, 2020, NV_ENUM(CUresult), (void **pointer, size_t bytes, unsigned flags))                         \
	F(cuMemFreeHost, 2000, NV_ENUM(CUresult), (void *pointer))                                                         \
	F(cuMemcpyHtoDAsync_v2, 3020, NV_ENUM(CUresult), (CUdeviceptr to, const void *from, size_t bytes, CUstream stream)) \
	F(cuMemcpyDtoHAsync_v2, 3020, NV_ENUM(CUresult), (void *to, CUdeviceptr from, size_t bytes, CUstream stream))      \
	F(cuMemcpyDtoDAsync_v2, 3020, NV_ENUM(CUresult), (CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream)) \
	F(cuMemsetD8Async, 3020, NV_ENUM(CUresult), (CUdeviceptr to, unsigned char value, size_t count, CUstream stream))  \
	F(cuMemsetD32Async, 3020, NV_ENUM(CUresult), (CUdeviceptr to, unsigned value, size_t count, CUstream stream))      \
	F(cuMemAllocAsync, 11020, NV_ENUM(CUresult), (CUdeviceptr *pointer, size_t bytes, CUstream stream))                \
	F(cuMemFreeAsync, 11020, NV_ENUM(CUresult), (CUdeviceptr pointer, CUstream stream))                                \
	F(cuDeviceGetDefaultMemPool, 11020, NV_ENUM(CUresult), (CUmemoryPool *pool, CUdevice device))                      \
	F(cuMemPoolSetAttribute, 11020, NV_ENUM(CUresult), (CUmemoryPool pool, NV_ENUM(CUmemPool_attribute) attribute, void *value)) \
	F(cuMemPoolTrimTo, 11020, NV_ENUM(CUresult), (CUmemoryPool pool, size_t keep))                                     \
	F(cuStreamBeginCapture_v2, 10010, NV_ENUM(CUresult), (CUstream stream, NV_ENUM(CUstreamCaptureMode) mode))         \
	F(cuStreamEndCapture, 10000, NV_ENUM(CUresult), (CUstream stream, CUgraph *graph))                                 \
	F(cuStreamIsCapturing, 10000, NV_ENUM(CUresult), (CUstream stream, NV_ENUM(CUstreamCaptureStatus) *status))        \
	F(cuGraphDestroy, 10000, NV_ENUM(CUresult), (CUgraph graph))                                                       \
	F(cuGraphInstantiateWithFlags, 11040, NV_ENUM(CUresult), (CUgraphExec *exec, CUgraph graph, unsigned long long flags)) \
	F(cuGraphLaunch, 10000, NV_ENUM(CUresult), (CUgraphExec exec, CUstream stream))                                    \
	F(cuGraphUpload, 11010, NV_ENUM(CUresult), (CUgraphExec exec, CUstream stream))                                    \
	F(cuGraphExecDestroy, 10000, NV_ENUM(CUresult), (CUgraphExec exec))                                                \
	F(cuGraphGetNodes, 10000, NV_ENUM(CUresult), (CUgraph graph, CUgraphNode *nodes, size_t *count))                   \
	F(cuGraphDebugDotPrint, 11030, NV_ENUM(CUresult), (CUgraph graph, const char *path, unsigned flags))

// Newer ones: the pointer stays empty when the driver lacks them, and what needs them says so.
#define NV_DRIVER_OPTIONAL(F) \
	F(cuGraphExecUpdate_v2, 12000, NV_ENUM(CUresult), (CUgraphExec exec, CUgraph graph, CUgraphExecUpdateResultInfo *info))

#define NV_NVRTC_REQUIRED(F)                                                                                               \
	F(nvrtcVersion, 7000, NV_ENUM(nvrtcResult), (int *major, int *minor))                                              \
	F(nvrtcGetErrorString, 7000, const char *, (NV_ENUM(nvrtcResult) code))                                            \
	F(nvrtcGetNumSupportedArchs, 11020, NV_ENUM(nvrtcResult), (int *count))                                            \
	F(nvrtcGetSupportedArchs, 11020, NV_ENUM(nvrtcResult), (int *architectures))                                       \
	F(nvrtcCreateProgram, 7000, NV_ENUM(nvrtcResult),                                                                  \
	  (nvrtcProgram *program, const char *source, const char *name, int headers, const char *const *texts,             \
	   const char *const *names))                                                                                      \
	F(nvrtcDestroyProgram, 7000, NV_ENUM(nvrtcResult), (nvrtcProgram *program))                                        \
	F(nvrtcCompileProgram, 7000, NV_ENUM(nvrtcResult), (nvrtcProgram program, int count, const char *const *options))  \
	F(nvrtcGetCUBINSize, 11010, NV_ENUM(nvrtcResult), (nvrtcProgram program, size_t *bytes))                           \
	F(nvrtcGetCUBIN, 11010, NV_ENUM(nvrtcResult), (nvrtcProgram program, char *cubin))                                 \
	F(nvrtcGetProgramLogSize, 7000, NV_ENUM(nvrtcResult), (nvrtcProgram program, size_t *bytes))                       \
	F(nvrtcGetProgramLog, 7000, NV_ENUM(nvrtcResult), (nvrtcProgram program, char *log))

// The second column is the cuDNN version.
#define NV_CUDNN_REQUIRED(F)                                                                                               \
	F(cudnnGetVersion, 90000, size_t, (void))                                                                          \
	F(cudnnGetCudartVersion, 90000, size_t, (void))                                                                    \
	F(cudnnGetErrorString, 90000, const char *, (NV_ENUM(cudnnStatus_t) code))                                         \
	F(cudnnGetLastErrorString, 90000, void, (char *text, size_t length))                                               \
	F(cudnnCreate, 90000, NV_ENUM(cudnnStatus_t), (cudnnHandle_t *handle))                                             \
	F(cudnnDestroy, 90000, NV_ENUM(cudnnStatus_t), (cudnnHandle_t handle))                                             \
	F(cudnnSetStream, 90000, NV_ENUM(cudnnStatus_t), (cudnnHandle_t handle, cudaStream_t stream))                      \
	F(cudnnBackendCreateDescriptor, 90000, NV_ENUM(cudnnStatus_t),                                                     \
	  (NV_ENUM(cudnnBackendDescriptorType_t) type, cudnnBackendDescriptor_t *descriptor))                              \
	F(cudnnBackendDestroyDescriptor, 90000, NV_ENUM(cudnnStatus_t), (cudnnBackendDescriptor_t descriptor))             \
	F(cudnnBackendFinalize, 90000, NV_ENUM(cudnnStatus_t), (cudnnBackendDescriptor_t descriptor))                      \
	F(cudnnBackendSetAttribute, 90000, NV_ENUM(cudnnStatus_t),                                                         \
	  (cudnnBackendDescriptor_t descriptor, NV_ENUM(cudnnBackendAttributeName_t) name,                                 \
	   NV_ENUM(cudnnBackendAttributeType_t) type, int64_t count, const void *values))                                  \
	F(cudnnBackendGetAttribute, 90000, NV_ENUM(cudnnStatus_t),                                                         \
	  (cudnnBackendDescriptor_t const descriptor, NV_ENUM(cudnnBackendAttributeName_t) name,                           \
	   NV_ENUM(cudnnBackendAttributeType_t) type, int64_t asked, int64_t *got, void *values))                          \
	F(cudnnBackendExecute, 90000, NV_ENUM(cudnnStatus_t),                                                              \
	  (cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack))

// Values: V(the vendor's name, value). Ours is called NV_ and the vendor's name.

#define NV_CUDA_VALUES(V)                                                                                                  \
	V(CUDA_SUCCESS, 0)                                                                                                 \
	V(CUDA_ERROR_INVALID_VALUE, 1)                                                                                     \
	V(CUDA_ERROR_OUT_OF_MEMORY, 2)                                                                                     \
	V(CUDA_ERROR_NOT_INITIALIZED, 3)                                                                                   \
	V(CUDA_ERROR_DEINITIALIZED, 4)                                                                                     \
	V(CUDA_ERROR_STUB_LIBRARY, 34)                                                                                     \
	V(CUDA_ERROR_DEVICE_UNAVAILABLE, 46)                                                                               \
	V(CUDA_ERROR_NO_DEVICE, 100)                                                                                       \
	V(CUDA_ERROR_INVALID_DEVICE, 101)                                                                                  \
	V(CUDA_ERROR_INVALID_IMAGE, 200)                                                                                   \
	V(CUDA_ERROR_INVALID_CONTEXT, 201)                                                                                 \
	V(CUDA_ERROR_NO_BINARY_FOR_GPU, 209)                                                                               \
	V(CUDA_ERROR_ECC_UNCORRECTABLE, 214)                                                                               \
	V(CUDA_ERROR_NVLINK_UNCORRECTABLE, 220)                                                                            \
	V(CUDA_ERROR_INVALID_HANDLE, 400)                                                                                  \
	V(CUDA_ERROR_NOT_FOUND, 500)                                                                                       \
	V(CUDA_ERROR_NOT_READY, 600)                                                                                       \
	V(CUDA_ERROR_ILLEGAL_ADDRESS, 700)                                                                                 \
	V(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, 701)                                                                         \
	V(CUDA_ERROR_LAUNCH_TIMEOUT, 702)                                                                                  \
	V(CUDA_ERROR_CONTEXT_IS_DESTROYED, 709)                                                                            \
	V(CUDA_ERROR_ASSERT, 710)                                                                                          \
	V(CUDA_ERROR_HARDWARE_STACK_ERROR, 714)                                                                            \
	V(CUDA_ERROR_ILLEGAL_INSTRUCTION, 715)                                                                             \
	V(CUDA_ERROR_MISALIGNED_ADDRESS, 716)                                                                              \
	V(CUDA_ERROR_INVALID_ADDRESS_SPACE, 717)                                                                           \
	V(CUDA_ERROR_INVALID_PC, 718)                                                                                      \
	V(CUDA_ERROR_LAUNCH_FAILED, 719)                                                                                   \
	V(CUDA_ERROR_SYSTEM_NOT_READY, 802)                                                                                \
	V(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803)                                                                          \
	V(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, 804)                                                                  \
	V(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, 900)                                                                      \
	V(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, 901)                                                                      \
	V(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, 903)                                                                        \
	V(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, 904)                                                                         \
	V(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, 905)                                                                        \
	V(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, 906)                                                                         \
	V(CUDA_ERROR_CAPTURED_EVENT, 907)                                                                                  \
	V(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, 908)                                                                     \
	V(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, 910)                                                                       \
	V(CUDA_ERROR_INVALID_CLUSTER_SIZE, 912)                                                                            \
	V(CUDA_ERROR_UNKNOWN, 999)                                                                                         \
	V(CU_STREAM_NON_BLOCKING, 1)                                                                                       \
	V(CU_EVENT_BLOCKING_SYNC, 1)                                                                                       \
	V(CU_EVENT_DISABLE_TIMING, 2)                                                                                      \
	V(CU_MEMHOSTALLOC_PORTABLE, 1)                                                                                     \
	V(CU_STREAM_CAPTURE_MODE_GLOBAL, 0)                                                                                \
	V(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL, 1)                                                                          \
	V(CU_STREAM_CAPTURE_MODE_RELAXED, 2)                                                                               \
	V(CU_STREAM_CAPTURE_STATUS_NONE, 0)                                                                                \
	V(CU_STREAM_CAPTURE_STATUS_ACTIVE, 1)                                                                              \
	V(CU_STREAM_CAPTURE_STATUS_INVALIDATED, 2)                                                                         \
	V(CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, 4)                                                                            \
	V(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 0)                                                                      \
	V(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, 1)                                                                          \
	V(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, 3)                                                                           \
	V(CU_FUNC_ATTRIBUTE_NUM_REGS, 4)                                                                                   \
	V(CU_FUNC_ATTRIBUTE_BINARY_VERSION, 6)                                                                             \
	V(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 8)                                                              \
	V(CU_LAUNCH_ATTRIBUTE_COOPERATIVE, 2)                                                                              \
	V(CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, 4)                                                                        \
	V(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION, 6)                                                        \
	V(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1)                                                                    \
	V(CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 13)                                                                              \
	V(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 16)                                                                    \
	V(CU_DEVICE_ATTRIBUTE_INTEGRATED, 18)                                                                              \
	V(CU_DEVICE_ATTRIBUTE_ECC_ENABLED, 32)                                                                             \
	V(CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE, 36)                                                                       \
	V(CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH, 37)                                                                 \
	V(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE, 38)                                                                           \
	V(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, 39)                                                          \
	V(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 75)                                                                \
	V(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 76)                                                                \
	V(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, 81)                                                    \
	V(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR, 82)                                                        \
	V(CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH, 95)                                                                      \
	V(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 97)                                                       \
	V(CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, 115)                                                                 \
	V(CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH, 120)

#define NV_NVRTC_VALUES(V)                     \
	V(NVRTC_SUCCESS, 0)                    \
	V(NVRTC_ERROR_OUT_OF_MEMORY, 1)        \
	V(NVRTC_ERROR_INVALID_INPUT, 3)        \
	V(NVRTC_ERROR_INVALID_PROGRAM, 4)      \
	V(NVRTC_ERROR_INVALID_OPTION, 5)       \
	V(NVRTC_ERROR_COMPILATION, 6)          \
	V(NVRTC_ERROR_BUILTIN_OPERATION_FAILURE, 7) \
	V(NVRTC_ERROR_INTERNAL_ERROR, 11)

#define NV_CUDNN_VALUES(V)                                           \
	V(CUDNN_STATUS_SUCCESS, 0)                                   \
	V(CUDNN_STATUS_NOT_INITIALIZED, 1001)                        \
	V(CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH, 1002)            \
	V(CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED, 1008)              \
	V(CUDNN_STATUS_BAD_PARAM, 2000)                              \
	V(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, 2002)                 \
	V(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, 2003)           \
	V(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, 2004)                \
	V(CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND, 2005)                 \
	V(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, 2006)            \
	V(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, 2008)               \
	V(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, 2010)               \
	V(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, 2012)              \
	V(CUDNN_STATUS_NOT_SUPPORTED, 3000)                          \
	V(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, 3003)                \
	V(CUDNN_STATUS_NOT_SUPPORTED_LAYOUT, 3004)                   \
	V(CUDNN_STATUS_INTERNAL_ERROR, 4000)                         \
	V(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, 4003)  \
	V(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, 4004) \
	V(CUDNN_STATUS_EXECUTION_FAILED, 5000)                       \
	V(CUDNN_DATA_FLOAT, 0)                                       \
	V(CUDNN_DATA_HALF, 2)                                        \
	V(CUDNN_DATA_BFLOAT16, 9)                                    \
	V(CUDNN_CROSS_CORRELATION, 1)                                \
	V(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, 1)                   \
	V(CUDNN_BACKEND_ENGINE_DESCRIPTOR, 2)                        \
	V(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, 3)                     \
	V(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, 4)                    \
	V(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, 5)                \
	V(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, 10) \
	V(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, 11) \
	V(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, 12) \
	V(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, 15)               \
	V(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, 16)                 \
	V(CUDNN_BACKEND_TENSOR_DESCRIPTOR, 17)                       \
	V(CUDNN_TYPE_HANDLE, 0)                                      \
	V(CUDNN_TYPE_DATA_TYPE, 1)                                   \
	V(CUDNN_TYPE_BOOLEAN, 2)                                     \
	V(CUDNN_TYPE_INT64, 3)                                       \
	V(CUDNN_TYPE_FLOAT, 4)                                       \
	V(CUDNN_TYPE_VOID_PTR, 6)                                    \
	V(CUDNN_TYPE_CONVOLUTION_MODE, 7)                            \
	V(CUDNN_TYPE_HEUR_MODE, 8)                                   \
	V(CUDNN_TYPE_NUMERICAL_NOTE, 11)                             \
	V(CUDNN_TYPE_BACKEND_DESCRIPTOR, 15)                         \
	V(CUDNN_TYPE_BEHAVIOR_NOTE, 19)                              \
	V(CUDNN_TYPE_CHAR, 24)                                       \
	V(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, 100)                     \
	V(CUDNN_ATTR_CONVOLUTION_CONV_MODE, 101)                     \
	V(CUDNN_ATTR_CONVOLUTION_DILATIONS, 102)                     \
	V(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 103)                \
	V(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, 104)                 \
	V(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 105)                  \
	V(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 106)                  \
	V(CUDNN_ATTR_ENGINEHEUR_MODE, 200)                           \
	V(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, 201)                \
	V(CUDNN_ATTR_ENGINEHEUR_RESULTS, 202)                        \
	V(CUDNN_HEUR_MODE_FALLBACK, 2)                               \
	V(CUDNN_HEUR_MODE_A, 3)                                      \
	V(CUDNN_ATTR_ENGINECFG_ENGINE, 300)                          \
	V(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, 400)                     \
	V(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, 401)              \
	V(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, 402)             \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 700)       \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 701)        \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, 702)   \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, 703)           \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, 704)           \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, 705)           \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 706)      \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 707)       \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, 708)  \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, 709)          \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, 710)         \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, 711)         \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 712)    \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 713)     \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, 714) \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, 715)       \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, 716)        \
	V(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, 717)       \
	V(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, 800)                     \
	V(CUDNN_ATTR_OPERATIONGRAPH_OPS, 801)                        \
	V(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 900)                     \
	V(CUDNN_ATTR_TENSOR_DATA_TYPE, 901)                          \
	V(CUDNN_ATTR_TENSOR_DIMENSIONS, 902)                         \
	V(CUDNN_ATTR_TENSOR_STRIDES, 903)                            \
	V(CUDNN_ATTR_TENSOR_UNIQUE_ID, 906)                          \
	V(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, 1000)                  \
	V(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, 1001)               \
	V(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, 1003)                   \
	V(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, 1301)                      \
	V(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, 1303)                    \
	V(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, 1305)                     \
	V(CUDNN_NUMERICAL_NOTE_TENSOR_CORE, 0)                       \
	V(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS, 1)               \
	V(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION, 2)       \
	V(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, 4)                  \
	V(CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION, 0)

#define NV_VALUE(name, value) NV_##name = value,
enum { NV_CUDA_VALUES(NV_VALUE) };
enum { NV_NVRTC_VALUES(NV_VALUE) };
enum { NV_CUDNN_VALUES(NV_VALUE) };
#undef NV_VALUE

// The table that the loader fills.
#define NV_POINTER(name, since, result, arguments) result (*name) arguments;
typedef struct nv_api {
	NV_DRIVER_REQUIRED(NV_POINTER)
	NV_DRIVER_OPTIONAL(NV_POINTER)
	NV_NVRTC_REQUIRED(NV_POINTER)
	NV_CUDNN_REQUIRED(NV_POINTER)
} nv_api;
#undef NV_POINTER

#endif
