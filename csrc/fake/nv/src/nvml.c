// libnvidia-ml: one GPU like another, busy and warm. A part of a GPU (MNV2_FAKE_MIG=1) is known by "MIG-" and its UUID, and has half of
// the memory; the whole tells no utilisation then, as NVIDIA's does.
#include "fake.h"
#include "management.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE(name, arguments) EXPORT int name arguments;
NV_NVML_REQUIRED(DECLARE)
NV_NVML_OPTIONAL(DECLARE)
#undef DECLARE

static int initialised;
// A handle is the number of the device, from 1 on; of a part of one, 100 more.
static int number(nvmlDevice_t device) { return (int)(uintptr_t)device; }
static int is_device(nvmlDevice_t device) {
	const fake_config *c = fake_configuration();
	return (number(device) >= 1 && number(device) <= c->devices) || (c->mig && number(device) > 100 && number(device) <= 100 + c->devices);
}

#define START()                 \
	BEGIN(LIB_NVML, 0);     \
	if (!initialised) return NV_NVML_ERROR_UNINITIALIZED
#define START_OF(device, out) \
	START();              \
	if (!is_device(device) || (out) == NULL) return NV_NVML_ERROR_INVALID_ARGUMENT

int nvmlInit_v2(void) {
	BEGIN(LIB_NVML, 0);
	initialised = 1;
	return 0;
}

static int text(char *to, unsigned length, const char *from) {
	if (to == NULL || strlen(from) >= length) return NV_NVML_ERROR_INVALID_ARGUMENT;
	strcpy(to, from);
	return 0;
}

int nvmlSystemGetDriverVersion(char *version, unsigned length) {
	START();
	return text(version, length, "575.57.08");
}

int nvmlSystemGetNVMLVersion(char *version, unsigned length) {
	START();
	return text(version, length, "12.575.57.08");
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *id, nvmlDevice_t *device) {
	START();
	unsigned bus;
	if (id == NULL || device == NULL || sscanf(id, "0000:%x:00.0", &bus) != 1) return NV_NVML_ERROR_INVALID_ARGUMENT;
	if (bus < 1 || (int)bus > fake_configuration()->devices) return NV_NVML_ERROR_NOT_FOUND;
	*device = (nvmlDevice_t)(uintptr_t)bus;
	return 0;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device) {
	START();
	unsigned first;
	if (uuid == NULL || device == NULL) return NV_NVML_ERROR_INVALID_ARGUMENT;
	if (!fake_configuration()->mig || sscanf(uuid, "MIG-%2x", &first) != 1) return NV_NVML_ERROR_NOT_FOUND;
	*device = (nvmlDevice_t)(uintptr_t)(101 + first / 16);
	return 0;
}

int nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization) {
	START_OF(device, utilization);
	if (fake_configuration()->mig) return NV_NVML_ERROR_NOT_SUPPORTED;
	*utilization = (nvmlUtilization_t){37, 12};
	return 0;
}

int nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
	START_OF(device, memory);
	const int index = (number(device) - 1) % 100;
	memory->total = fake_configuration()->memory / (number(device) > 100 ? 2 : 1);
	memory->used = fake_memory_used(index);
	memory->free = memory->total - memory->used;
	return 0;
}

int nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned *celsius) {
	START_OF(device, celsius);
	if (sensor != NV_NVML_TEMPERATURE_GPU) return NV_NVML_ERROR_INVALID_ARGUMENT;
	*celsius = 41;
	return 0;
}

int nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned *milliwatts) {
	START_OF(device, milliwatts);
	*milliwatts = 91500;
	return 0;
}

int nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned *milliwatts) {
	START_OF(device, milliwatts);
	*milliwatts = 700000;
	return 0;
}

int nvmlDeviceGetEccMode(nvmlDevice_t device, int *current, int *pending) {
	START_OF(device, current);
	*current = *pending = NV_NVML_FEATURE_ENABLED;
	return 0;
}

int nvmlDeviceGetTotalEccErrors(nvmlDevice_t device, int type, int counter, unsigned long long *count) {
	START_OF(device, count);
	if (type != NV_NVML_MEMORY_ERROR_TYPE_UNCORRECTED || counter != NV_NVML_VOLATILE_ECC) return NV_NVML_ERROR_INVALID_ARGUMENT;
	*count = 2;
	return 0;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long *reasons) {
	START_OF(device, reasons);
	*reasons = NV_nvmlClocksThrottleReasonSwPowerCap | NV_nvmlClocksThrottleReasonHwThermalSlowdown | 1; // 1: idle, which limits nothing
	return 0;
}

int nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned *current, unsigned *pending) {
	START_OF(device, current);
	*current = *pending = fake_configuration()->mig ? NV_NVML_DEVICE_MIG_ENABLE : 0;
	return 0;
}
