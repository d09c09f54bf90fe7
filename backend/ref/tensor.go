package ref

import (
	"encoding/binary"
	"fmt"
	"math"

	"mnv2/backend"
)

// Tensor is an operand: its shape and its numbers, V[((n*H+h)*W+w)*C+c], whatever Desc.Layout says about device memory.
type Tensor struct {
	Desc backend.Desc
	V    []float64
}

// New returns a tensor of zeros.
func New(d backend.Desc) *Tensor { return &Tensor{Desc: d, V: make([]float64, d.Elements())} }

// Clone returns a copy.
func (t *Tensor) Clone() *Tensor {
	c := New(t.Desc)
	copy(c.V, t.V)
	return c
}

// At returns the place in V of element (n, h, w, c).
func (t *Tensor) At(n, h, w, c int) int {
	return ((n*t.Desc.H+h)*t.Desc.W+w)*t.Desc.C + c
}

// Round rounds every number to the element type, as storing it on a device does.
func (t *Tensor) Round() *Tensor {
	for i, v := range t.V {
		t.V[i] = Round(t.Desc.DType, v)
	}
	return t
}

// Bytes returns the tensor as it lies in device memory: rounded to the element type, in Desc's layout, padding lanes zero.
func (t *Tensor) Bytes() []byte {
	raw := make([]byte, t.Desc.Bytes())
	size := int(t.Desc.DType.Size())
	t.each(func(logical, stored int) { encode(t.Desc.DType, raw[stored*size:], t.V[logical]) })
	return raw
}

// FromBytes returns the tensor that lies in raw as d describes it. Padding lanes are not looked at; see [Padding].
func FromBytes(d backend.Desc, raw []byte) (*Tensor, error) {
	if int64(len(raw)) != d.Bytes() {
		return nil, fmt.Errorf("tensor %v: got %d bytes, want %d", d, len(raw), d.Bytes())
	}
	t := New(d)
	size := int(d.DType.Size())
	t.each(func(logical, stored int) { t.V[logical] = decode(d.DType, raw[stored*size:]) })
	return t, nil
}

// Padding returns nil if the padding lanes of raw, a tensor as d describes it, hold zero bits, and otherwise which does not.
func Padding(d backend.Desc, raw []byte) error {
	meant := make([]bool, d.Stored())
	(&Tensor{Desc: d}).each(func(_, stored int) { meant[stored] = true })
	size := int(d.DType.Size())
	for i, ok := range meant {
		if ok {
			continue
		}
		if v := decode(d.DType, raw[i*size:]); v != 0 || math.Signbit(v) {
			return fmt.Errorf("padding lane at element %d of %v holds %g, want 0", i, d, v)
		}
	}
	return nil
}

// each calls f with the place of every element in V and in device memory.
func (t *Tensor) each(f func(logical, stored int)) {
	i := 0
	for n := range t.Desc.N {
		for h := range t.Desc.H {
			for w := range t.Desc.W {
				for c := range t.Desc.C {
					f(i, t.Desc.Index(n, h, w, c))
					i++
				}
			}
		}
	}
}

// decode reads one little-endian number.
func decode(t backend.DType, raw []byte) float64 {
	switch t {
	case backend.F32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw)))
	case backend.F16:
		return half.decode(binary.LittleEndian.Uint16(raw))
	case backend.BF16:
		return brain.decode(binary.LittleEndian.Uint16(raw))
	case backend.I32:
		return float64(int32(binary.LittleEndian.Uint32(raw)))
	default:
		return float64(raw[0])
	}
}

// encode writes v, rounded, as one little-endian number.
func encode(t backend.DType, raw []byte, v float64) {
	switch t {
	case backend.F32:
		binary.LittleEndian.PutUint32(raw, math.Float32bits(float32(v)))
	case backend.F16:
		binary.LittleEndian.PutUint16(raw, half.encode(v))
	case backend.BF16:
		binary.LittleEndian.PutUint16(raw, brain.encode(v))
	case backend.I32:
		binary.LittleEndian.PutUint32(raw, uint32(int32(Round(t, v))))
	default:
		raw[0] = byte(Round(t, v))
	}
}
