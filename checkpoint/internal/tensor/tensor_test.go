package tensor

import (
	"fmt"
	"io/fs"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFloat32s(t *testing.T) {
	tests := map[string]struct {
		dtype DType
		data  []byte
		want  []float32
	}{
		"f32":  {F32, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x80}, []float32{1, float32(math.Copysign(0, -1))}},
		"f64":  {F64, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0xbf}, []float32{-1.5}},
		"f16":  {F16, []byte{0x00, 0x3c, 0x00, 0xc2, 0x01, 0x00, 0xff, 0x7b, 0x00, 0x7c}, []float32{1, -3, 0x1p-24, 65504, float32(math.Inf(1))}},
		"bf16": {BF16, []byte{0x80, 0x3f, 0x49, 0xc0}, []float32{1, -3.140625}},
		"i8":   {I8, []byte{0xff, 0x7f}, []float32{-1, 127}},
		"u8":   {U8, []byte{0xff}, []float32{255}},
		"i16":  {I16, []byte{0xfe, 0xff}, []float32{-2}},
		"u16":  {U16, []byte{0xfe, 0xff}, []float32{65534}},
		"i32":  {I32, []byte{0xfd, 0xff, 0xff, 0xff}, []float32{-3}},
		"u32":  {U32, []byte{0, 0, 0, 0x80}, []float32{1 << 31}},
		"i64":  {I64, []byte{0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, []float32{-4}},
		"u64":  {U64, []byte{0, 0, 0, 0, 0, 0, 0, 0x80}, []float32{1 << 63}},
		"bool": {Bool, []byte{0, 1, 2}, []float32{0, 1, 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := len(tt.data) / tt.dtype.Size()
			got, err := Tensor{Name: "x", DType: tt.dtype, Shape: []int{n}, Data: tt.data}.Float32s()
			require.NoError(t, err)
			require.Len(t, got, len(tt.want))
			for i := range got {
				assert.Equal(t, math.Float32bits(tt.want[i]), math.Float32bits(got[i]), "element %d: %v", i, got[i])
			}
		})
	}
}

func TestFloat32sRefuses(t *testing.T) {
	for name, bad := range map[string]Tensor{
		"text":         {Name: "conv.weight", DType: String, Data: []byte("x")},
		"short data":   {Name: "conv.weight", Shape: []int{2}, Data: make([]byte, 4)},
		"unknown type": {Name: "conv.weight", DType: 99, Data: make([]byte, 4)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bad.Float32s()
			require.ErrorContains(t, err, `"conv.weight"`)
		})
	}
}

func TestHalfAgainstDefinition(t *testing.T) {
	for h := range 1 << 16 {
		sign, exp, frac := 1-2*float64(h>>15), h>>10&31, float64(h&1023)
		want := sign * math.Ldexp(1+frac/1024, exp-15)
		switch {
		case exp == 0:
			want = sign * math.Ldexp(frac/1024, -14)
		case exp == 31 && frac == 0:
			want = math.Inf(int(sign))
		case exp == 31:
			want = math.NaN()
		}
		got := halfToFloat(uint16(h))
		if math.IsNaN(want) {
			require.True(t, got != got, "%#04x", h)
			continue
		}
		require.Equal(t, math.Float32bits(float32(want)), math.Float32bits(got), "%#04x", h)
	}
}

func TestFromFloat32sIsACopy(t *testing.T) {
	shape, v := []int{2}, []float32{1.5, -2}
	x := FromFloat32s("x", shape, v)
	shape[0], v[0] = 7, 7
	require.NoError(t, x.Check())
	got, err := x.Float32s()
	require.NoError(t, err)
	require.Equal(t, []float32{1.5, -2}, got)
	require.Equal(t, 2, x.Elements())
	require.Equal(t, 1, FromFloat32s("s", nil, v[:1]).Elements())
}

func TestBytes(t *testing.T) {
	huge := math.MaxInt / 2
	tests := map[string]struct {
		dtype DType
		shape []int
		want  int
		ok    bool
	}{
		"scalar":           {F64, nil, 8, true},
		"plain":            {F16, []int{3, 4}, 24, true},
		"empty":            {F32, []int{0}, 0, true},
		"overflow":         {F32, []int{huge, huge}, 0, false},
		"overflow by size": {F64, []int{huge}, 0, false},
		"huge but empty":   {F32, []int{huge, huge, 0}, 0, true},
		"negative":         {F32, []int{-1}, 0, false},
		"negative, empty":  {F32, []int{0, -1}, 0, false},
		"text":             {String, nil, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n, ok := Bytes(tt.dtype, tt.shape)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.want, n)
		})
	}
}

func TestCheckAll(t *testing.T) {
	one := FromFloat32s("a", nil, []float32{1})
	require.NoError(t, CheckAll([]Tensor{one, FromFloat32s("b", nil, []float32{1})}))
	require.ErrorContains(t, CheckAll([]Tensor{one, one}), `"a"`)
	require.ErrorContains(t, CheckAll([]Tensor{{}}), "not empty")
	require.ErrorContains(t, CheckAll([]Tensor{{Name: "a\xff"}}), "UTF-8")
	require.ErrorContains(t, CheckAll([]Tensor{{Name: "s", DType: String, Shape: []int{1}}}), "string")
	require.NoError(t, CheckAll([]Tensor{{Name: "s", DType: String, Data: []byte("é")}}))
}

func TestErrorf(t *testing.T) {
	err := fmt.Errorf("file: %w", Errorf("header: %w", fs.ErrInvalid))
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorIs(t, err, fs.ErrInvalid)
	require.Equal(t, "file: header: invalid argument", err.Error())
	require.NotErrorIs(t, fs.ErrInvalid, ErrFormat)
}

func TestFind(t *testing.T) {
	f := File{Tensors: []Tensor{FromFloat32s("a", nil, []float32{1})}}
	got, ok := f.Find("a")
	require.True(t, ok)
	require.Equal(t, "a", got.Name)
	_, ok = f.Find("b")
	require.False(t, ok)
}

func TestDTypeString(t *testing.T) {
	require.Equal(t, "BF16", BF16.String())
	require.Equal(t, "DType(99)", DType(99).String())
	require.Equal(t, 0, DType(99).Size())
}
