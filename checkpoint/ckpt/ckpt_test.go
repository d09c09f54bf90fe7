package ckpt

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"mnv2/checkpoint/internal/tensor"
)

// raw builds a Value by hand, so that the reader is not tested with the writer alone.
type raw struct {
	tag     string
	dims    []int64
	packed  bool
	typ     string
	content []byte
	extra   bool // unknown fields on every level
}

func (r raw) bytes() []byte {
	var tp []byte
	if r.extra {
		tp = protowire.AppendTag(tp, 99, protowire.Fixed64Type)
		tp = protowire.AppendFixed64(tp, 1)
	}
	if r.packed {
		var p []byte
		for _, d := range r.dims {
			p = protowire.AppendVarint(p, uint64(d))
		}
		tp = protowire.AppendTag(tp, 1, protowire.BytesType)
		tp = protowire.AppendBytes(tp, p)
	} else {
		for _, d := range r.dims {
			tp = protowire.AppendTag(tp, 1, protowire.VarintType)
			tp = protowire.AppendVarint(tp, uint64(d))
		}
	}
	tp = protowire.AppendTag(tp, 2, protowire.BytesType)
	tp = protowire.AppendString(tp, r.typ)
	tp = protowire.AppendTag(tp, 3, protowire.BytesType)
	tp = protowire.AppendBytes(tp, r.content)

	var v []byte
	v = protowire.AppendTag(v, 1, protowire.BytesType)
	v = protowire.AppendString(v, r.tag)
	v = protowire.AppendTag(v, 2, protowire.BytesType)
	v = protowire.AppendBytes(v, tp)
	var out []byte
	if r.extra {
		v = protowire.AppendTag(v, 7, protowire.StartGroupType)
		v = protowire.AppendTag(v, 8, protowire.VarintType)
		v = protowire.AppendVarint(v, 5)
		v = protowire.AppendTag(v, 7, protowire.EndGroupType)
	}
	out = protowire.AppendTag(out, 1, protowire.BytesType)
	out = protowire.AppendBytes(out, v)
	if r.extra {
		out = protowire.AppendTag(out, 50, protowire.BytesType)
		out = protowire.AppendString(out, "later version")
	}
	return out
}

func join(values ...raw) []byte {
	var out []byte
	for _, v := range values {
		out = append(out, v.bytes()...)
	}
	return out
}

func floats(n int) []byte {
	b := make([]byte, 4*n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestDecodeForms(t *testing.T) {
	tests := map[string]struct {
		value raw
		shape []int
		data  []byte
	}{
		"unpacked dims":          {raw{dims: []int64{2, 3}, typ: "Float32", content: floats(6)}, []int{2, 3}, floats(6)},
		"packed dims":            {raw{dims: []int64{2, 3}, packed: true, typ: "Float32", content: floats(6)}, []int{2, 3}, floats(6)},
		"unknown fields":         {raw{dims: []int64{1}, typ: "Int32", content: floats(1), extra: true}, []int{1}, floats(1)},
		"scalar with dims [0]":   {raw{dims: []int64{0}, typ: "Float32", content: floats(1)}, nil, floats(1)},
		"scalar without dims":    {raw{typ: "Float64", content: floats(2)}, nil, floats(2)},
		"truly empty":            {raw{dims: []int64{0}, typ: "Float32"}, []int{0}, []byte{}},
		"half":                   {raw{dims: []int64{1}, typ: "BFloat16", content: []byte{1, 2}}, []int{1}, []byte{1, 2}},
		"text":                   {raw{dims: []int64{0}, typ: "str", content: []byte("h\x00\x00\x00\xfc\x00\x00\x00")}, nil, []byte("hü")},
		"text of four bytes":     {raw{dims: []int64{0}, typ: "str", content: []byte("h\x00\x00\x00")}, nil, []byte("h")},
		"empty text":             {raw{dims: []int64{0}, typ: "str"}, nil, []byte{}},
		"old scalar of one byte": {raw{dims: []int64{0}, typ: "Bool", content: []byte{1}}, nil, []byte{1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.value.tag = "train_for_DD.network.conv.weight"
			f, err := Decode(join(tt.value))
			require.NoError(t, err)
			require.Len(t, f.Tensors, 1)
			require.Equal(t, "train_for_DD.network.conv.weight", f.Tensors[0].Name)
			require.Equal(t, tt.shape, f.Tensors[0].Shape)
			require.Equal(t, tt.data, append([]byte{}, f.Tensors[0].Data...))
			require.NoError(t, f.Tensors[0].Check())
		})
	}
}

func TestDecodeJoinsPieces(t *testing.T) {
	all := floats(6)
	f, err := Decode(join(
		raw{tag: "a", dims: []int64{1}, typ: "Float32", content: floats(1)},
		raw{tag: "b", dims: []int64{2, 3}, typ: "Float32", content: all[:5]},
		raw{tag: "b", dims: []int64{2, 3}, typ: "Float32", content: all[5:7]},
		raw{tag: "b", dims: []int64{2, 3}, typ: "Float32", content: all[7:]},
		raw{tag: "c", dims: []int64{1}, typ: "Float32", content: floats(1)},
	))
	require.NoError(t, err)
	require.Len(t, f.Tensors, 3)
	require.Equal(t, all, f.Tensors[1].Data)
}

func TestDecodeErrors(t *testing.T) {
	ok := raw{tag: "a", dims: []int64{2}, typ: "Float32", content: floats(2)}
	half := raw{tag: "b", dims: []int64{2}, typ: "Float32", content: floats(1)}
	many := raw{tag: "a", dims: make([]int64, 65), typ: "Float32"}
	tests := map[string]struct {
		data []byte
		want string
	}{
		"empty":                  {nil, "no tensor"},
		"no value":               {[]byte{0x10, 1}, "no tensor"},
		"not protobuf":           {[]byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "integer"},
		"length beyond the file": {[]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x07}, "unexpected EOF"},
		"encrypted, gcm":         {[]byte("\xd8\x5e\x3a\x7f"), "encrypted"},
		"encrypted, sm4":         {[]byte("\xda\x5e\x3a\x7fmore"), "encrypted"},
		"duplicate":              {join(ok, half, half, ok), `"a": appears twice`},
		"whole, then again":      {join(ok, ok), "appears twice"},
		"pieces missing":         {join(half, ok), `"b"`},
		"pieces missing at end":  {join(half), "needs 8 bytes, the file has 4"},
		"too many pieces":        {join(half, raw{tag: "b", dims: []int64{2}, typ: "Float32", content: floats(2)}), "hold 12 bytes"},
		"pieces disagree":        {join(half, raw{tag: "b", dims: []int64{3}, typ: "Float32", content: floats(1)}), "disagree"},
		"unknown type":           {join(raw{tag: "a", typ: "Int4"}), `"Int4"`},
		"no name":                {join(raw{typ: "Float32", content: floats(1)}), "no name"},
		"name not text":          {join(raw{tag: "\xff", typ: "Float32", content: floats(1)}), "UTF-8"},
		"too much content":       {join(raw{tag: "a", dims: []int64{1}, typ: "Float32", content: floats(2)}), "needs 4 bytes"},
		"negative dimension":     {join(raw{tag: "a", dims: []int64{-1}, typ: "Float32"}), "not possible"},
		"overflowing product":    {join(raw{tag: "a", dims: []int64{1 << 40, 1 << 40}, typ: "Float32"}), "not possible"},
		"huge shape":             {join(raw{tag: "a", dims: []int64{1 << 40}, typ: "Float32", content: floats(1)}), "the file has 4"},
		"too many dimensions":    {join(many), "dimensions"},
		"odd text":               {join(raw{tag: "a", typ: "str", content: []byte{1}}), "four bytes"},
		"text beyond unicode":    {join(raw{tag: "a", typ: "str", content: []byte{0, 0, 0, 1}}), "no character"},
		"cut packed dims":        {join(raw{tag: "a", dims: []int64{-1}, packed: true, typ: "Float32"})[:14], "EOF"},
		"hash table":             {[]byte{0x0a, 0x05, 0x0a, 0x01, 'a', 0x1a, 0x00}, "hash-table"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(tt.data)
			require.ErrorIs(t, err, tensor.ErrFormat)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func encode(t *testing.T, f *tensor.File, opt Options) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Encode(&b, f, opt))
	return b.Bytes()
}

func TestChecksum(t *testing.T) {
	f := &tensor.File{Tensors: []tensor.Tensor{tensor.FromFloat32s("a", []int{2}, []float32{1, 2})}}
	plain, checked := encode(t, f, Options{}), encode(t, f, Options{Checksum: true})
	require.Equal(t, plain, checked[:len(checked)-17])
	// zlib.crc32 of the 28 bytes, computed with Python; ten bytes, big-endian.
	require.Equal(t, "crc_num\x00\x00\x00\x00\x00\x00\xde\x23\xb4\x9d", string(checked[len(plain):]))
	_, err := Decode(checked)
	require.NoError(t, err)
	for _, at := range []int{0, 20, len(checked) - 1, len(checked) - 10} {
		bad := bytes.Clone(checked)
		bad[at] ^= 1
		_, err := Decode(bad)
		require.ErrorIs(t, err, tensor.ErrFormat)
		require.ErrorContains(t, err, "checksum")
	}
}

// TestEncodeByHand compares with bytes written down from the format's description.
func TestEncodeByHand(t *testing.T) {
	f := &tensor.File{Tensors: []tensor.Tensor{
		tensor.FromFloat32s("w", []int{1, 2}, []float32{1, -2}),
		tensor.FromFloat32s("s", nil, []float32{1}),
		{Name: "t", DType: tensor.String, Data: []byte("é")},
	}}
	want := "\x0a\x1c\x0a\x01w\x12\x17\x08\x01\x08\x02\x12\x07Float32\x1a\x08\x00\x00\x80\x3f\x00\x00\x00\xc0" +
		"\x0a\x16\x0a\x01s\x12\x11\x08\x00\x12\x07Float32\x1a\x04\x00\x00\x80\x3f" +
		"\x0a\x12\x0a\x01t\x12\x0d\x08\x00\x12\x03str\x1a\x04\xe9\x00\x00\x00"
	require.Equal(t, want, string(encode(t, f, Options{})))
}

func TestEncodeInPieces(t *testing.T) {
	f := &tensor.File{Tensors: []tensor.Tensor{
		{Name: "long", DType: tensor.String, Data: []byte("never cut")},
		tensor.FromFloat32s("w", []int{5}, []float32{1, 2, 3, 4, 5}),
	}}
	data := encode(t, f, Options{PieceBytes: 8})
	require.Equal(t, 3, bytes.Count(data, []byte("\x0a\x01w\x12")))
	require.Equal(t, 3, bytes.Count(data, []byte("\x08\x05\x12\x07Float32")), "every piece has the full shape")
	got, err := Decode(data)
	require.NoError(t, err)
	require.Equal(t, f.Tensors, got.Tensors)
}

func TestEncodeRefuses(t *testing.T) {
	one := tensor.FromFloat32s("a", nil, []float32{1})
	require.ErrorContains(t, Encode(&bytes.Buffer{}, &tensor.File{Tensors: []tensor.Tensor{one, one}}, Options{}), `"a"`)
	require.Error(t, Encode(failing{}, &tensor.File{Tensors: []tensor.Tensor{one}}, Options{}))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }

func TestManyTinyValuesAreBounded(t *testing.T) {
	var data []byte
	for i := range tensor.MaxTensors + 1 {
		data = append(data, raw{tag: string(rune('0'+i%10)) + string(rune(0x4e00+i/10%20000)) + string(rune(0x4e00+i/200000)),
			dims: []int64{0}, typ: "Int8", content: []byte{1}}.bytes()...)
	}
	_, err := Decode(data)
	require.ErrorIs(t, err, tensor.ErrFormat)
	require.ErrorContains(t, err, "more than")
}

func FuzzDecode(f *testing.F) {
	f.Add(join(raw{tag: "a", dims: []int64{2, 3}, typ: "Float32", content: floats(6), extra: true}))
	f.Add(join(raw{tag: "a", dims: []int64{3}, packed: true, typ: "Int8", content: []byte{1}},
		raw{tag: "a", dims: []int64{3}, typ: "Int8", content: []byte{2, 3}}))
	f.Add(join(raw{tag: "t", dims: []int64{0}, typ: "str", content: []byte("h\x00\x00\x00")}))
	f.Add([]byte("\xd8\x5e\x3a\x7f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err != nil {
			require.ErrorIs(t, err, tensor.ErrFormat)
			return
		}
		for _, x := range got.Tensors {
			require.NoError(t, x.Check())
		}
		again, err := Decode(encode(t, got, Options{Checksum: true, PieceBytes: 3}))
		require.NoError(t, err)
		require.Len(t, again.Tensors, len(got.Tensors))
		for i, x := range got.Tensors {
			require.Equal(t, x.Name, again.Tensors[i].Name)
			require.True(t, bytes.Equal(x.Data, again.Tensors[i].Data))
		}
	})
}

func TestHostileLengthsAllocateLittle(t *testing.T) {
	data := join(raw{tag: "a", dims: []int64{1 << 40}, typ: "Float32", content: floats(1)})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		_, err := Decode(data)
		require.Error(t, err)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}
