package inspect

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// picture returns a small JPEG or PNG of one grey.
func picture(t *testing.T, grey uint8, asPNG bool) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = grey
	}
	img.SetGray(0, 0, color.Gray{255})
	var b bytes.Buffer
	if asPNG {
		require.NoError(t, png.Encode(&b, img))
	} else {
		require.NoError(t, jpeg.Encode(&b, img, nil))
	}
	return b.Bytes()
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	cat, dog := picture(t, 10, false), picture(t, 200, false)
	for name, content := range map[string][]byte{
		"train/cat/1.jpg":      cat,
		"train/cat/copy.jpg":   cat,
		"train/dog/1.jpg":      dog,
		"train/dog/cat.jpg":    cat,
		"train/dog/png.JPEG":   picture(t, 1, true),
		"train/dog/torn.jpg":   picture(t, 77, false)[:200],
		"train/dog/empty.png":  nil,
		"train/dog/notes.txt":  []byte("not a picture by name"),
		"train/.cache/bad.jpg": nil,
		"val/dog/1.jpg":        dog,
		"val/dog/2.png":        picture(t, 3, true),
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, content, 0o666))
	}
	calls := 0
	report, err := Folder(context.Background(), root, Options{Workers: 3, Progress: func(done, total int) {
		calls++
		assert.Equal(t, calls, done)
		assert.Equal(t, 9, total)
	}})
	require.NoError(t, err)
	assert.Equal(t, 9, report.Files)
	assert.Equal(t, 7, report.Pictures)
	var lines []string
	for _, f := range report.Findings {
		lines = append(lines, string(f.Kind)+" "+f.File+" "+f.Other)
		assert.Contains(t, f.String(), f.File)
	}
	assert.Equal(t, []string{"damaged train/dog/empty.png ", "damaged train/dog/torn.jpg ", "conflict train/dog/cat.jpg train/cat/1.jpg",
		"leak val/dog/1.jpg train/dog/1.jpg", "misnamed train/dog/png.JPEG ", "duplicate train/cat/copy.jpg train/cat/1.jpg"}, lines)
}

func TestFolderErrors(t *testing.T) {
	_, err := Folder(context.Background(), t.TempDir(), Options{})
	assert.ErrorIs(t, err, ErrNoPictures)
	_, err = Folder(context.Background(), filepath.Join(t.TempDir(), "absent"), Options{})
	assert.ErrorIs(t, err, os.ErrNotExist)
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.jpg"), picture(t, 1, false), 0o666))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Folder(ended, root, Options{Workers: 1})
	assert.ErrorIs(t, err, context.Canceled)
}
