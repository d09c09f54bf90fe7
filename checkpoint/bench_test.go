package checkpoint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

// BenchmarkRead reads the weights of MobileNetV2 1.0 (14 MB) from every format.
func BenchmarkRead(b *testing.B) {
	full, err := Read(shareddata.Path(b, "weights/mobilenet_v2_100-imagenet.pth"))
	require.NoError(b, err)
	paths := map[string]string{"tflite": shareddata.Path(b, "weights/mobilenet_v2_100-imagenet-int8.tflite")}
	for _, format := range Writable() {
		f := *full
		f.Format = format
		paths[string(format)] = filepath.Join(b.TempDir(), string(format))
		require.NoError(b, Write(paths[string(format)], &f))
	}
	for name, path := range paths {
		b.Run(name, func(b *testing.B) {
			info, err := os.Stat(path)
			require.NoError(b, err)
			b.SetBytes(info.Size())
			for b.Loop() {
				_, err := Read(path)
				require.NoError(b, err)
			}
		})
	}
}
