// Package cpu is the device that every machine has: all primitive operations in plain Go, float32, over a fixed pool of
// goroutines.
//
//	b, err := cpu.Open(cpu.Options{Threads: 4})
//	plan, err := backend.Compile(b, op)
//
// Activations lie in [backend.NCHW8c]: eight channels of one pixel side by side, called a vec in this package. Weights
// stay in OIHW for the caller; a convolution packs them for its kernels in its workspace at the start of each Run.
//
// # How an operation is built
//
// [Device.Compile] is the table of contents: one case per operation, one file per operation. Each case returns a program,
// which says how much workspace it wants and runs as a few steps, each cut into chunks that goroutines claim from a
// counter. The cut depends on the sizes of the operation only, never on the number of threads, and partial sums are
// merged in order of chunks. So results are the same, bit for bit, for every number of threads.
//
// The innermost loops are the functions of a kernel set, in internal/kernels; MNV2_CPU=generic chooses the one in plain Go.
// Their arguments are structs of addresses, of which a program keeps one for each worker; see own in kernels.go.
//
// Of the fused operations, convolution with batch norm and activation and the inverted residual (in training) and a whole
// network (in inference) are native. The first gives the same bits as its composition with the kernels in assembly.
//
// # Accuracy
//
// Sums over many pixels (statistics and gradients of parameters) are taken in float32 over short runs and in float64 from
// there on. Sums over channels are float32, over at most sumBlocks blocks of channels in one go.
package cpu
