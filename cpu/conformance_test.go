package cpu

import (
	"testing"

	"mnv2/backend"
	"mnv2/backend/backendtest"
	"mnv2/cpu/internal/kernels"
)

// TestDevice runs the suite that defines a device for every kernel set, on one thread and on two, whose results must be the
// same to the bit.
func TestDevice(t *testing.T) {
	for _, set := range kernels.Sets() {
		t.Run(set.Name, func(t *testing.T) {
			t.Setenv(kernelsVariable, set.Name)
			testDevice(t)
		})
	}
}

func testDevice(t *testing.T) {
	open := func(threads int) func() (backend.Backend, error) {
		return func() (backend.Backend, error) { return Open(Options{Threads: threads}) }
	}
	backendtest.Run(t, open(1), backendtest.Options{
		OpenVariants: map[string]func() (backend.Backend, error){"2 threads": open(2)},
	})
}
