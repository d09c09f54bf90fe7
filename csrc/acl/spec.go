package acl

// DType is an element type, as aclDataType numbers it.
type DType int32

// The element types.
const (
	Float   DType = 0
	Float16 DType = 1
	Int32   DType = 3
	Uint8   DType = 4
	Int64   DType = 9
	Bool    DType = 12
	BFloat  DType = 27
)

// Format is the meaning of the dimensions, as aclFormat numbers it.
type Format int32

// The formats.
const (
	NCHW Format = 0
	ND   Format = 2
)

// The values of CubeMath: how products of matrices treat float32.
const (
	KeepType  = 0 // as it is
	AllowDown = 1 // the chip may round operands: to HF32 on A2, to float16 on 910A and 310P
	UseFP16   = 2
	UseHF32   = 3
)

// MaxRank is the most dimensions that a [Tensor] of this binding has.
const MaxRank = 4

// Tensor describes a tensor argument without its address. Rank -1 is an argument that is left out.
type Tensor struct {
	DType   DType
	Format  Format
	Rank    int
	Dims    [MaxRank]int64
	Strides [MaxRank]int64 // in elements; all zero if contiguous
	Offset  int64          // in elements: where the view begins in the block at its address
	Storage int64          // elements of that block; 0 if it is just the view
}

// NoTensor is an argument that is left out.
var NoTensor = Tensor{Rank: -1}

// Spec is one call of an operator: its arguments but for the addresses, in the order of the prototype in acl.h.
//
// Tensors are inputs first, then outputs; what an in-place operator writes counts as an input.
type Spec struct {
	Op       Op
	Inputs   []Tensor
	Outputs  []Tensor
	Scalars  []float64
	Arrays   [][]int64 // of ConvolutionBackward: stride, padding, dilation, bias sizes
	Mask     []bool
	Flags    []bool
	Integers []int64
	Numbers  []float64 // of batch norm: eps, momentum
	CubeMath int
}
