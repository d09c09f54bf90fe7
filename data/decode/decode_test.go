package decode

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/shareddata"
)

// JPEG markers.
const (
	markerSOF0 = 0xC0
	markerEOI  = 0xD9
	markerSOS  = 0xDA
)

// The golden pictures beside the shared images are libjpeg-turbo's and libwebp's.
func TestSharedImages(t *testing.T) {
	for file, golden := range map[string]string{
		"444.jpg":           "444.decoded.png",
		"420.jpg":           "420.decoded.png",
		"gray.jpg":          "gray.decoded.png",
		"progressive.jpg":   "progressive.decoded.png",
		"cmyk-adobe0.jpg":   "cmyk-adobe0.decoded.png",
		"no-eoi.jpg":        "444.decoded.png",
		"really-a-png.JPEG": "420.decoded.png",
		"img.webp":          "img.webp.decoded.png",
	} {
		t.Run(file, func(t *testing.T) {
			got, err := Image(readFile(t, shareddata.Path(t, "images/"+file)), file, Limits{})
			require.NoError(t, err)
			requireEqual(t, readGolden(t, shareddata.Path(t, "images/"+golden)), got)
		})
	}
}

// The small pictures were written and read back by Pillow; testdata/make_images.py says how.
func TestSmallImages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.golden.png")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, golden := range files {
		name := strings.TrimSuffix(golden, ".golden.png")
		t.Run(filepath.Base(name), func(t *testing.T) {
			b, want := readFile(t, name), readGolden(t, golden)
			got, err := Image(b, name, Limits{})
			require.NoError(t, err)
			requireEqual(t, want, got)
			_, w, h, err := Probe(b)
			require.NoError(t, err)
			require.Equal(t, [2]int{want.W, want.H}, [2]int{w, h})
		})
	}
}

func TestTruncatedNamesWhatIsWrong(t *testing.T) {
	b := readFile(t, shareddata.Path(t, "images/truncated.jpg"))
	_, err := Image(b, "truncated.jpg", Limits{})
	require.ErrorIs(t, err, ErrImage)
	require.EqualError(t, err, `image "truncated.jpg": cannot be decoded: jpeg of 500x375: the data ends after 67054 bytes, `+
		`before the picture does (a cut download?): unexpected EOF (invalid JPEG format: short Huffman data)`)
}

// A file that lost only its end marker is accepted; with less than all of its scans it is not.
func TestMissingEndMarker(t *testing.T) {
	for _, name := range []string{"420-23x17.jpg", "progressive-23x17.jpg", "grey-23x17.jpg", "cmyk-23x17.jpg"} {
		t.Run(name, func(t *testing.T) {
			whole := readFile(t, "testdata/"+name)
			require.Equal(t, "\xff\xd9", string(whole[len(whole)-2:]))
			want, err := Image(whole, name, Limits{})
			require.NoError(t, err)
			for _, lost := range []int{1, 2} {
				got, err := Image(whole[:len(whole)-lost], name, Limits{})
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			for n := range len(whole) - 6 {
				_, err := Image(whole[:n], name, Limits{})
				require.ErrorIs(t, err, ErrImage, "cut to %d of %d bytes", n, len(whole))
			}
		})
	}
}

// Cut after a scan, the entropy-coded data is whole, so that only the missing scan gives the cut away.
func TestMissingScanIsNoticed(t *testing.T) {
	b := readFile(t, "testdata/progressive-23x17.jpg")
	last := bytes.LastIndex(b, []byte{0xFF, markerSOS})
	for _, cut := range [][]byte{b[:last], append(bytes.Clone(b[:last]), 0xFF)} {
		_, err := Image(cut, "p.jpg", Limits{})
		require.ErrorIs(t, err, ErrImage)
		require.ErrorContains(t, err, "before the picture does")
	}
}

// A scan of few bytes may cost a pass over the whole picture, so that their number is bounded.
func TestManyScans(t *testing.T) {
	b := readFile(t, "testdata/progressive-23x17.jpg")
	scan := b[bytes.LastIndex(b, []byte{0xFF, markerSOS}) : len(b)-2]
	bomb := append(bytes.Clone(b[:len(b)-2]), bytes.Repeat(scan, 200)...)
	_, err := Image(append(bomb, 0xFF, markerEOI), "bomb.jpg", Limits{})
	require.ErrorIs(t, err, ErrImage)
	require.ErrorContains(t, err, "scans: more than 200 are not accepted")
}

func TestLimits(t *testing.T) {
	small := pngHeader(8, 8)
	for name, c := range map[string]struct {
		b      []byte
		limits Limits
		want   string
	}{
		"huge png":       {pngHeader(65535, 65535), Limits{}, "png of 65535x65535 is more than the limit of 100000000 pixels"},
		"huge jpeg":      {jpegHeader(65535, 65535), Limits{}, "jpeg of 65535x65535 is more than the limit of 100000000 pixels"},
		"own pixels":     {small, Limits{MaxPixels: 63}, "png of 8x8 is more than the limit of 63 pixels"},
		"own bytes":      {small, Limits{MaxBytes: 10}, "bytes are more than the limit of 10"},
		"zero size jpeg": {jpegHeader(0, 5), Limits{}, "jpeg of 0x5: both sides must be at least 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Image(c.b, "a.png", c.limits)
			require.ErrorIs(t, err, ErrImage)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestBadInput(t *testing.T) {
	for name, c := range map[string]struct{ b, want string }{
		"empty":         {"", `image "x": cannot be decoded: the file is empty`},
		"text":          {"hello", "unknown first bytes 68 65 6c 6c 6f: want jpeg, png"},
		"web page":      {"<html>not found</html>", "this is markup"},
		"gzip":          {"\x1f\x8b\x08\x00", "this is gzip data"},
		"avif":          {"\x00\x00\x00\x1cftypavif", `this is a "avif" picture or film`},
		"start only":    {"\xff\xd8\xff", "jpeg header: the data ends after 3 bytes"},
		"no frame":      {"\xff\xd8\xff\xd9", "no picture data before the end marker"},
		"scan first":    {"\xff\xd8\xff\xda\x00\x02", "picture data before the frame header"},
		"lossless jpeg": {string(jpegFrame(0xC3, 8, 8)), "coding process c3"},
		"png signature": {"\x89PNG\r\n\x1a\n", "png header: the data ends after 8 bytes"},
		"cut png":       {string(pngHeader(8, 8)), "png of 8x8: the data ends after"},
		"empty webp":    {"RIFF\x04\x00\x00\x00WEBP", "webp header: the data ends"},
		"animated webp": {"RIFF\x0c\x00\x00\x00WEBPANIM\x00\x00\x00\x00", "animated WebP is not supported"},
		"short bmp":     {"BM", "bmp header: the data ends"},
		"short gif":     {"GIF89a", "gif header: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Image([]byte(c.b), "x", Limits{})
			require.ErrorIs(t, err, ErrImage)
			require.ErrorContains(t, err, c.want)
			if name != "cut png" {
				_, _, _, err = Probe([]byte(c.b))
				require.ErrorIs(t, err, ErrImage)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	for name, want := range map[string]string{
		"420-23x17.jpg": "jpeg", "rgba.png": "png", "lossy-23x17.webp": "webp", "rgb.bmp": "bmp", "frame.gif": "gif",
	} {
		format, w, h, err := Probe(readFile(t, "testdata/"+name))
		require.NoError(t, err)
		assert.Equal(t, want, format)
		assert.Equal(t, [2]int{23, 17}, [2]int{w, h}, name)
	}
}

// Files whose components are red, green and blue already must come through without colour conversion.
func TestRGBJPEG(t *testing.T) {
	var buf bytes.Buffer
	require.NoError(t, jpeg.Encode(&buf, image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio444), nil))
	b := buf.Bytes()
	at := bytes.Index(b, []byte{0xFF, markerSOF0})
	const plain = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" // transform 0
	b = append(append(bytes.Clone(b[:at]), plain...), b[at:]...)
	got, err := Image(b, "rgb.jpg", Limits{})
	require.NoError(t, err)
	require.Equal(t, make([]byte, 16*16*3), got.Pix, "black YCbCr is 0, 0, 0: as RGB it stays so")
}

// A first frame smaller than the canvas stands at its place, the rest is black.
func TestGIFFrameOffset(t *testing.T) {
	frame := image.NewPaletted(image.Rect(2, 1, 4, 3), color.Palette{color.White})
	var buf bytes.Buffer
	require.NoError(t, gif.EncodeAll(&buf, &gif.GIF{
		Image: []*image.Paletted{frame}, Delay: []int{0},
		Config: image.Config{Width: 5, Height: 4, ColorModel: color.Palette{color.Black, color.White}},
	}))
	img, err := Image(buf.Bytes(), "f.gif", Limits{})
	require.NoError(t, err)
	require.Equal(t, pixel.Rect{W: 5, H: 4}, img.Bounds())
	for i, v := range img.Pix {
		x, y := i/3%5, i/3/5
		isInside := x >= 2 && x < 4 && y >= 1 && y < 3
		require.Equal(t, isInside, v == 255, "(%d,%d)", x, y)
	}
}

func jpegHeader(w, h int) []byte { return append(jpegFrame(markerSOF0, w, h), 0xFF, markerSOS, 0, 2) }

func jpegFrame(marker byte, w, h int) []byte {
	return []byte{0xFF, 0xD8, 0xFF, marker, 0, 11, 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 1, 1, 0x11, 0}
}

// pngHeader is a PNG signature and header chunk, and nothing else.
func pngHeader(w, h uint32) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

func readGolden(t testing.TB, path string) pixel.Image {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(readFile(t, path)))
	require.NoError(t, err)
	img, err := pack(m)
	require.NoError(t, err)
	return img
}

// requireEqual fails at the first byte that differs.
func requireEqual(t testing.TB, want, got pixel.Image) {
	t.Helper()
	require.NoError(t, got.Check())
	require.Equal(t, want.Bounds(), got.Bounds())
	for i, v := range got.Pix {
		if v != want.Pix[i] {
			t.Fatalf("pixel (%d, %d) channel %d: %d, want %d", i/3%want.W, i/3/want.W, i%3, v, want.Pix[i])
		}
	}
}
