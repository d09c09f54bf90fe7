package jpeg

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
)

// A Decoder that saw other files, good and bad, gives the same as a new one.
func TestReuse(t *testing.T) {
	var used Decoder
	for range 2 {
		for _, name := range smallFiles(t) {
			b := readFile(t, name)
			want, err := new(Decoder).Decode(b, nil)
			require.NoError(t, err)
			got, err := used.Decode(b, nil)
			require.NoError(t, err)
			require.Equal(t, want, got, name)
			_, err = used.Decode(b[:len(b)/2], nil)
			require.Error(t, err)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	var d Decoder
	for _, name := range []string{"planes.jpg", "steps.jpg", "restart-rows.jpg", "grey-2x2.jpg", "rgb.jpg"} {
		b := readFile(t, filepath.Join("testdata", name))
		dst := make([]byte, 3*37*29)
		assert.Zero(t, testing.AllocsPerRun(10, func() {
			img, err := d.Decode(b, dst)
			if err != nil || &img.Pix[0] != &dst[0] {
				t.Fatal(name, err)
			}
			if _, err := d.DecodeRegion(b, pixel.Rect{X: 3, Y: 3, W: 20, H: 20}, dst); err != nil {
				t.Fatal(name, err)
			}
		}), name)
	}
}

// Large memory does not stay with a Decoder.
func TestLargeMemoryIsReleased(t *testing.T) {
	var d Decoder
	b := readFile(t, "testdata/grey-2x2.jpg")
	_, err := d.Decode(b, nil)
	require.NoError(t, err)
	require.NotNil(t, d.frame.comps)
	require.Nil(t, d.bits.b, "the file is let go")
	d.frame.comps[0].plane = make([]byte, maxKept+1)
	_, err = d.Decode(b, nil)
	require.NoError(t, err)
	require.Nil(t, d.frame.comps)
}

func TestDecodeConfig(t *testing.T) {
	for name, want := range map[string]Config{
		"planes.jpg":   {37, 29, 3, false},
		"steps.jpg":    {37, 29, 3, true},
		"grey-2x2.jpg": {37, 29, 1, false},
	} {
		c, err := DecodeConfig(readFile(t, "testdata/"+name))
		require.NoError(t, err)
		require.Equal(t, want, c)
	}
	_, err := DecodeConfig([]byte("\xff\xd8\xff\xda\x00\x02"))
	require.ErrorContains(t, err, "picture data before the frame header")
}

// The rules that tell RGB from YCbCr, seen on a black picture in YCbCr: as RGB it is 0, 128, 128.
func TestColorMarks(t *testing.T) {
	adobe := func(transform byte) string {
		return "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + string([]byte{transform})
	}
	const jfif = "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	for name, c := range map[string]struct {
		marks string
		ids   [3]byte
		isRGB bool
	}{
		"nothing":          {"", [3]byte{1, 2, 3}, false},
		"letters":          {"", [3]byte{'R', 'G', 'B'}, true},
		"other letters":    {"", [3]byte{'r', 'g', 'b'}, false},
		"letters and JFIF": {jfif, [3]byte{'R', 'G', 'B'}, false},
		"adobe 0":          {adobe(0), [3]byte{1, 2, 3}, true},
		"adobe 1":          {adobe(1), [3]byte{'R', 'G', 'B'}, false},
		"adobe 0 and JFIF": {jfif + adobe(0), [3]byte{1, 2, 3}, false},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := new(Decoder).Decode(blackFile(c.marks, c.ids), nil)
			require.NoError(t, err)
			want := []byte{0, 0, 0}
			if c.isRGB {
				want = []byte{0, 128, 128}
			}
			require.Equal(t, bytes.Repeat(want, 64), img.Pix)
		})
	}
}

// blackFile is one block of each component: luma is 0, the others have no coefficients.
func blackFile(marks string, ids [3]byte) []byte {
	b := []byte("\xff\xd8" + marks + "\xff\xdb\x00\x43\x00")
	b = append(b, bytes.Repeat([]byte{1}, 64)...)
	b = append(b, "\xff\xc0\x00\x11\x08\x00\x08\x00\x08\x03"...)
	for _, id := range ids {
		b = append(b, id, 0x11, 0)
	}
	one := string(make([]byte, 14)) // code lengths 3 to 16
	b = append(b, "\xff\xc4\x00\x27"+"\x00\x01\x01"+one+"\x00\x0b"+"\x10\x01\x00"+one+"\x00"...)
	b = append(b, "\xff\xda\x00\x0c\x03"...)
	for _, id := range ids {
		b = append(b, id, 0)
	}
	// DC tables: 0 no difference, 10 a difference of 11 bits; AC table: 0 end of block.
	// 10 01111111111 0 (1024 less than 0), 0 0, 0 0, filled up with ones.
	return append(b, "\x00\x3f\x00"+"\x9f\xf8\x3f\xff\xd9"...)
}
