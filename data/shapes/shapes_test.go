package shapes

import (
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/atomicfile"
)

// contactSheet puts rows of ten samples, one of each class, into one picture.
func contactSheet(t *testing.T, set *Set, rows int) *image.RGBA {
	t.Helper()
	gap := set.size + 2
	sheet := image.NewRGBA(image.Rect(0, 0, 10*gap, rows*gap))
	for i := range 10 * rows {
		img, err := set.Load(i)
		require.NoError(t, err)
		paste(sheet, img, i%10*gap, i/10*gap)
	}
	return sheet
}

func paste(sheet *image.RGBA, img pixel.Image, x0, y0 int) {
	for y := range img.H {
		for x := range img.W {
			p := img.Row(y)[3*x:]
			sheet.SetRGBA(x0+x, y0+y, color.RGBA{p[0], p[1], p[2], 255})
		}
	}
}

// TestContactSheet writes a picture to look at: MNV2_SHEET=/tmp/sheet.png go test -run ContactSheet ./data/shapes
func TestContactSheet(t *testing.T) {
	path := os.Getenv("MNV2_SHEET")
	if path == "" {
		t.Skip("MNV2_SHEET names no file")
	}
	set, err := New("train", Options{})
	require.NoError(t, err)
	sheet := contactSheet(t, set, 10)
	require.NoError(t, atomicfile.Write(path, 0o644, func(w io.Writer) error { return png.Encode(w, sheet) }))
}

func BenchmarkLoad(b *testing.B) {
	set, err := New("train", Options{})
	require.NoError(b, err)
	for i := 0; b.Loop(); i++ {
		_, _ = set.Load(i % set.Len())
	}
}

// goldenCRC was computed on linux/amd64; it must hold on every machine, for these bytes are what a run trains on.
const goldenCRC = 0xc28905e0

func TestBytesAreTheSameOnEveryMachine(t *testing.T) {
	sum := crc32.NewIEEE()
	for _, split := range []string{"train", "val", "test"} {
		set, err := New(split, Options{Seed: 7})
		require.NoError(t, err)
		for i := range 40 {
			img, err := set.Load(i)
			require.NoError(t, err)
			_, _ = sum.Write(img.Pix)
		}
	}
	require.Equalf(t, uint32(goldenCRC), sum.Sum32(), "checksum is %#08x", sum.Sum32())
}

func TestSet(t *testing.T) {
	set, err := New("val", Options{})
	require.NoError(t, err)
	require.Equal(t, DefaultVal, set.Len())
	require.Len(t, set.Classes(), 10)
	require.Equal(t, "arrow", set.Classes()[set.Label(29)])
	require.Equal(t, "shapes/val#29", set.Name(29))
	set.Classes()[0] = ""
	require.Equal(t, "circle", set.Classes()[0], "callers may change the slice")

	img, err := set.Load(29)
	require.NoError(t, err)
	require.NoError(t, img.Check())
	require.Equal(t, [3]int{DefaultSize, DefaultSize, 3}, [3]int{img.W, img.H, img.C})
}

func TestSamplesDiffer(t *testing.T) {
	seen := map[uint32]string{}
	for _, split := range []string{"train", "val", "test"} {
		for _, seed := range []uint64{0, 1, 2} {
			set, err := New(split, Options{Seed: seed, Size: 16})
			require.NoError(t, err)
			for i := range 50 {
				img, err := set.Load(i)
				require.NoError(t, err)
				sum := crc32.ChecksumIEEE(img.Pix)
				require.Empty(t, seen[sum], "%s, seed %d", set.Name(i), seed)
				seen[sum] = set.Name(i)
			}
		}
	}
}

// TestSizeKeepsTheScene compares a picture with the same one drawn four times as large and averaged.
func TestSizeKeepsTheScene(t *testing.T) {
	small, err := New("train", Options{Size: 32})
	require.NoError(t, err)
	large, err := New("train", Options{Size: 128})
	require.NoError(t, err)
	for i := range 20 {
		a, err := small.Load(i)
		require.NoError(t, err)
		b, err := large.Load(i)
		require.NoError(t, err)
		require.Less(t, meanGap(a, shrink(b, 4)), 16.0, "sample %d", i)
	}
}

func shrink(img pixel.Image, by int) pixel.Image {
	out := pixel.New(img.W/by, img.H/by, img.C)
	for i := range out.Pix {
		x, y, c := i/out.C%out.W, i/out.C/out.W, i%out.C
		sum := 0
		for j := range by * by {
			sum += int(img.Row(y*by + j/by)[(x*by+j%by)*img.C+c])
		}
		out.Pix[i] = uint8(sum / (by * by))
	}
	return out
}

func meanGap(a, b pixel.Image) float64 {
	sum := 0
	for i := range a.Pix {
		d := int(a.Pix[i]) - int(b.Pix[i])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a.Pix))
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		split string
		o     Options
		want  string
	}{
		"split":    {"training", Options{}, `no split "training" (train|val|test)`},
		"small":    {"train", Options{Size: 8}, "size 8 is outside 16 to 4096"},
		"huge":     {"train", Options{Size: 5000}, "size 5000 is outside"},
		"negative": {"train", Options{Train: -1}, "-1 samples"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.split, c.o)
			require.ErrorContains(t, err, c.want)
		})
	}
	set, err := New("val", Options{Val: 3})
	require.NoError(t, err)
	for _, i := range []int{-1, 3} {
		_, err = set.Load(i)
		require.ErrorContains(t, err, "the split has 3")
	}
}
