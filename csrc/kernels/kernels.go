// Package kernels holds the CUDA C++ source of our own kernels. NVRTC compiles it on the machine where it runs, for the card
// that is found; tests compile the same text for the host (csrc/fake/cudahost). It includes no vendor header.
//
// Activations have the type that -DTYPE=F32, F16 or BF16 chooses, so that there is one module per file and type.
package kernels

import (
	"embed"
	"io/fs"
)

//go:embed *.cu *.cuh
var files embed.FS

// Elements are the operations that look at each element alone: fill, add, activation, dropout and drop path.
const Elements = "elements.cu"

// ConvDirect are convolutions of every shape, one thread or warp per result.
const ConvDirect = "conv_direct.cu"

// Norm is batch normalisation: statistics, forward, inference and gradients.
const Norm = "norm.cu"

// Pool is the mean over height and width.
const Pool = "pool.cu"

// Reduce makes one number of many.
const Reduce = "reduce.cu"

// Loss is softmax cross-entropy.
const Loss = "loss.cu"

// ClassLoss are the losses beside softmax cross-entropy.
const ClassLoss = "class_loss.cu"

// Convert changes types and orders. Besides TYPE, of the result, it wants FROM.
const Convert = "convert.cu"

// Update is the optimizers' steps, and the guard that skips one.
const Update = "update.cu"

// Depthwise are depthwise 3x3 convolutions.
const Depthwise = "depthwise.cu"

// FusedNorm is what fused blocks do about batch norm between their convolutions.
const FusedNorm = "fused_norm.cu"

// FusedForward are convolutions of training that normalise on the way in and measure on the way out.
const FusedForward = "fused_forward.cu"

// FusedBackward are their gradients.
const FusedBackward = "fused_backward.cu"

// FusedInfer are convolutions with the batch norm and activation that follow.
const FusedInfer = "fused_infer.cu"

// FusedBlock is the inference of a whole inverted residual in one kernel.
const FusedBlock = "fused_block.cu"

// Stem is the first convolution of the network.
const Stem = "stem.cu"

// Pointwise are 1x1 convolutions as products of tiles.
const Pointwise = "pointwise.cu"

// Headers returns the names of all files that a source may include.
func Headers() []string { return match("*.cuh") }

// Sources returns the names of all files with kernels.
func Sources() []string { return match("*.cu") }

func match(pattern string) []string {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		panic("kernels: " + err.Error()) // the patterns are right
	}
	return names
}

// Text returns the source of a file of this package; the empty string if there is none.
func Text(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(b)
}
