//go:build !cgo || !linux

package cuda

import (
	"fmt"

	"mnv2/backend"
)

var errBuild = fmt.Errorf("%w: built without cgo, or not for Linux", backend.ErrUnavailable)

// Driver offers no GPU in this build.
var Driver = backend.Driver{
	Name:  "cuda",
	Probe: func() ([]backend.Info, error) { return nil, errBuild },
	Open:  func(int) (backend.Backend, error) { return nil, errBuild },
}

// Open opens nothing in this build.
func Open(int, Options) (backend.Backend, error) { return nil, errBuild }
