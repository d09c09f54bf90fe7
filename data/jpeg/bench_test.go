package jpeg

import (
	"bytes"
	"image/jpeg"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/shareddata"
)

// BenchmarkDecode decodes ImageNet photographs in turn: everything, the middle half of each side, and everything with
// the standard library (planes only, without conversion to RGB).
func BenchmarkDecode(b *testing.B) {
	names, err := filepath.Glob(filepath.Join(shareddata.Path(b, "imagenet-sample/val"), "*", "*"))
	require.NoError(b, err)
	var files [][]byte
	for _, name := range names[:100] {
		files = append(files, readFile(b, name))
	}
	var d Decoder
	var dst []byte
	for _, run := range []struct {
		name   string
		decode func(file []byte) error
	}{
		{"all", func(file []byte) error {
			img, err := d.Decode(file, dst)
			dst = img.Pix
			return err
		}},
		{"half", func(file []byte) error {
			c, _ := DecodeConfig(file)
			img, err := d.DecodeRegion(file, pixel.Rect{X: c.Width / 4, Y: c.Height / 4, W: c.Width / 2, H: c.Height / 2}, dst)
			dst = img.Pix
			return err
		}},
		{"std", func(file []byte) error {
			_, err := jpeg.Decode(bytes.NewReader(file))
			return err
		}},
	} {
		b.Run(run.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				require.NoError(b, run.decode(files[n%len(files)]))
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
