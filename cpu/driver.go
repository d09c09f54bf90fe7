package cpu

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"strings"

	"mnv2/backend"
	"mnv2/cpu/internal/netplan"
)

// deviceName is the device in --device and in errors.
const deviceName = "cpu"

// Driver offers the CPU as device number 0.
var Driver = backend.Driver{
	Name: deviceName,
	Probe: func() ([]backend.Info, error) {
		set, err := chooseKernels()
		if err != nil {
			return nil, openError(err)
		}
		return []backend.Info{describe(runtime.GOMAXPROCS(0), set, hostMemory())}, nil
	},
	Open: func(index int) (backend.Backend, error) {
		if index != 0 {
			return nil, openError(fmt.Errorf("device %d: there is only %s:0", index, deviceName))
		}
		return Open(Options{})
	},
}

// Options are what a program can choose about the device. The zero value is right for most.
type Options struct {
	Threads int   // goroutines that compute, 0 for GOMAXPROCS
	Memory  int64 // most bytes that buffers may take together, 0 for the memory of the machine
}

// Open starts the device and its goroutines. Errors wrap [backend.ErrUnavailable].
func Open(o Options) (backend.Backend, error) {
	if o.Threads < 0 || o.Threads > maxThreads {
		return nil, openError(fmt.Errorf("threads = %d: want 0 to %d", o.Threads, maxThreads))
	}
	if o.Memory < 0 {
		return nil, openError(fmt.Errorf("memory = %d bytes: want 0 or more", o.Memory))
	}
	set, err := chooseKernels()
	if err != nil {
		return nil, openError(err)
	}
	if o.Threads == 0 {
		o.Threads = min(runtime.GOMAXPROCS(0), maxThreads)
	}
	total := hostMemory()
	limit := o.Memory
	if limit == 0 {
		limit = total
	}
	if limit == 0 {
		limit = unknownMemory
	}
	return &Device{
		info:    describe(o.Threads, set, total),
		kernels: set,
		pool:    netplan.NewPool(o.Threads),
		memory:  memory{limit: limit, live: map[*buffer]struct{}{}},
		plans:   map[*plan]struct{}{},
	}, nil
}

// maxThreads is more than any machine has; beyond it a number is a mistake.
const maxThreads = 1024

// unknownMemory is the limit on a system that does not tell its memory.
const unknownMemory = 64 << 30

func openError(err error) error {
	return &backend.Error{Device: deviceName, Op: "open", Text: err.Error(), Err: backend.ErrUnavailable}
}

func describe(threads int, set *kernelSet, total int64) backend.Info {
	return backend.Info{
		Device:  deviceName,
		Model:   modelName(),
		Memory:  total,
		Layout:  backend.NCHW8c,
		DTypes:  []backend.DType{backend.F32},
		Threads: threads,
		Versions: map[string]string{
			"go":      runtime.Version(),
			"kernels": set.Name,
		},
	}
}

// Info implements backend.Backend.
func (d *Device) Info() backend.Info {
	info := d.info
	info.DTypes = append([]backend.DType(nil), info.DTypes...)
	info.Versions = maps.Clone(info.Versions)
	return info
}

// modelName returns the product name of the processor where the system tells it, else the architecture.
func modelName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
