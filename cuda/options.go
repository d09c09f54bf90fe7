package cuda

// Options are what a program can choose about the device. The zero value is right for most.
type Options struct {
	TF32         bool         // let tensor cores round the operands of float32 products to TF32
	Convolutions Convolutions // who computes them
	Warn         func(string) // told what the user should know and nothing fails of; may be nil
}

// Convolutions says who computes convolutions that are operations of their own; fused operations have kernels of our own always.
type Convolutions uint8

const (
	// Own are the kernels of this program: the same choice everywhere.
	Own Convolutions = iota
	// Fastest is what was measured to be faster for a shape on this machine, the kernels of this program or an engine of cuDNN's.
	// The choice is kept on disk. Without cuDNN it is Own.
	Fastest
	// CuDNN is the engine that cuDNN itself thinks best, wherever it has one, for tests and comparisons.
	CuDNN
)
