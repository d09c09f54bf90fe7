//go:build ascend && cgo && linux

package main

import (
	"strconv"
	"strings"

	"mnv2/backend"
	"mnv2/backend/backendtest"
	"mnv2/internal/devicecheck"
	ascendcheck "mnv2/internal/devicecheck/ascend"
)

func init() {
	vendorChecks["ascend"] = vendorCheck{
		suite: ascendSuite,
		steps: func(spec string, quick bool) []devicecheck.Step {
			_, number, _ := strings.Cut(spec, ":")
			index, _ := strconv.Atoi(number) // no number is the first; others were refused before
			return ascendcheck.Steps(index, quick)
		},
	}
}

// ascendSuite says what the conformance suite may expect: gradients of filters come in the type of the activations, and the older
// chips have no float32 in their matrix units and saturate.
func ascendSuite(b backend.Backend) backendtest.Options {
	o := backendtest.Options{HalfFilterGrads: true}
	if b.Info().DTypes[0] != backend.F32 {
		o.Allow = []string{"Conv2D", "ConvBNAct", "InvertedResidual", "Head", "Chain"}
		o.NoNonFinite, o.HalfBias, o.Saturates = true, true, true
	}
	return o
}
