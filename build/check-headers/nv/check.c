// Compares csrc/nv/nv.h with the vendors' headers. Compiling this file is the check; it makes no code.
//
// Every prototype must have exactly the vendor's type, every value the vendor's value, every structure the vendor's size
// and offsets. Entries that the CUDA headers at hand are too old for are left out: each carries the version that has it.
#include <cuda.h>
#include <nvrtc.h>
#if __has_include(<cudnn.h>)
#include <cudnn.h>
#define HAVE_CUDNN 1
#else
#define HAVE_CUDNN 0
typedef struct cudnnContext *cudnnHandle_t;
typedef void *cudnnBackendDescriptor_t;
typedef CUstream cudaStream_t;
#endif

#if __has_include(<nvml.h>)
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>
#endif

#if CUDA_VERSION < 12000 // what came with CUDA 12 has no type here; its entries are left out below
typedef struct CUgraphExecUpdateResultInfo_st CUgraphExecUpdateResultInfo;
#endif

#define NV_REAL_HEADERS
#include "nv.h"
#include "management.h"
#include "layout.h"

// The function type in the list against the vendor's declaration.
#define SAME(name, since, result, arguments)                                                                 \
	_Static_assert(__builtin_types_compatible_p(__typeof__(name), result arguments), #name " has another prototype");
NV_DRIVER_REQUIRED(SAME)
NV_NVRTC_REQUIRED(SAME)
#if CUDA_VERSION >= 12000
NV_DRIVER_OPTIONAL(SAME)
#endif
#if HAVE_CUDNN
NV_CUDNN_REQUIRED(SAME)
#endif

// Required entries must exist in the oldest driver that we say we support.
#define OLD_ENOUGH(name, since, result, arguments) \
	_Static_assert(since <= CUDA_VERSION, #name " is newer than these headers");
NV_DRIVER_REQUIRED(OLD_ENOUGH)
NV_NVRTC_REQUIRED(OLD_ENOUGH)

#define EQUAL(name, value) _Static_assert((long long)(name) == (value), #name " has another value");
NV_CUDA_VALUES(EQUAL)
NV_NVRTC_VALUES(EQUAL)
#if HAVE_CUDNN
NV_CUDNN_VALUES(EQUAL)
#endif

#if __has_include(<nvml.h>)
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // CUDA 13's are; older drivers have no others
#define SAME_NVML(name, arguments) SAME(name, 0, nvmlReturn_t, arguments)
NV_NVML_REQUIRED(SAME_NVML)
NV_NVML_OPTIONAL(SAME_NVML)
NV_NVML_VALUES(EQUAL)
#endif
