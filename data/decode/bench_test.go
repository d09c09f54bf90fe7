package decode

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// BenchmarkImage decodes real photographs of ImageNet's size in turn.
func BenchmarkImage(b *testing.B) {
	for _, kind := range []string{"444.jpg", "420.jpg", "progressive.jpg", "really-a-png.JPEG", "img.webp"} {
		b.Run(kind, func(b *testing.B) {
			benchmark(b, [][]byte{readFile(b, shareddata.Path(b, "images/"+kind))})
		})
	}
	b.Run("imagenet", func(b *testing.B) {
		names, err := filepath.Glob(filepath.Join(shareddata.Path(b, "imagenet-sample/val"), "*", "*"))
		require.NoError(b, err)
		var files [][]byte
		for _, name := range names[:100] {
			files = append(files, readFile(b, name))
		}
		benchmark(b, files)
	})
}

func benchmark(b *testing.B, files [][]byte) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		_, err := Image(files[n%len(files)], "bench", Limits{})
		require.NoError(b, err)
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "images/s")
}
