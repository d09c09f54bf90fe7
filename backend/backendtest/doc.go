// Package backendtest is the definition of a device: the one suite that every [backend.Backend] must pass.
//
// A device's own test is a few lines:
//
//	func TestDevice(t *testing.T) {
//		backendtest.Run(t, func() (backend.Backend, error) { return cpu.Driver.Open(0) }, backendtest.Options{})
//	}
//
// The suite asks the device for its layout and element types and goes through the groups memory, transfer, ops, fused,
// gradients, aliasing, order, record, determinism, errors and goroutines. At the end it logs which operations ran natively,
// which were composed, and which the device does not have.
//
// Numbers are held to package ref. Every tensor lies between guard bytes that must survive; outputs, workspace and saved
// memory are filled with NaN before each run, so that an element nobody wrote cannot pass; inputs must keep their bits;
// padding lanes of outputs must come out zero. How much a result may differ from the exact one follows from the count of
// terms, their magnitudes and the formats (rounding.go), for fused operations from how such roundings travel through them
// (noise.go). Nothing is tuned to a device.
package backendtest
