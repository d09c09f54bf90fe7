package golden

import (
	"encoding/binary"
	"math"
)

// Shape returns the shape of a tensor.
func (f *File) Shape(name string) []int {
	f.tb.Helper()
	return f.Tensor(name).Shape
}

// Float64 returns the elements of an F64 or F32 tensor.
func (f *File) Float64(name string) []float64 {
	f.tb.Helper()
	switch t := f.Tensor(name); t.DType {
	case "F64":
		return decode(t.Data, 8, func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) })
	case "F32":
		return decode(t.Data, 4, func(b []byte) float64 { return float64(float32At(b)) })
	default:
		f.tb.Fatalf("golden file %q: tensor %q is %s: want F64 or F32", f.name, name, t.DType)
		return nil
	}
}

// Float32 returns the elements of an F32 tensor.
func (f *File) Float32(name string) []float32 {
	f.tb.Helper()
	return decode(f.dataOf(name, "F32"), 4, float32At)
}

// Int64 returns the elements of an I64 tensor.
func (f *File) Int64(name string) []int64 {
	f.tb.Helper()
	return decode(f.dataOf(name, "I64"), 8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) })
}

func (f *File) dataOf(name, dtype string) []byte {
	f.tb.Helper()
	t := f.Tensor(name)
	if t.DType != dtype {
		f.tb.Fatalf("golden file %q: tensor %q is %s: want %s", f.name, name, t.DType, dtype)
	}
	return t.Data
}

func float32At(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }

func decode[T any](data []byte, size int, one func([]byte) T) []T {
	out := make([]T, len(data)/size)
	for i := range out {
		out[i] = one(data[i*size:])
	}
	return out
}
