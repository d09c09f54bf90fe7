package cpu

import "mnv2/cpu/internal/kernels"

// flatChunk is how many numbers one chunk of an elementwise operation has: 64 KiB, which fits the caches.
const flatChunk = 16 << 10

// flatChunks returns how many chunks n numbers are cut into.
func flatChunks(n int) int { return (n + flatChunk - 1) / flatChunk }

// flatRange returns the numbers of a chunk.
func flatRange(chunk, n int) (from, to int) {
	return chunk * flatChunk, min((chunk+1)*flatChunk, n)
}

// elementArgs are the arguments of an elementwise kernel, and room for numbers that do not make eight.
type elementArgs struct {
	kernels.Elements
	x, y, z vec
}

// run calls a kernel for the numbers of x, y and z, of which y or z may be empty. Kernels want eight numbers at a time: the
// last few go through a copy.
func (a *elementArgs) run(kernel func(*kernels.Elements), x, y, z []float32) {
	whole := len(x) / lanes * lanes
	if whole > 0 {
		a.X, a.Y, a.Z, a.Count = &x[0], first(y), first(z), whole/lanes
		kernel(&a.Elements)
	}
	if whole < len(x) {
		copy(a.x[:], x[whole:])
		copy(a.y[:], y[min(whole, len(y)):])
		a.X, a.Y, a.Z, a.Count = &a.x[0], &a.y[0], &a.z[0], 1
		kernel(&a.Elements)
		copy(y[min(whole, len(y)):], a.y[:])
		copy(z[min(whole, len(z)):], a.z[:])
	}
	*a = elementArgs{}
}

func first(v []float32) *float32 {
	if len(v) == 0 {
		return nil
	}
	return &v[0]
}
