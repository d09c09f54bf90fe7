package pth

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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

// deflated makes an archive whose members are compressed; declared changes the size that the storage claims to have.
func deflated(t *testing.T, pickle, storage []byte, declared func(uint64) uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, data := range map[string][]byte{"a/data.pkl": pickle, "a/data/0": storage} {
		m, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		require.NoError(t, err)
		_, err = m.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	if declared == nil {
		return b.Bytes()
	}
	file := b.Bytes()
	at := bytes.LastIndex(file, []byte("a/data/0")) - 46 // its line in the central directory
	size := uint64(binary.LittleEndian.Uint32(file[at+24:]))
	binary.LittleEndian.PutUint32(file[at+24:], uint32(declared(size)))
	return file
}

func noise(n int) []byte {
	b := make([]byte, n)
	state := uint32(1)
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = byte(state >> 24)
	}
	return b
}

func TestDecodeDeflated(t *testing.T) {
	f, err := Decode(deflated(t, program(250, 0, []int{250}, []int{1}), noise(1000), nil))
	require.NoError(t, err)
	require.Equal(t, noise(1000), f.Tensors[0].Data)

	_, err = Decode(deflated(t, program(250, 0, []int{250}, []int{1}), noise(1000), func(n uint64) uint64 { return n - 1 }))
	require.ErrorIs(t, err, tensor.ErrFormat)
	require.ErrorContains(t, err, "more than the 999 bytes")

	_, err = Decode(deflated(t, program(250, 0, []int{250}, []int{1}), noise(1000), func(n uint64) uint64 { return n + 1 }))
	require.ErrorIs(t, err, tensor.ErrFormat)
	require.ErrorContains(t, err, "EOF")
}

func TestZipBomb(t *testing.T) {
	const unpacked = 64 << 20
	file := deflated(t, program(unpacked/4, 0, []int{unpacked / 4}, []int{1}), make([]byte, unpacked), nil)
	require.Less(t, len(file), 1<<20)
	used := allocated(func() {
		_, err := Decode(file)
		require.ErrorIs(t, err, tensor.ErrFormat)
		require.ErrorContains(t, err, "unpacks to 67108864 bytes")
	})
	require.Less(t, used, uint64(2<<20))
}

func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// laughs nests dictionaries of which each refers to the one below it twice.
func laughs(levels int) []byte {
	p := &pickler{b: []byte{opProto, 2, opEmptyDict, opBinPut, 0}}
	for i := range levels {
		p.b = append(p.b, opEmptyDict, opBinPut, byte(i+1))
		for _, key := range []string{"a", "b"} {
			p.text(key)
			p.b = append(p.b, opBinGet, byte(i), opSetItem)
		}
	}
	p.op(opStop)
	return p.b
}

func TestHostilePicklesAreBounded(t *testing.T) {
	long := &pickler{b: []byte{opEmptyDict}}
	long.text(strings.Repeat("k", 1000))
	long.b = append(long.b, opBinPut, 9, opBinPut, 9, '0')
	cycle := "}q\x00\x8c\x01ah\x00s."
	lists := strings.Repeat("]", 100) + strings.Repeat("a", 99) + "."
	tests := map[string]struct {
		pickle []byte
		want   string
	}{
		"laughs":        {laughs(30), "values"},
		"cycle":         {[]byte(cycle), "deep"},
		"nested lists":  {[]byte(lists), "deep"},
		"12 GB":         {[]byte("\x80\x02X\xff\xff\xff\xff\x00\x00."), "wants"},
		"list of lists": {[]byte("](" + strings.Repeat("]", maxStack-2) + "e."), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := pack(t, member{name: "a/data.pkl", data: tt.pickle})
			used := allocated(func() {
				_, err := Decode(file)
				if tt.want != "" {
					require.ErrorIs(t, err, tensor.ErrFormat)
					require.ErrorContains(t, err, tt.want)
				}
			})
			require.Less(t, used, uint64(100<<20))
		})
	}
}

// TestLongNamesAreBounded lets a long key stand on many levels, so that joined names would grow to megabytes each.
func TestLongNamesAreBounded(t *testing.T) {
	p := &pickler{b: []byte{opProto, 2}}
	p.text(strings.Repeat("k", 1<<16))
	p.b = append(p.b, opBinPut, 0, opPop, opEmptyDict, opBinPut, 1, opPop)
	p.b = append(p.b, opEmptyDict, opBinPut, 2)
	for i := range 1000 {
		p.int(i + 300)
		p.b = append(p.b, opEmptyDict, opBinGet, 0, opNone, opSetItem, opSetItem)
	}
	p.op(opStop)
	used := allocated(func() {
		_, err := Decode(pack(t, member{name: "a/data.pkl", data: p.b}))
		require.ErrorContains(t, err, "more than the file accounts for")
	})
	require.Less(t, used, uint64(10<<20))
}

func TestFlattenErrors(t *testing.T) {
	tensorIn := func(keys ...string) []byte {
		p := &pickler{b: []byte{opEmptyDict}}
		for _, k := range keys {
			p.text(k)
			p.view(8, 0, []int{8}, []int{1})
			p.op(opSetItem)
		}
		return p.b
	}
	twice := append(tensorIn("a.b"), "\x8c\x01a"...)
	twice = append(append(twice, tensorIn("b")...), 's', '.')
	tests := map[string]struct {
		pickle []byte
		want   string
	}{
		"one name twice": {twice, `"a.b": the name is empty or appears twice`},
		"empty name":     {append(tensorIn(""), '.'), "empty"},
		"key None":       {[]byte("}NNs."), "neither text nor"},
		"key true":       {[]byte("}\x88Ns."), "neither text nor"},
		"key 1.5":        {[]byte("}G\x3f\xf8\x00\x00\x00\x00\x00\x00Ns."), "neither text nor"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(pack(t, member{name: "a/data.pkl", data: tt.pickle}, member{name: "a/data/0", data: eight}))
			require.ErrorIs(t, err, tensor.ErrFormat)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestFlattenRoots(t *testing.T) {
	p := &pickler{}
	p.view(8, 2, []int{3}, []int{1})
	for name, tt := range map[string]struct{ before, after, want string }{
		"a tensor": {"", ".", "tensor"},
		"a list":   {"]", "a.", "0"},
		"a tuple":  {"", "\x85.", "0"},
		"bytes and globals carry nothing": {"}\x8c\x01xC\x01as\x8c\x01yctorch\nfloat32\ns\x8c\x01w",
			"s.", "w"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Decode(pack(t, member{name: "a/data.pkl", data: []byte(tt.before + string(p.b) + tt.after)},
				member{name: "a/data/0", data: eight}))
			require.NoError(t, err)
			require.Len(t, f.Tensors, 1)
			require.Equal(t, tt.want, f.Tensors[0].Name)
			require.Nil(t, f.Meta)
		})
	}
}

func TestEncodeAligns(t *testing.T) {
	f := &tensor.File{Tensors: []tensor.Tensor{
		tensor.FromFloat32s("a", []int{3}, []float32{1, 2, 3}), tensor.FromFloat32s("b", []int{70000}, make([]float32, 70000)),
	}, Meta: map[string]string{"k": "v"}}
	var b bytes.Buffer
	require.NoError(t, Encode(&b, f))
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	var names []string
	for _, m := range r.File {
		at, err := m.DataOffset()
		require.NoError(t, err)
		require.Zero(t, at%64, m.Name)
		require.Equal(t, zip.Store, m.Method)
		require.Zero(t, m.Flags&8, "sizes stand in the local header")
		names = append(names, m.Name)
	}
	require.Equal(t, []string{"archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1", "archive/version"}, names)
}

func TestEncodeReportsTheWriter(t *testing.T) {
	f := &tensor.File{Tensors: []tensor.Tensor{tensor.FromFloat32s("a", []int{3}, []float32{1, 2, 3})}}
	var b bytes.Buffer
	require.NoError(t, Encode(&b, f))
	for n := range b.Len() {
		require.Error(t, Encode(&failing{left: n}, f), "after %d bytes", n)
	}
}

// failing accepts so many bytes.
type failing struct{ left int }

func (w *failing) Write(p []byte) (int, error) {
	if len(p) > w.left {
		n := w.left
		w.left = 0
		return n, os.ErrClosed
	}
	w.left -= len(p)
	return len(p), nil
}

func TestPicklerNumbers(t *testing.T) {
	for _, n := range []int{0, 255, 256, 65536, math.MaxInt32, math.MaxInt32 + 1, math.MaxInt64} {
		p := &pickler{}
		p.int(n)
		p.op(opStop)
		got, err := unpickle(p.b)
		require.NoError(t, err)
		require.Equal(t, int64(n), got.root)
	}
}

func seeds(f *testing.F, pattern string) {
	paths, err := filepath.Glob(filepath.Join("..", "testdata", pattern))
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, p := range paths {
		data, err := os.ReadFile(p)
		require.NoError(f, err)
		f.Add(data)
	}
}

func checkDecoded(t *testing.T, f *tensor.File, err error) {
	if err != nil {
		require.ErrorIs(t, err, tensor.ErrFormat)
		return
	}
	for _, x := range f.Tensors {
		require.NoError(t, x.Check())
	}
	var b bytes.Buffer
	require.NoError(t, Encode(&b, f))
	again, err := Decode(b.Bytes())
	require.NoError(t, err)
	require.Equal(t, f.Meta, again.Meta)
	require.Len(t, again.Tensors, len(f.Tensors))
}

func FuzzDecode(f *testing.F) {
	seeds(f, "*.pth")
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		checkDecoded(t, got, err)
	})
}

func FuzzDecodeLegacy(f *testing.F) {
	seeds(f, "legacy-*.pth")
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := DecodeLegacy(data)
		checkDecoded(t, got, err)
	})
}

// FuzzPickle reaches deeper than FuzzDecode, which the checksum of the archive stops.
func FuzzPickle(f *testing.F) {
	f.Add(program(8, 0, []int{4, 2}, []int{1, 4}))
	f.Add(laughs(5))
	f.Add(encodePickle(&tensor.File{Tensors: []tensor.Tensor{tensor.FromFloat32s("0", []int{8}, make([]float32, 8))},
		Meta: map[string]string{"k": "v"}}))
	f.Fuzz(func(t *testing.T, pickle []byte) {
		got, err := Decode(pack(t, member{name: "a/data.pkl", data: pickle}, member{name: "a/data/0", data: eight}))
		checkDecoded(t, got, err)
	})
}
