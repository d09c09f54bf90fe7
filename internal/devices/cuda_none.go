//go:build !cuda

package devices

import "mnv2/backend"

func cudaDriver(Options) backend.Driver { return absent("cuda") }
