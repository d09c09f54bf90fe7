package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"mnv2/checkpoint/internal/tensor"
)

// array is a constant tensor of the model as float32, in the model's own layout.
type array struct {
	shape  []int
	values []float32
}

// quant holds real = (q - zero) * scale, either one scale for all or one for each index along dimension.
type quant struct {
	scale     vector // float32
	zero      vector // int64
	dimension int
}

// maxDims bounds a shape; the format knows no tensor with more dimensions.
const maxDims = 8

// elementTypes are the types of constants that can be read.
var elementTypes = map[int8]tensor.DType{
	typeF32: tensor.F32, typeF16: tensor.F16, typeI32: tensor.I32, typeU8: tensor.U8, typeI64: tensor.I64, typeI8: tensor.I8,
}

func quantization(t table) quant {
	q := t.table(tensorQuant)
	return quant{
		scale: q.vector(quantScale, 4), zero: q.vector(quantZero, 8), dimension: int(q.int32(quantDimension, 0)),
	}
}

func (q quant) scaleAt(i int) float64 {
	return float64(math.Float32frombits(uint32(q.scale.int32(i))))
}

// zeroAt returns zero point i. One may stand for all scales; none means 0.
func (q quant) zeroAt(i int) int64 {
	if q.zero.n == 0 {
		return 0
	}
	at := q.zero.at + 8*uint64(min(i, q.zero.n-1))
	return int64(binary.LittleEndian.Uint64(q.zero.f.b[at:]))
}

// floats returns constant tensor number index as float32.
func (m *model) floats(index int32) (array, error) {
	t := m.tensors.table(int(index))
	dtype, known := elementTypes[t.int8(tensorType)]
	if !known {
		return array{}, fmt.Errorf("element type %d is not supported", t.int8(tensorType))
	}
	dims := t.vector(tensorShape, 4)
	if dims.n > maxDims {
		return array{}, fmt.Errorf("%d dimensions (at most %d are allowed)", dims.n, maxDims)
	}
	var a array
	for _, d := range dims.int32s() {
		a.shape = append(a.shape, int(d))
	}
	data := m.buffers.table(int(t.int32(tensorBuffer, 0))).vector(bufferData, 1)
	if m.f.bad {
		return array{}, m.f.err()
	}
	size, ok := tensor.Bytes(dtype, a.shape)
	if !ok || size != data.n {
		return array{}, fmt.Errorf("shape %v of %v does not fit its %d bytes", a.shape, dtype, data.n)
	}
	if m.budget -= size / dtype.Size() * 4; m.budget < 0 {
		return array{}, errors.New("layers use the same buffers again and again, more than the file accounts for")
	}
	raw := tensor.Tensor{Name: "constant", DType: dtype, Shape: a.shape, Data: data.bytes()}
	var err error
	if dtype == tensor.F32 || dtype == tensor.F16 {
		a.values, err = raw.Float32s()
		return a, err
	}
	a.values, err = dequantize(raw, quantization(t))
	return a, err
}

// dequantize returns (q - zero) * scale, computed in float64 and rounded once.
func dequantize(raw tensor.Tensor, q quant) ([]float32, error) {
	n := len(raw.Data) / raw.DType.Size()
	run, err := q.run(raw.Shape)
	if err != nil {
		return nil, err
	}
	out := make([]float32, n)
	for i := range out {
		c := i / run % q.scale.n
		out[i] = float32(float64(integer(raw, i)-q.zeroAt(c)) * q.scaleAt(c))
	}
	return out, nil
}

// run returns how many consecutive elements share a scale.
func (q quant) run(shape []int) (int, error) {
	if q.scale.n == 1 {
		return 1, nil
	}
	if q.dimension < 0 || q.dimension >= len(shape) || shape[q.dimension] != q.scale.n {
		return 0, fmt.Errorf("%d scales along dimension %d of shape %v", q.scale.n, q.dimension, shape)
	}
	if q.zero.n > 1 && q.zero.n != q.scale.n {
		return 0, fmt.Errorf("%d scales and %d zero points", q.scale.n, q.zero.n)
	}
	run := 1
	for _, d := range shape[q.dimension+1:] {
		run *= d
	}
	return max(run, 1), nil
}

func integer(t tensor.Tensor, i int) int64 {
	switch t.DType {
	case tensor.I8:
		return int64(int8(t.Data[i]))
	case tensor.U8:
		return int64(t.Data[i])
	case tensor.I32:
		return int64(int32(binary.LittleEndian.Uint32(t.Data[4*i:])))
	}
	return int64(binary.LittleEndian.Uint64(t.Data[8*i:]))
}
