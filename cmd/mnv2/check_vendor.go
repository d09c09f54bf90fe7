package main

import (
	"mnv2/backend"
	"mnv2/backend/backendtest"
	"mnv2/internal/devicecheck"
)

// vendorCheck is what the check of a vendor's device has besides what any device can be put through.
type vendorCheck struct {
	suite func(backend.Backend) backendtest.Options // what the conformance suite may expect
	steps func(spec string, quick bool) []devicecheck.Step
}

// vendorChecks by the name of the driver. Those of vendors are added by the files with their build tags.
var vendorChecks = map[string]vendorCheck{}
