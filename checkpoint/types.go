package checkpoint

import "mnv2/checkpoint/internal/tensor"

type (
	// Format names a file format.
	Format = tensor.Format

	// DType is the element type of a Tensor.
	DType = tensor.DType

	// Tensor is one named array: Data is little-endian, row-major and contiguous, Shape nil or empty is a scalar.
	Tensor = tensor.Tensor

	// File is the content of one file: its Format, its Tensors in order, and Meta, text that travels with them.
	File = tensor.File
)

// The formats. Read takes all of them, Write those of Writable.
const (
	CKPT        = tensor.CKPT        // MindSpore .ckpt
	SafeTensors = tensor.SafeTensors // .safetensors
	PTH         = tensor.PTH         // PyTorch .pth, .pt since 1.6
	PTHLegacy   = tensor.PTHLegacy   // PyTorch before 1.6
	TFLite      = tensor.TFLite      // .tflite
)

// The element types. String is text, which only .ckpt files hold: UTF-8 in Data, no shape.
const (
	F32    = tensor.F32
	F16    = tensor.F16
	BF16   = tensor.BF16
	F64    = tensor.F64
	I8     = tensor.I8
	U8     = tensor.U8
	I16    = tensor.I16
	U16    = tensor.U16
	I32    = tensor.I32
	U32    = tensor.U32
	I64    = tensor.I64
	U64    = tensor.U64
	Bool   = tensor.Bool
	String = tensor.String
)

// ErrFormat is wrapped by every error that says a file is damaged, hostile or of no known format. Errors of the
// operating system (a missing file, a full disk) do not wrap it.
var ErrFormat = tensor.ErrFormat

// FromFloat32s returns an F32 tensor that holds a copy of v (row-major) and of shape; nil is the shape of a scalar.
func FromFloat32s(name string, shape []int, v []float32) Tensor {
	return tensor.FromFloat32s(name, shape, v)
}
