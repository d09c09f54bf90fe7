//go:build !amd64 || purego

package kernels

func native() []*Set { return nil }

// Pause waits for a moment. n is 1 or more.
func Pause(n int) {
	for range n * 16 {
		spin()
	}
}

//go:noinline
func spin() {}

// PeakFLOPs is how many floating-point operations one unit of [Peak] is.
const PeakFLOPs = 48 * 8 * 2

// Peak has no probe for this machine: it returns false.
func Peak(int) bool { return false }
