// The layout of the structures that nv.h declares: checked against ours and against the vendor's by including this twice.
_Static_assert(sizeof(CUdeviceptr) == 8, "CUdeviceptr");
_Static_assert(sizeof(CUdevice) == 4, "CUdevice");
_Static_assert(sizeof(CUuuid) == 16, "CUuuid");

_Static_assert(sizeof(CUlaunchConfig) == 56, "CUlaunchConfig");
_Static_assert(offsetof(CUlaunchConfig, gridDimX) == 0, "gridDimX");
_Static_assert(offsetof(CUlaunchConfig, gridDimZ) == 8, "gridDimZ");
_Static_assert(offsetof(CUlaunchConfig, blockDimX) == 12, "blockDimX");
_Static_assert(offsetof(CUlaunchConfig, blockDimZ) == 20, "blockDimZ");
_Static_assert(offsetof(CUlaunchConfig, sharedMemBytes) == 24, "sharedMemBytes");
_Static_assert(offsetof(CUlaunchConfig, hStream) == 32, "hStream");
_Static_assert(offsetof(CUlaunchConfig, attrs) == 40, "attrs");
_Static_assert(offsetof(CUlaunchConfig, numAttrs) == 48, "numAttrs");

_Static_assert(sizeof(CUlaunchAttribute) == 72, "CUlaunchAttribute");
_Static_assert(offsetof(CUlaunchAttribute, id) == 0, "id");
_Static_assert(offsetof(CUlaunchAttribute, value) == 8, "value");
_Static_assert(offsetof(CUlaunchAttribute, value.cooperative) == 8, "cooperative");
_Static_assert(offsetof(CUlaunchAttribute, value.clusterDim.x) == 8, "clusterDim.x");
_Static_assert(offsetof(CUlaunchAttribute, value.clusterDim.z) == 16, "clusterDim.z");
_Static_assert(offsetof(CUlaunchAttribute, value.programmaticStreamSerializationAllowed) == 8, "programmatic");

#if !defined(CUDA_VERSION) || CUDA_VERSION >= 12000
_Static_assert(sizeof(CUgraphExecUpdateResultInfo) == 24, "CUgraphExecUpdateResultInfo");
_Static_assert(offsetof(CUgraphExecUpdateResultInfo, result) == 0, "result");
_Static_assert(offsetof(CUgraphExecUpdateResultInfo, errorNode) == 8, "errorNode");
_Static_assert(offsetof(CUgraphExecUpdateResultInfo, errorFromNode) == 16, "errorFromNode");
#endif

#if !defined(CUDA_VERSION) || __has_include(<nvml.h>)
_Static_assert(sizeof(nvmlUtilization_t) == 8, "nvmlUtilization_t");
_Static_assert(sizeof(nvmlMemory_t) == 24, "nvmlMemory_t");
_Static_assert(offsetof(nvmlMemory_t, total) == 0, "total");
_Static_assert(offsetof(nvmlMemory_t, used) == 16, "used");
#endif
