//go:build cgo && linux

package nv

/*
#include <stdlib.h>
#include "binding.h"
#include "monitor.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

const managementName = "libnvidia-ml.so.1"

// Management is NVML, the driver's management library, opened. It stays open until the process ends.
type Management struct {
	table  *C.nv_management
	File   File   // the library
	Driver string // version of the driver: "575.57.08"
}

// OpenManagement opens NVML. The error is a [*LoadError].
func OpenManagement(o Options) (*Management, error) {
	s := &search{dirs: o.folders()}
	m := &Management{}
	found, faults := s.each(managementName, func(handle unsafe.Pointer) error {
		var why [256]C.char
		if m.table = C.nv_management_open(handle, &why[0], C.size_t(len(why))); m.table == nil {
			return errors.New(C.GoString(&why[0]))
		}
		var driver, library [96]C.char
		C.nv_management_versions(m.table, &driver[0], &library[0], C.uint(len(driver)))
		m.Driver = C.GoString(&driver[0])
		m.File = File{Name: "NVML", Path: pathOf(handle), Version: C.GoString(&library[0])}
		return nil
	})
	if !found {
		s.miss("there is no "+managementName, faults)
		return nil, &LoadError{Missing: s.missing, Tried: s.dirs}
	}
	return m, nil
}

// Reading is how a GPU is at the moment. What it does not tell is missing: a GPU answers some questions only, and a part of
// one (MIG) fewer.
type Reading struct {
	Utilization   *int  // percent of the time that kernels ran
	Used, Memory  int64 // bytes; both 0 if unknown. Of a part they are its own
	Celsius       *int
	Watts, Limit  float64 // 0 if unknown
	ECC           *bool
	ECCErrors     *int64   // uncorrected ones since the driver was loaded
	Throttled     []string // why clocks are lower than they could be: "power cap", "heat", "power brake", "hardware"
	KnowsThrottle bool
	MIG           *bool
}

// Read asks about a device.
func (m *Management) Read(d Device) (Reading, error) {
	pci, uuid := C.CString(d.PCIBusID), C.CString("MIG-"+d.UUID)
	defer C.free(unsafe.Pointer(pci))
	defer C.free(unsafe.Pointer(uuid))
	var r C.nv_reading
	if code := C.nv_management_read(m.table, pci, uuid, &r); code != 0 {
		return Reading{}, fmt.Errorf("NVML does not know %s: nvmlDeviceGetHandleByPciBusId_v2 = %d", d.PCIBusID, int(code))
	}
	reading := Reading{
		Utilization: told(r.has_utilization, int(r.utilization)), Used: int64(r.used), Memory: int64(r.memory),
		Celsius: told(r.has_temperature, int(r.celsius)), ECC: told(r.has_ecc, r.ecc == C.NV_NVML_FEATURE_ENABLED),
		ECCErrors: told(r.has_ecc_errors, int64(r.ecc_errors)), KnowsThrottle: r.has_throttling != 0,
		MIG: told(r.has_mig, r.mig == C.NV_NVML_DEVICE_MIG_ENABLE),
	}
	if r.has_power != 0 {
		reading.Watts = float64(r.milliwatts) / 1000
	}
	if r.has_limit != 0 {
		reading.Limit = float64(r.milliwatt_limit) / 1000
	}
	for _, t := range throttles {
		if uint64(r.throttling)&t.bits != 0 {
			reading.Throttled = append(reading.Throttled, t.name)
		}
	}
	return reading, nil
}

func told[T any](has C.int, v T) *T {
	if has == 0 {
		return nil
	}
	return &v
}

var throttles = []struct {
	bits uint64
	name string
}{
	{C.NV_nvmlClocksThrottleReasonSwPowerCap, "power cap"},
	{C.NV_nvmlClocksThrottleReasonSwThermalSlowdown | C.NV_nvmlClocksThrottleReasonHwThermalSlowdown, "heat"},
	{C.NV_nvmlClocksThrottleReasonHwPowerBrakeSlowdown, "power brake"},
	{C.NV_nvmlClocksThrottleReasonHwSlowdown, "hardware slowdown"},
}

// String says it in a line: "3 % busy, 1.2 of 80.0 GiB in use, 41 °C, 91.5 of 700 W, clocks not limited, ECC on, MIG off".
func (r Reading) String() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if r.Utilization != nil {
		add("%d %% busy", *r.Utilization)
	}
	if r.Memory > 0 {
		add("%.1f of %.1f GiB in use", float64(r.Used)/(1<<30), float64(r.Memory)/(1<<30))
	}
	if r.Celsius != nil {
		add("%d °C", *r.Celsius)
	}
	switch {
	case r.Watts > 0 && r.Limit > 0:
		add("%.1f of %.0f W", r.Watts, r.Limit)
	case r.Watts > 0:
		add("%.1f W", r.Watts)
	}
	switch {
	case len(r.Throttled) > 0:
		add("clocks limited by %s", strings.Join(r.Throttled, " and "))
	case r.KnowsThrottle:
		add("clocks not limited")
	}
	if r.ECC != nil {
		text := "ECC " + onOff(*r.ECC)
		if r.ECCErrors != nil && *r.ECC {
			text += fmt.Sprintf(" with %d uncorrected errors", *r.ECCErrors)
		}
		add("%s", text)
	}
	if r.MIG != nil {
		add("MIG %s", onOff(*r.MIG))
	}
	return strings.Join(parts, ", ")
}

func onOff(is bool) string {
	if is {
		return "on"
	}
	return "off"
}
