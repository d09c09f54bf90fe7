package jpeg

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each case replaces a piece of a good file; the first place counts.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct{ file, from, to, want string }{
		"no start":          {"planes", "\xff\xd8", "\xff\xd9", "first bytes ff d9: want ff d8"},
		"two starts":        {"planes", "\xff\xe0", "\xff\xd8", "two start markers"},
		"lossless":          {"planes", "\xff\xc0", "\xff\xc3", "coding process c3 (lossless) is not supported"},
		"hierarchical":      {"planes", "\xff\xc0", "\xff\xc5", "coding process c5 (hierarchical) is not supported"},
		"arithmetic":        {"planes", "\xff\xc0", "\xff\xc9", "coding process c9 (arithmetic coding) is not supported"},
		"lossless arith":    {"planes", "\xff\xc0", "\xff\xcb", "coding process cb (lossless, arithmetic coding) is not supported"},
		"all of them":       {"planes", "\xff\xc0", "\xff\xce", "coding process ce (hierarchical, arithmetic coding) is not supported"},
		"12 bits":           {"planes", "\xff\xc0\x00\x11\x08", "\xff\xc0\x00\x11\x0c", "12-bit samples are not supported"},
		"no height":         {"planes", "\x08\x00\x1d\x00\x25\x03", "\x08\x00\x00\x00\x25\x03", "37x0: both sides must be at least 1; a height that a DNL"},
		"two components":    {"planes", "\xff\xc0\x00\x11\x08\x00\x1d\x00\x25\x03\x01\x22\x00", "\xff\xc0\x00\x0e\x08\x00\x1d\x00\x25\x02", "2 components: want 1"},
		"frame length":      {"planes", "\x00\x25\x03", "\x00\x25\x04", "frame header of 15 bytes"},
		"factor 0":          {"planes", "\x03\x01\x22", "\x03\x01\x02", "component 1: sampling factors 0x2"},
		"factor 5":          {"planes", "\x03\x01\x22", "\x03\x01\x25", "component 1: sampling factors 2x5"},
		"fraction":          {"planes", "\x03\x01\x22\x00\x02\x11", "\x03\x01\x33\x00\x02\x22", "component 2: sampling factors 2x2 beside 3x3"},
		"table 4":           {"planes", "\x03\x01\x22\x00", "\x03\x01\x22\x04", "component 1: quantisation table 4"},
		"table 3":           {"planes", "\x03\x01\x22\x00", "\x03\x01\x22\x03", "component 1: quantisation table 3 is not defined"},
		"same component":    {"planes", "\x00\x02\x11\x01", "\x00\x01\x11\x01", "two components 1"},
		"scan first":        {"planes", "\xff\xc0", "\xff\xda", "picture data before the frame header"},
		"end first":         {"planes", "\xff\xda", "\xff\xd9", "no picture data before the end marker"},
		"two frames":        {"planes", "\xff\xda", "\xff\xc0", "two frame headers"},
		"scan length":       {"planes", "\xff\xda\x00\x08\x01", "\xff\xda\x00\x08\x02", "scan header of 6 bytes"},
		"unknown component": {"planes", "\xff\xda\x00\x08\x01\x01", "\xff\xda\x00\x08\x01\x09", "scan of component 9, which the frame has not"},
		"component twice":   {"rgb", "\xff\xda\x00\x0c\x03R\x00G", "\xff\xda\x00\x0c\x03R\x00R", "scan of component 82 twice"},
		"huffman table 5":   {"planes", "\xff\xda\x00\x08\x01\x01\x00", "\xff\xda\x00\x08\x01\x01\x50", "huffman tables 50: want 0 to 3"},
		"huffman table 2":   {"planes", "\xff\xda\x00\x08\x01\x01\x00", "\xff\xda\x00\x08\x01\x01\x02", "huffman table 02 is not defined"},
		"huffman class":     {"planes", "\xff\xc4\x00\x1f\x00", "\xff\xc4\x00\x1f\x20", "huffman table 20"},
		"huffman length":    {"planes", "\xff\xc4\x00\x1f", "\xff\xc4\x00\x10", "huffman table 00 of 13 bytes"},
		"quantiser length":  {"planes", "\xff\xdb\x00\x43\x00", "\xff\xdb\x00\x43\x10", "quantisation table 10 of 64 bytes"},
		"restart interval":  {"planes-restart", "\xff\xdd\x00\x04", "\xff\xdd\x00\x03", "restart interval of 1 bytes"},
		"restart number":    {"planes-restart", "\xff\xd0", "\xff\xd5", "marker d5 in place of restart marker d0"},
		"interleaved AC":    {"steps", "\x00\x00\x01\xe7", "\x00\x05\x01\xe7", "scan of coefficients 0 to 5"},
		"short segment":     {"planes", "\xff\xdb\x00\x43", "\xff\xdb\x00\x01", "segment of length 1"},
		"too large a scan":  {"sampling-2x2-1x2-2x1", "\x01\x22\x00\x02\x12\x01\x03\x21", "\x01\x22\x00\x02\x22\x01\x03\x22", "scan of 12 blocks in an MCU"},
		"end in a scan":     {"planes", "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00", "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xff\xd9", "short Huffman data"},
	} {
		t.Run(name, func(t *testing.T) {
			file := string(readFile(t, "testdata/"+c.file+".jpg"))
			require.True(t, strings.Contains(file, c.from))
			var d Decoder
			_, err := d.Decode([]byte(strings.Replace(file, c.from, c.to, 1)), nil)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestHuffmanTables(t *testing.T) {
	var h huffmanTables
	counts := func(n ...byte) []byte { return append(n, make([]byte, 16-len(n))...) }
	segment := func(head byte, counts []byte, symbols ...byte) []byte {
		return append(append([]byte{head}, counts...), symbols...)
	}
	require.ErrorContains(t, h.parse(segment(0, counts(3), 1, 2, 3)), "more codes of 1 bits than there are")
	require.ErrorContains(t, h.parse(segment(0, counts(1), 16)), "a DC difference of 16 bits")
	require.ErrorContains(t, h.parse(segment(0, counts(2), 1)), "2 symbols in 1 bytes")
	require.False(t, h[0][0].isDefined)
	require.NoError(t, h.parse(segment(0x11, counts(1, 1), 1, 16)))
	require.True(t, h[1][1].isDefined)
	s, length := h[1][1].find(0b1011 << 12)
	require.Equal(t, [2]int{16, 2}, [2]int{int(s), length})
	_, length = h[1][1].find(0xc000)
	require.Zero(t, length, "no code begins with 11")
}

func TestPixelLimit(t *testing.T) {
	b := readFile(t, "testdata/planes.jpg")
	_, err := (&Decoder{MaxPixels: 37*29 - 1}).Decode(b, nil)
	require.ErrorContains(t, err, "37x29 is more than the limit of 1072 pixels")
	_, err = (&Decoder{MaxPixels: 37 * 29}).Decode(b, nil)
	require.NoError(t, err)
}

// A header that claims much more than the data can hold costs no memory.
func TestHugeHeader(t *testing.T) {
	b := bytes.Replace(readFile(t, "testdata/planes.jpg"), []byte("\x08\x00\x1d\x00\x25"), []byte("\x08\x20\x00\x20\x00"), 1)
	var d Decoder
	_, err := d.Decode(b, nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Nil(t, d.frame.comps[0].plane)
}

// Millions of fill bytes are passed over once, not once for every coefficient that they keep waiting.
func TestManyFillBytes(t *testing.T) {
	b := readFile(t, "testdata/coarse.jpg")
	scan := bytes.Index(b, []byte{0xFF, markerSOS})
	require.Positive(t, scan)
	_, err := new(Decoder).Decode(append(bytes.Clone(b[:scan+14]), bytes.Repeat([]byte{0xFF}, 16<<20)...), nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// Cut anywhere, a file is refused, unless the end marker is all that is missing.
func TestCut(t *testing.T) {
	var d Decoder
	for _, name := range []string{"planes", "steps", "restart-rows", "grey-2x2"} {
		t.Run(name, func(t *testing.T) {
			whole := readFile(t, "testdata/"+name+".jpg")
			want, err := d.Decode(whole, nil)
			require.NoError(t, err)
			for n := 2; n < len(whole); n++ {
				got, err := d.Decode(whole[:n], nil)
				if n >= len(whole)-2 {
					require.NoError(t, err)
					require.Equal(t, want, got)
				} else if n < len(whole)-4 {
					require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut to %d of %d", n, len(whole))
				}
			}
		})
	}
}
