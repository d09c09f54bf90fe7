package pth

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/internal/tensor"
)

// member is one file of a hand-made archive.
type member struct {
	name string
	data []byte
	edit func(*zip.FileHeader)
}

// pack makes an archive of stored members with right checksums, unless edit changes that.
func pack(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(m.data),
			CompressedSize64: uint64(len(m.data)), UncompressedSize64: uint64(len(m.data))}
		if m.edit != nil {
			m.edit(h)
		}
		raw, err := w.CreateRaw(h)
		require.NoError(t, err)
		_, err = raw.Write(m.data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// program is {"w": tensor} with the given geometry, on a float storage of numel elements.
func program(numel, offset int, size, stride []int) []byte {
	p := &pickler{b: []byte{opProto, 2, opEmptyDict}}
	p.text("w")
	p.view(numel, offset, size, stride)
	p.op(opSetItem)
	p.op(opStop)
	return p.b
}

func (p *pickler) view(numel, offset int, size, stride []int) {
	p.global("torch._utils", "_rebuild_tensor_v2")
	p.op(opMark)
	p.storage("FloatStorage", "0", numel)
	p.int(offset)
	p.ints(size)
	p.ints(stride)
	p.op(opNewFalse)
	p.orderedDict()
	p.op(opTuple)
	p.op(opReduce)
}

func (p *pickler) storage(class, key string, numel int) {
	p.op(opMark)
	p.text("storage")
	p.global("torch", class)
	p.text(key)
	p.text("cpu")
	p.int(numel)
	p.op(opTuple)
	p.op(opBinPersID)
}

var eight = make([]byte, 32) // a storage of eight floats

func TestDecodeViews(t *testing.T) {
	tests := map[string]struct {
		numel, offset int
		size, stride  []int
		want          string // part of the error; "" if it must work
	}{
		"whole":                  {8, 0, []int{8}, []int{1}, ""},
		"scalar":                 {8, 7, nil, nil, ""},
		"transposed":             {8, 0, []int{4, 2}, []int{1, 4}, ""},
		"expanded":               {8, 3, []int{1000}, []int{0}, ""},
		"nothing, far away":      {8, 100, []int{0, 1 << 40}, []int{1 << 40, 1}, ""},
		"storage larger than it": {8, 0, []int{1}, []int{1}, ""},
		"one too far":            {8, 1, []int{8}, []int{1}, "outside its storage"},
		"scalar too far":         {8, 8, nil, nil, "outside its storage"},
		"stride too far":         {8, 0, []int{2}, []int{8}, "outside its storage"},
		"sum overflows":          {8, 0, []int{3, 3}, []int{math.MaxInt64 / 2, 1}, "not possible"},
		"stride overflows":       {8, 0, []int{1 << 30}, []int{math.MaxInt64}, "not possible"},
		"shape overflows":        {8, 0, []int{1 << 40, 1 << 40}, []int{0, 0}, "not possible"},
		"terabyte of one":        {8, 0, []int{1 << 38}, []int{0}, "more than the file accounts for"},
		"cut storage":            {9, 0, []int{1}, []int{1}, "cut or damaged"},
		"size without stride":    {8, 0, []int{8}, nil, "arguments"},
		"many dimensions":        {8, 0, make([]int, 65), make([]int, 65), "arguments"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := Decode(pack(t, member{name: "a/data.pkl", data: program(tt.numel, tt.offset, tt.size, tt.stride)},
				member{name: "a/data/0", data: eight}))
			if tt.want == "" {
				require.NoError(t, err)
				require.NoError(t, f.Tensors[0].Check())
				return
			}
			require.ErrorIs(t, err, tensor.ErrFormat)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestDecodeArchives(t *testing.T) {
	good := program(8, 0, []int{8}, []int{1})
	pkl := member{name: "a/data.pkl", data: good}
	data := member{name: "a/data/0", data: eight}
	edited := func(m member, edit func(*zip.FileHeader)) member {
		m.edit = edit
		return m
	}
	tests := map[string]struct {
		file []byte
		want string
	}{
		"plain":            {pack(t, pkl, data), ""},
		"no folder":        {pack(t, member{name: "data.pkl", data: good}, member{name: "data/0", data: eight}), ""},
		"little-endian":    {pack(t, pkl, data, member{name: "a/byteorder", data: []byte("little")}), ""},
		"crc not computed": {pack(t, pkl, edited(data, func(h *zip.FileHeader) { h.CRC32 = 0 })), ""},
		"crc wrong":        {pack(t, pkl, edited(data, func(h *zip.FileHeader) { h.CRC32 ^= 1 })), "checksum"},
		"pickle crc wrong": {pack(t, edited(pkl, func(h *zip.FileHeader) { h.CRC32 ^= 1 }), data), "checksum"},
		"big-endian":       {pack(t, pkl, data, member{name: "a/byteorder", data: []byte("big")}), "big"},
		"encrypted":        {pack(t, pkl, edited(data, func(h *zip.FileHeader) { h.Flags |= 1 })), "encrypted"},
		"other method":     {pack(t, pkl, edited(data, func(h *zip.FileHeader) { h.Method = 12 })), "method 12"},
		"sizes differ":     {pack(t, pkl, edited(data, func(h *zip.FileHeader) { h.UncompressedSize64++ })), "sizes 32 and 33"},
		"beyond the file": {pack(t, pkl, edited(data, func(h *zip.FileHeader) {
			h.CompressedSize64, h.UncompressedSize64 = 1<<20, 1<<20
		})), "outside the file"},
		"twice":          {pack(t, pkl, data, data), "twice"},
		"two pickles":    {pack(t, pkl, data, member{name: "b/data.pkl", data: good}), "more than one"},
		"no storage":     {pack(t, pkl), `"a/data/0" is missing`},
		"no pickle":      {pack(t, data), "not a PyTorch file"},
		"deep pickle":    {pack(t, member{name: "a/b/data.pkl", data: good}), "not a PyTorch file"},
		"nothing":        {pack(t), "not a PyTorch file"},
		"npz":            {pack(t, member{name: "w.npy"}), "NumPy"},
		"keras":          {pack(t, member{name: "model.weights.h5"}), "Keras"},
		"torchscript":    {pack(t, pkl, data, member{name: "a/constants.pkl"}), "TorchScript"},
		"long pickle":    {pack(t, member{name: "a/data.pkl", data: make([]byte, maxPickleBytes+1)}), "at most"},
		"not a zip":      {[]byte("PK\x03\x04"), "zip"},
		"pickle damaged": {pack(t, member{name: "a/data.pkl", data: good[:len(good)-2]}, data), "cut"},
		"only a number":  {pack(t, member{name: "a/data.pkl", data: []byte("K\x01.")}), "empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := Decode(tt.file)
			if tt.want == "" {
				require.NoError(t, err)
				require.Len(t, f.Tensors, 1)
				return
			}
			require.ErrorIs(t, err, tensor.ErrFormat)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}
