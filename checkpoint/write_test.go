package checkpoint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/ckpt"
)

// allTypes has one tensor of every type that all writable formats can hold, and of every odd shape.
func allTypes() []Tensor {
	return append(typesLike(), FromFloat32s("one", []int{1}, []float32{2}), FromFloat32s("none", []int{0}, nil))
}

func TestRoundTrips(t *testing.T) {
	meta := map[string]string{"classes": "cat\ndog\nü <b>&\u2028", "epoch": "3", "format": "mine"}
	for _, format := range Writable() {
		for name, m := range map[string]map[string]string{"with metadata": meta, "without": nil} {
			t.Run(string(format)+" "+name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "no-suffix")
				require.NoError(t, Write(path, &File{Format: format, Tensors: allTypes(), Meta: m}))
				got, err := Read(path)
				require.NoError(t, err)
				require.Equal(t, format, got.Format)
				if format == SafeTensors && m == nil {
					m = map[string]string{"format": "pt"}
				}
				require.Equal(t, m, got.Meta)
				require.Len(t, got.Tensors, len(allTypes()))
				for _, want := range allTypes() {
					x, ok := got.Find(want.Name)
					require.True(t, ok, want.Name)
					assertSame(t, want, x)
				}
			})
		}
	}
}

func TestOrderIsKept(t *testing.T) {
	for _, format := range []Format{CKPT, PTH} {
		path := filepath.Join(t.TempDir(), "x")
		require.NoError(t, Write(path, &File{Format: format, Tensors: allTypes()}))
		got, err := Read(path)
		require.NoError(t, err)
		for i, want := range allTypes() {
			require.Equal(t, want.Name, got.Tensors[i].Name)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	one := FromFloat32s("a", []int{1}, []float32{1})
	text := Tensor{Name: "note", DType: String, Data: []byte("hello")}
	tests := map[string]struct {
		file File
		want string
	}{
		"tflite":             {File{Format: TFLite, Tensors: []Tensor{one}}, "[ckpt safetensors pth]"},
		"legacy":             {File{Format: PTHLegacy, Tensors: []Tensor{one}}, "[ckpt safetensors pth]"},
		"no format":          {File{Tensors: []Tensor{one}}, "cannot be written"},
		"nothing":            {File{Format: PTH}, "no tensor"},
		"duplicate":          {File{Format: CKPT, Tensors: []Tensor{one, one}}, `"a"`},
		"wrong size":         {File{Format: SafeTensors, Tensors: []Tensor{FromFloat32s("b", []int{2}, nil)}}, `"b"`},
		"text, safetensors":  {File{Format: SafeTensors, Tensors: []Tensor{text}}, "metadata"},
		"text, pth":          {File{Format: PTH, Tensors: []Tensor{text}}, "metadata"},
		"reserved name":      {File{Format: SafeTensors, Tensors: []Tensor{FromFloat32s("__metadata__", nil, []float32{1})}}, "reserved"},
		"bad metadata, ckpt": {File{Format: CKPT, Tensors: []Tensor{one}, Meta: map[string]string{"a": "\xff"}}, "UTF-8"},
		"bad metadata, pth":  {File{Format: PTH, Tensors: []Tensor{one}, Meta: map[string]string{"\xff": "a"}}, "UTF-8"},
		"bad metadata, st":   {File{Format: SafeTensors, Tensors: []Tensor{one}, Meta: map[string]string{"\xff": "a"}}, "UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "x.bin")
			err := Write(path, &tt.file)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "x.bin")
			require.NotErrorIs(t, err, ErrFormat)
			require.NotContains(t, err.Error(), "\n")
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestWriteReportsTheDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, format := range Writable() {
		err := Write(filepath.Join(file, "below"), &File{Format: format, Tensors: allTypes(), Meta: map[string]string{"a": "b"}})
		require.ErrorContains(t, err, "below")
		require.NotErrorIs(t, err, ErrFormat)
	}
}

func TestCKPTOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ckpt")
	opt := Options{CKPT: ckpt.Options{Checksum: true, PieceBytes: 5}}
	require.NoError(t, WriteWith(path, &File{Format: CKPT, Tensors: allTypes()}, opt))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "crc_num", string(data[len(data)-17:len(data)-10]))
	got, err := Read(path)
	require.NoError(t, err)
	for i, want := range allTypes() {
		assertSame(t, want, got.Tensors[i])
	}
}

func TestFormatForPath(t *testing.T) {
	for name, want := range map[string]Format{
		"a.ckpt": CKPT, "b/c.safetensors": SafeTensors, "d.PTH": PTH, "e.pt": PTH, "f.tflite": TFLite,
	} {
		got, err := FormatForPath(name)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, name := range []string{"a", "a.onnx", "ckpt", "a.ckpt/b"} {
		_, err := FormatForPath(name)
		require.ErrorContains(t, err, ".safetensors")
		require.NotErrorIs(t, err, ErrFormat)
	}
}

func TestUnwrap(t *testing.T) {
	names := func(f *File) string {
		var out []string
		for _, x := range f.Tensors {
			out = append(out, x.Name)
		}
		return strings.Join(out, " ")
	}
	tests := map[string]struct {
		tensors string
		groups  []string
		want    string
	}{
		"plain":                   {"a.w b.w", nil, "a.w b.w"},
		"container":               {"state_dict.a optimizer.m", []string{"state_dict", "optimizer"}, "a"},
		"best container":          {"model_ema.a model.a", []string{"model_ema", "model"}, "a"},
		"model_state_dict":        {"model_state_dict.a x.b", []string{"model_state_dict", "x"}, "a"},
		"a layer called model":    {"model.a head.b", nil, "model.a head.b"},
		"all below model":         {"model.a model.b", nil, "a b"},
		"module":                  {"module.a module.b", nil, "a b"},
		"module of some":          {"module.a b", nil, "module.a b"},
		"container and module":    {"state_dict.module.a o.b", []string{"state_dict", "o"}, "a"},
		"averaged":                {"model_ema.n_averaged model_ema.module.a", []string{"model_ema"}, "a"},
		"compiled":                {"_orig_mod.a", nil, "a"},
		"compiled data parallel":  {"module._orig_mod.a", nil, "a"},
		"compiled, then wrapped":  {"_orig_mod.module.a", nil, "a"},
		"nothing after container": {"model. model.a", []string{"model"}, "a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &File{Groups: tt.groups, Meta: map[string]string{"k": "v"}}
			for _, n := range strings.Fields(tt.tensors) {
				f.Tensors = append(f.Tensors, FromFloat32s(n, nil, []float32{1}))
			}
			got := Unwrap(f)
			require.Equal(t, tt.want, names(got))
			require.Equal(t, f.Meta, got.Meta)
			require.Equal(t, tt.tensors, names(f), "the argument must stay as it was")
		})
	}
}
