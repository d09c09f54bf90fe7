//go:build cgo && linux

// NVML: opening it, and one reading of everything that a GPU tells.
#include "monitor.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTER(name, arguments) int (*name) arguments;
struct nv_management {
	NV_NVML_REQUIRED(POINTER)
	NV_NVML_OPTIONAL(POINTER)
};

// bind fills the table. It returns the first required name that is missing, or NULL.
static const char *bind(nv_management *m, void *library) {
	const char *missing = NULL;
	void *function;
#define LOOK(name, arguments)                        \
	function = dlsym(library, #name);            \
	memcpy(&m->name, &function, sizeof function);
#define NEED(name, arguments)            \
	LOOK(name, arguments)            \
	if (function == NULL && missing == NULL) missing = #name;
	NV_NVML_REQUIRED(NEED)
	NV_NVML_OPTIONAL(LOOK)
	return missing;
}

nv_management *nv_management_open(void *library, char *why, size_t size) {
	nv_management *m = calloc(1, sizeof *m);
	const char *missing = m != NULL ? bind(m, library) : "memory";
	int code = 0;
	if (missing != NULL) {
		snprintf(why, size, "lacks %s", missing);
	} else if ((code = m->nvmlInit_v2()) != 0) {
		snprintf(why, size, "nvmlInit_v2 = %d", code);
	} else {
		return m;
	}
	free(m);
	return NULL;
}

void nv_management_versions(const nv_management *m, char *driver, char *library, unsigned size) {
	driver[0] = library[0] = 0;
	if (m->nvmlSystemGetDriverVersion(driver, size) != 0) driver[0] = 0;
	if (m->nvmlSystemGetNVMLVersion(library, size) != 0) library[0] = 0;
}

// ASK sets a flag if the library has the function and the GPU has the answer.
#define ASK(flag, name, ...) reading->flag = m->name != NULL && m->name(__VA_ARGS__) == NV_NVML_SUCCESS

int nv_management_read(const nv_management *m, const char *pci, const char *mig_uuid, nv_reading *reading) {
	nvmlDevice_t gpu = NULL, part = NULL;
	memset(reading, 0, sizeof *reading);
	int code = m->nvmlDeviceGetHandleByPciBusId_v2(pci, &gpu);
	if (code != 0) return code;
	unsigned pending = 0;
	int later = 0;
	ASK(has_mig, nvmlDeviceGetMigMode, gpu, &reading->mig, &pending);
	// An instance has memory of its own, and shares the rest with its neighbours.
	part = gpu;
	if (reading->has_mig && reading->mig == NV_NVML_DEVICE_MIG_ENABLE && m->nvmlDeviceGetHandleByUUID != NULL &&
	    m->nvmlDeviceGetHandleByUUID(mig_uuid, &part) != 0)
		part = gpu;
	nvmlMemory_t memory = {0};
	ASK(has_memory, nvmlDeviceGetMemoryInfo, part, &memory);
	reading->memory = memory.total;
	reading->used = memory.used;
	nvmlUtilization_t busy = {0};
	ASK(has_utilization, nvmlDeviceGetUtilizationRates, gpu, &busy);
	reading->utilization = busy.gpu;
	ASK(has_temperature, nvmlDeviceGetTemperature, gpu, NV_NVML_TEMPERATURE_GPU, &reading->celsius);
	ASK(has_power, nvmlDeviceGetPowerUsage, gpu, &reading->milliwatts);
	ASK(has_limit, nvmlDeviceGetEnforcedPowerLimit, gpu, &reading->milliwatt_limit);
	ASK(has_ecc, nvmlDeviceGetEccMode, gpu, &reading->ecc, &later);
	ASK(has_ecc_errors, nvmlDeviceGetTotalEccErrors, gpu, NV_NVML_MEMORY_ERROR_TYPE_UNCORRECTED, NV_NVML_VOLATILE_ECC, &reading->ecc_errors);
	ASK(has_throttling, nvmlDeviceGetCurrentClocksThrottleReasons, gpu, &reading->throttling);
	return 0;
}
