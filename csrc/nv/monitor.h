// What Go calls of management.c.
#ifndef NV_MONITOR_H
#define NV_MONITOR_H

#include <stddef.h>

#include "management.h"

typedef struct nv_management nv_management; // the table of functions; never freed, like the library

// What a GPU tells; a has_ flag is 0 where it does not.
typedef struct nv_reading {
	int has_mig, has_memory, has_utilization, has_temperature, has_power, has_limit, has_ecc, has_ecc_errors, has_throttling;
	unsigned mig, utilization, celsius, milliwatts, milliwatt_limit;
	int ecc;
	unsigned long long memory, used, ecc_errors, throttling;
} nv_reading;

// nv_management_open binds the functions and starts the library; on failure it returns NULL and writes a reason.
nv_management *nv_management_open(void *library, char *why, size_t size);
void nv_management_versions(const nv_management *m, char *driver, char *library, unsigned size);
// nv_management_read asks about the GPU at a PCI address; mig_uuid is the device's own if it is a part of that GPU. It returns NVML's code.
int nv_management_read(const nv_management *m, const char *pci, const char *mig_uuid, nv_reading *reading);

#endif
