//go:build cuda

package devices

import (
	"mnv2/backend"
	"mnv2/cuda"
)

func cudaDriver(o Options) backend.Driver {
	d := cuda.Driver
	convolutions := cuda.Own
	if o.Autotune {
		convolutions = cuda.Fastest
	}
	d.Open = func(index int) (backend.Backend, error) {
		return cuda.Open(index, cuda.Options{TF32: o.Down, Convolutions: convolutions, Warn: o.Warn})
	}
	return d
}
