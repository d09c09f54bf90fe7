// Package cuda runs the operations on NVIDIA GPUs with our own kernels (csrc/kernels), which NVRTC compiles for the card that
// is found.
//
// An operation becomes a [program]: a list of kernel launches on operands, scratch and what a pair saves. Compile chooses and
// compiles the kernels and prepares the launches in memory of C; Run writes addresses into them and queues all of them in one
// crossing. Recordings are CUDA graphs.
//
// Activations are NHWC without padding. Filters are OIHW, as everywhere. Sums have an order that depends on sizes alone, so that
// the same inputs give the same bits. What has no native plan is composed by the gate.
//
// docs/gpu.md says what was run on which card.
package cuda
