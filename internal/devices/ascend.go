//go:build ascend

package devices

import (
	"mnv2/ascend"
	"mnv2/backend"
)

func ascendDriver(o Options) backend.Driver {
	d := ascend.Driver
	d.Open = func(index int) (backend.Backend, error) {
		return ascend.Open(index, ascend.Options{Debug: o.Debug, Fast: o.Fast, AllowDown: o.Down})
	}
	return d
}
