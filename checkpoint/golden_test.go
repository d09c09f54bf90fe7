package checkpoint

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/ckpt"
)

func testdata(name string) string { return filepath.Join("testdata", name) }

// upTo returns 0, 1, ... n-1, the values of the base tensor in make_pytorch.py.
func upTo(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i)
	}
	return v
}

// transposed is the 4x6 base tensor read column by column.
func transposed() []float32 {
	var v []float32
	for c := range 6 {
		for r := range 4 {
			v = append(v, float32(6*r+c))
		}
	}
	return v
}

var small = []float32{0, 1, 2, 100}

// everyKind is what every_kind() of make_pytorch.py holds.
var everyKind = []struct {
	name  string
	dtype DType
	shape []int
	want  []float32
}{
	{"whole", F32, []int{4, 6}, upTo(24)},
	{"transposed", F32, []int{6, 4}, transposed()},
	{"offset", F32, []int{6}, []float32{5, 6, 7, 8, 9, 10}},
	{"every_third", F32, []int{6}, []float32{2, 5, 8, 11, 14, 17}},
	{"expanded", F32, []int{2, 3}, []float32{3, 3, 3, 3, 3, 3}},
	{"channels_last", F32, []int{1, 2, 3, 4}, upTo(24)},
	{"scalar", F32, []int{}, []float32{-2.5}},
	{"empty", F32, []int{0, 3}, []float32{}},
	{"parameter", F32, []int{2}, []float32{0.5, 1.5}},
	{"float16", F16, []int{4}, small},
	{"bfloat16", BF16, []int{4}, small},
	{"float64", F64, []int{4}, small},
	{"int8", I8, []int{4}, small},
	{"uint8", U8, []int{4}, small},
	{"int16", I16, []int{4}, small},
	{"int32", I32, []int{4}, small},
	{"int64", I64, []int{4}, small},
	{"bool", Bool, []int{4}, []float32{0, 1, 1, 1}},
	{"uint16", U16, []int{4}, small},
	{"uint32", U32, []int{4}, small},
	{"uint64", U64, []int{4}, small},
}

func TestGoldenPyTorchKinds(t *testing.T) {
	for _, tt := range []struct {
		file    string
		format  Format
		tensors int
	}{
		{"zip-1.13.pth", PTH, 18},
		{"legacy-1.13.pth", PTHLegacy, 18},
		{"zip-2.15.pth", PTH, 21},
		{"legacy-2.15.pth", PTHLegacy, 18},
	} {
		t.Run(tt.file, func(t *testing.T) {
			f, err := Read(testdata(tt.file))
			require.NoError(t, err)
			require.Equal(t, tt.format, f.Format)
			require.Len(t, f.Tensors, tt.tensors)
			for i, got := range f.Tensors {
				want := everyKind[i]
				require.Equal(t, want.name, got.Name)
				assert.Equal(t, want.dtype, got.DType, want.name)
				assert.Equal(t, want.shape, got.Shape, want.name)
				require.NoError(t, got.Check())
				values, err := got.Float32s()
				require.NoError(t, err)
				assert.Equal(t, want.want, values, want.name)
			}
		})
	}
}

func TestGoldenPyTorchTraining(t *testing.T) {
	for _, name := range []string{"training-1.13.pth", "training-2.15.pth"} {
		t.Run(name, func(t *testing.T) {
			f, err := Read(testdata(name))
			require.NoError(t, err)
			require.Equal(t, []string{"model", "optimizer"}, f.Groups)
			for key, want := range map[string]string{
				"epoch": "3", "best": "0.5", "arch": "tiny", "done": "True", "none": "None",
				"optimizer.param_groups.0.lr": "0.25", "optimizer.param_groups.0.params.3": "3",
			} {
				assert.Equal(t, want, f.Meta[key], key)
			}
			momentum, ok := f.Find("optimizer.state.0.momentum_buffer")
			require.True(t, ok)
			require.Equal(t, []int{3, 2}, momentum.Shape)

			u := Unwrap(f)
			var names []string
			for _, x := range u.Tensors {
				names = append(names, x.Name)
			}
			require.Equal(t, []string{"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
				"1.running_var", "1.num_batches_tracked"}, names)
			w, _ := u.Find("0.weight")
			values, err := w.Float32s()
			require.NoError(t, err)
			require.Equal(t, upTo(6), values)
		})
	}
}

func TestGoldenPickleProtocol4(t *testing.T) {
	f, err := Read(testdata("protocol4-2.15.pth"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"n": "1099511627776"}, f.Meta)
	require.Len(t, f.Tensors, 1)
	compareGolden(t, goldenTensor{"w", F32, []int{3}, upTo(3)}, f.Tensors[0])
}

func TestGoldenMindSpore(t *testing.T) {
	want := []goldenTensor{
		{"float32", F32, []int{4}, small}, {"float16", F16, []int{4}, small}, {"bfloat16", BF16, []int{4}, small},
		{"float64", F64, []int{4}, small}, {"int8", I8, []int{4}, small}, {"uint8", U8, []int{4}, small},
		{"int16", I16, []int{4}, small}, {"uint16", U16, []int{4}, small}, {"int32", I32, []int{4}, small},
		{"uint32", U32, []int{4}, small}, {"int64", I64, []int{4}, small}, {"uint64", U64, []int{4}, small},
		{"bool_", Bool, []int{4}, []float32{0, 1, 1, 1}}, {"matrix", F32, []int{2, 3}, upTo(6)},
		{"scalar", F32, nil, []float32{0.5}}, {"one", I32, []int{1}, []float32{7}},
	}
	for _, name := range []string{"plain-2.10.ckpt", "crc-2.10.ckpt"} {
		t.Run(name, func(t *testing.T) {
			f, err := Read(testdata(name))
			require.NoError(t, err)
			require.Equal(t, CKPT, f.Format)
			require.Len(t, f.Tensors, len(want)+1)
			for i, w := range want {
				compareGolden(t, w, f.Tensors[i])
			}
			require.Equal(t, Tensor{Name: "text", DType: String, Data: []byte("hü")}, f.Tensors[len(want)])
		})
	}
	f, err := Read(testdata("pieces-2.10.ckpt"))
	require.NoError(t, err)
	compareGolden(t, goldenTensor{"before", F32, []int{1}, []float32{1}}, f.Tensors[0])
	compareGolden(t, goldenTensor{"long", F32, []int{600}, upTo(600)}, f.Tensors[1])
	compareGolden(t, goldenTensor{"after", F32, []int{1}, []float32{2}}, f.Tensors[2])

	_, err = Read(testdata("encrypted-2.10.ckpt"))
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "encrypted")
}

// TestGoldenMindSporeWrite writes what MindSpore wrote. Only the scalar differs: MindSpore 2.10 gives it no dimension,
// older versions, which must read our files too, the dimension 0.
func TestGoldenMindSporeWrite(t *testing.T) {
	for name, checksum := range map[string]bool{"plain-2.10.ckpt": false, "crc-2.10.ckpt": true} {
		f, err := Read(testdata(name))
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "x")
		require.NoError(t, WriteWith(path, f, Options{CKPT: ckpt.Options{Checksum: checksum}}))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		want, err := os.ReadFile(testdata("plain-2.10.ckpt"))
		require.NoError(t, err)
		ours := strings.Replace(string(want), "\x0a\x19\x0a\x06scalar\x12\x0f", "\x0a\x1b\x0a\x06scalar\x12\x11\x08\x00", 1)
		if checksum {
			require.Len(t, got, len(ours)+17)
			got = got[:len(ours)]
		}
		require.Equal(t, ours, string(got))
	}
}

// typesLike builds the tensors of make_safetensors.py in another order than the file has.
func typesLike() []Tensor {
	out := []Tensor{
		FromFloat32s("scalar", nil, []float32{3}),
		FromFloat32s("empty", []int{3, 0}, nil),
		FromFloat32s(`quo"te/ü`, []int{1}, []float32{1}),
		{Name: "BOOL", DType: Bool, Shape: []int{1, 2}, Data: []byte{0, 1}},
	}
	for _, d := range []DType{F32, F16, BF16, F64, I8, U8, I16, U16, I32, U32, I64, U64} {
		data := make([]byte, 2*d.Size())
		for i := range data {
			data[i] = byte(i)
		}
		out = append(out, Tensor{Name: d.String(), DType: d, Shape: []int{1, 2}, Data: data})
	}
	return out
}

func TestGoldenSafetensorsIsWhatTheReferenceWrites(t *testing.T) {
	want, err := os.ReadFile(testdata("types.safetensors"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, Write(path, &File{Format: SafeTensors, Tensors: typesLike()}))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))

	f, err := Read(path)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"format": "pt"}, f.Meta)
	for _, want := range typesLike() {
		got, ok := f.Find(want.Name)
		require.True(t, ok)
		assertSame(t, want, got)
	}
}

// assertSame compares two tensors; a scalar may have a nil or an empty shape.
func assertSame(t *testing.T, want, got Tensor) {
	t.Helper()
	assert.Equal(t, want.Name, got.Name)
	assert.Equal(t, want.DType, got.DType, want.Name)
	assert.Equal(t, append([]int{}, want.Shape...), append([]int{}, got.Shape...), want.Name)
	assert.Equal(t, append([]byte{}, want.Data...), append([]byte{}, got.Data...), want.Name)
}

func maxAbs(v []float32) (m float64) {
	for _, x := range v {
		m = math.Max(m, math.Abs(float64(x)))
	}
	return m
}
