//go:build !amd64 || purego

package kernels

// Pause waits for a moment. n is 1 or more.
func Pause(n int) {
	for range n * 16 {
		spin()
	}
}

//go:noinline
func spin() {}
