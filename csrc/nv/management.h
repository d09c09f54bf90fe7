// NVML, the driver's management library: what nvidia-smi shows. Prototypes, values and structures that this program uses, compared with
// NVIDIA's header by build/check-headers like those of nv.h. Source: NVML reference manual; drivers from 520 on.
#ifndef NV_MANAGEMENT_H
#define NV_MANAGEMENT_H

#ifdef NV_REAL_HEADERS
#define NVML_ENUM(type) type
#else
#define NVML_ENUM(type) int
typedef struct nvmlDevice_st *nvmlDevice_t;
typedef struct nvmlUtilization_st { unsigned gpu, memory; } nvmlUtilization_t;       // percent
typedef struct nvmlMemory_st { unsigned long long total, free, used; } nvmlMemory_t; // bytes
#endif

// F(name as dlsym wants it, arguments). All return nvmlReturn_t. Every GPU answers some of the questions only.
#define NV_NVML_REQUIRED(F)                                                       \
	F(nvmlInit_v2, (void))                                                    \
	F(nvmlSystemGetDriverVersion, (char *version, unsigned length))           \
	F(nvmlSystemGetNVMLVersion, (char *version, unsigned length))             \
	F(nvmlDeviceGetHandleByPciBusId_v2, (const char *id, nvmlDevice_t *device))
#define NV_NVML_OPTIONAL(F)                                                                                                      \
	F(nvmlDeviceGetHandleByUUID, (const char *uuid, nvmlDevice_t *device))                                                   \
	F(nvmlDeviceGetUtilizationRates, (nvmlDevice_t device, nvmlUtilization_t *utilization))                                  \
	F(nvmlDeviceGetMemoryInfo, (nvmlDevice_t device, nvmlMemory_t *memory))                                                  \
	F(nvmlDeviceGetTemperature, (nvmlDevice_t device, NVML_ENUM(nvmlTemperatureSensors_t) sensor, unsigned *celsius))        \
	F(nvmlDeviceGetPowerUsage, (nvmlDevice_t device, unsigned *milliwatts))                                                  \
	F(nvmlDeviceGetEnforcedPowerLimit, (nvmlDevice_t device, unsigned *milliwatts))                                          \
	F(nvmlDeviceGetEccMode, (nvmlDevice_t device, NVML_ENUM(nvmlEnableState_t) *current, NVML_ENUM(nvmlEnableState_t) *pending)) \
	F(nvmlDeviceGetTotalEccErrors,                                                                                           \
	  (nvmlDevice_t device, NVML_ENUM(nvmlMemoryErrorType_t) type, NVML_ENUM(nvmlEccCounterType_t) counter, unsigned long long *count)) \
	F(nvmlDeviceGetCurrentClocksThrottleReasons, (nvmlDevice_t device, unsigned long long *reasons))                         \
	F(nvmlDeviceGetMigMode, (nvmlDevice_t device, unsigned *current, unsigned *pending))

#define NV_NVML_VALUES(V)                                         \
	V(NVML_SUCCESS, 0)                                        \
	V(NVML_ERROR_UNINITIALIZED, 1)                            \
	V(NVML_ERROR_INVALID_ARGUMENT, 2)                         \
	V(NVML_ERROR_NOT_SUPPORTED, 3)                            \
	V(NVML_ERROR_NOT_FOUND, 6)                                \
	V(NVML_TEMPERATURE_GPU, 0)                                \
	V(NVML_MEMORY_ERROR_TYPE_UNCORRECTED, 1)                  \
	V(NVML_VOLATILE_ECC, 0)                                   \
	V(NVML_FEATURE_ENABLED, 1)                                \
	V(NVML_DEVICE_MIG_ENABLE, 1)                              \
	V(nvmlClocksThrottleReasonSwPowerCap, 0x4)                \
	V(nvmlClocksThrottleReasonHwSlowdown, 0x8)                \
	V(nvmlClocksThrottleReasonSwThermalSlowdown, 0x20)        \
	V(nvmlClocksThrottleReasonHwThermalSlowdown, 0x40)        \
	V(nvmlClocksThrottleReasonHwPowerBrakeSlowdown, 0x80)

#define NV_NVML_VALUE(name, value) NV_##name = value,
enum { NV_NVML_VALUES(NV_NVML_VALUE) };
#undef NV_NVML_VALUE

#endif
