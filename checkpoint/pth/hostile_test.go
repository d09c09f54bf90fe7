package pth

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/internal/tensor"
)

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
