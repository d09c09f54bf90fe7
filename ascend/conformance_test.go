//go:build cgo && linux

package ascend

import (
	"testing"

	"mnv2/backend"
	"mnv2/backend/backendtest"
)

func TestDevice(t *testing.T) {
	backendtest.Run(t, func() (backend.Backend, error) { return Open(0, Options{}) }, backendtest.Options{HalfFilterGrads: true})
}
