//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/nv"
)

// addState tells how the GPU is at the moment, or why that is not known: the management library may be missing, and nothing else fails.
func addState(info *backend.Info, m *nv.Management, without error, g nv.Device) {
	if m == nil {
		info.Versions["NVML"] = "not in use (" + without.Error() + "): memory in use, temperature, power, throttling, ECC errors and MIG are not known"
		return
	}
	info.Versions["NVML"] = m.File.Version + " " + m.File.Path
	info.Versions["NVIDIA driver"] = m.Driver
	reading, err := m.Read(g)
	if err != nil {
		info.State = err.Error()
		return
	}
	info.State = reading.String()
}

// Gauges implements backend.Monitor through NVML, which is opened at the first call. Without it there are none.
func (d *Device) Gauges() []backend.Gauge {
	d.openManagement.Do(func() { d.management, _ = nv.OpenManagement(nv.OptionsFromEnv()) }) // devices says why there is none
	if d.management == nil {
		return nil
	}
	r, err := d.management.Read(d.gpu)
	if err != nil {
		return nil
	}
	var list []backend.Gauge
	add := func(isKnown bool, name, unit string, v float64) {
		if isKnown {
			list = append(list, backend.Gauge{Name: name, Unit: unit, Value: v})
		}
	}
	if r.Utilization != nil {
		add(true, "utilization", "%", float64(*r.Utilization))
	}
	add(r.Memory > 0, "memory", "GiB", float64(r.Used)/(1<<30))
	add(r.Watts > 0, "power", "W", r.Watts)
	if r.Celsius != nil {
		add(true, "temperature", "°C", float64(*r.Celsius))
	}
	return list
}
