//go:build !ascend

package devices

import "mnv2/backend"

func ascendDriver(Options) backend.Driver { return absent("ascend") }
