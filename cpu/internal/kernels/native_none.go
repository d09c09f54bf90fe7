//go:build (!amd64 && !arm64) || purego

package kernels

func native() []*Set { return nil }

// PeakFLOPs is how many floating-point operations one unit of [Peak] is.
const PeakFLOPs = 48 * 8 * 2

// Peak has no probe for this machine: it returns false.
func Peak(int) bool { return false }
