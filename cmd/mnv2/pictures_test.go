package main

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// writePicture writes a PNG of stripes whose colours depend on the path: files in one folder look alike.
func writePicture(t *testing.T, path string, w, h int) {
	t.Helper()
	hash := fnv.New32()
	_, err := hash.Write([]byte(filepath.Dir(path)))
	require.NoError(t, err)
	class := hash.Sum32()
	_, err = hash.Write([]byte(path))
	require.NoError(t, err)
	one := hash.Sum32()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			stripe := uint8(40 * ((x*int(1+class%3) + y*int(1+class/3%3)) / 5 % 6))
			img.Set(x, y, color.RGBA{stripe, uint8(class) + uint8(one%16), uint8(x + int(one>>8%32)), 255})
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
}
