//go:build cuda && cgo && linux

package main

import (
	"mnv2/internal/devicecheck"
	cudacheck "mnv2/internal/devicecheck/cuda"
)

func init() {
	vendorChecks["cuda"] = vendorCheck{steps: func(string, bool) []devicecheck.Step { return cudacheck.Steps() }}
}
