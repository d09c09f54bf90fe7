//go:build cgo && linux

package ascend

import (
	"mnv2/backend"
	"mnv2/csrc/acl"
)

// place says where a value of a program lives.
type place uint8

const (
	inOperand place = iota + 1 // operand number index
	inWork                     // the plan's workspace, at off
	inSaved                    // what a pair keeps, at off
	inDevice                   // memory of the device itself: off is the address
)

// value is a tensor of a program: how it looks and where it is.
type value struct {
	acl.Tensor
	place place
	index int
	off   int64
}

// none is an argument that is left out.
var none = value{Tensor: acl.NoTensor}

var dtypes = map[backend.DType]acl.DType{
	backend.F32: acl.Float, backend.F16: acl.Float16, backend.BF16: acl.BFloat, backend.U8: acl.Uint8, backend.I32: acl.Int32,
}

// describe returns a contiguous tensor.
func describe(t acl.DType, f acl.Format, dims ...int) acl.Tensor {
	d := acl.Tensor{DType: t, Format: f, Rank: len(dims)}
	for i, n := range dims {
		d.Dims[i] = int64(n)
	}
	return d
}

// with returns v's memory seen with other dimensions.
func (v value) with(dims ...int) value {
	v.Tensor = describe(v.DType, acl.ND, dims...)
	return v
}

// image returns v's memory as activations or a filter.
func (v value) image(d backend.Desc) value {
	v.Tensor = describe(v.DType, acl.NCHW, d.N, d.C, d.H, d.W)
	return v
}

// as returns v with elements of another type, as a pattern for scratch.
func (v value) as(t acl.DType) value {
	v.DType, v.Strides = t, [acl.MaxRank]int64{}
	return v
}

// transposed returns the matrix v with rows and columns exchanged, without moving anything.
func (v value) transposed() value {
	rows, columns := v.Dims[0], v.Dims[1]
	v.Dims[0], v.Dims[1] = columns, rows
	v.Strides[0], v.Strides[1] = 1, columns
	return v
}

// element returns element i of the vector v as a tensor of one element.
func (v value) element(i int) value {
	n := v.Dims[0]
	v.Tensor = describe(v.DType, acl.ND, 1)
	v.Offset, v.Storage = int64(i), n
	return v
}

// elementsFrom returns n elements of the vector v from element i on.
func (v value) elementsFrom(i, n int) value {
	all := v.Dims[0]
	v.Tensor = describe(v.DType, acl.ND, n)
	v.Offset, v.Storage = int64(i), all
	return v
}

// row returns row i of the matrix v as a vector.
func (v value) row(i int) value {
	rows, columns := v.Dims[0], v.Dims[1]
	v.Tensor = describe(v.DType, acl.ND, int(columns))
	v.Offset, v.Storage = int64(i)*columns, rows*columns
	return v
}

// rows returns n rows of the matrix v from row i on.
func (v value) rows(i, n int) value {
	all, columns := v.Dims[0], v.Dims[1]
	v.Tensor = describe(v.DType, acl.ND, n, int(columns))
	v.Offset, v.Storage = int64(i)*columns, all*columns
	return v
}

// elements returns how many there are.
func (v value) elements() int {
	n := 1
	for _, d := range v.Dims[:v.Rank] {
		n *= int(d)
	}
	return n
}

// size returns the bytes of an element type.
func size(t acl.DType) int64 {
	switch t {
	case acl.Float, acl.Int32:
		return 4
	case acl.Float16, acl.BFloat:
		return 2
	case acl.Int64:
		return 8
	}
	return 1
}
