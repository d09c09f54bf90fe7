package tensor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Float32s returns the elements as float32, in row-major order, in memory of its own. Floats are rounded to nearest
// even (beyond the range: infinity), integers likewise, Bool gives 0 and 1. Strings and damaged tensors are errors
// that name the tensor.
func (t Tensor) Float32s() ([]float32, error) {
	if t.DType == String {
		return nil, fmt.Errorf("tensor %q: text cannot be read as numbers", t.Name)
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	out := make([]float32, len(t.Data)/t.DType.Size())
	fillFloat32(out, t.DType, t.Data)
	return out, nil
}

func fillFloat32(out []float32, d DType, data []byte) {
	le := binary.LittleEndian
	switch d {
	case F32:
		for i := range out {
			out[i] = math.Float32frombits(le.Uint32(data[4*i:]))
		}
	case F64:
		for i := range out {
			out[i] = float32(math.Float64frombits(le.Uint64(data[8*i:])))
		}
	case F16:
		for i := range out {
			out[i] = halfToFloat(le.Uint16(data[2*i:]))
		}
	case BF16:
		for i := range out {
			out[i] = math.Float32frombits(uint32(le.Uint16(data[2*i:])) << 16)
		}
	default:
		fillFromInteger(out, d, data)
	}
}

func fillFromInteger(out []float32, d DType, data []byte) {
	le := binary.LittleEndian
	for i := range out {
		switch d {
		case I8:
			out[i] = float32(int8(data[i]))
		case U8:
			out[i] = float32(data[i])
		case Bool:
			if data[i] != 0 {
				out[i] = 1
			}
		case I16:
			out[i] = float32(int16(le.Uint16(data[2*i:])))
		case U16:
			out[i] = float32(le.Uint16(data[2*i:]))
		case I32:
			out[i] = float32(int32(le.Uint32(data[4*i:])))
		case U32:
			out[i] = float32(le.Uint32(data[4*i:]))
		case I64:
			out[i] = float32(int64(le.Uint64(data[8*i:])))
		case U64:
			out[i] = float32(le.Uint64(data[8*i:]))
		}
	}
}

// halfToFloat widens IEEE 754 binary16 exactly: sign 1, exponent 5 (bias 15), fraction 10 bits.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exp {
	case 0: // zero and subnormals: frac * 2^-24, exact in float32
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1f: // infinity and NaN
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

// FromFloat32s returns an F32 tensor with a copy of v and of shape. It does not compare their sizes; Check and the
// writers do.
func FromFloat32s(name string, shape []int, v []float32) Tensor {
	data := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(x))
	}
	return Tensor{Name: name, DType: F32, Shape: append([]int(nil), shape...), Data: data}
}
