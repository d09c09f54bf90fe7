package parquet

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data"
	"mnv2/data/decode"
)

// check expects picture k of class k mod 3 in every row, as testdata/golden/make_shards.py writes them.
func check(t *testing.T, s *Set) {
	t.Helper()
	set := data.NewEncoded(s, decode.Limits{})
	for _, k := range []int{s.Len() - 1, 0} { // backwards: rows are read at random
		for range s.Len() {
			assert.Equal(t, k%3, s.Label(k))
			img, err := set.Load(k)
			if !assert.NoError(t, err) {
				return
			}
			assert.Equal(t, []byte{byte(10 * k), byte(255 - 10*k), byte(7 * k)}, img.Pix[:3], s.Name(k))
			k = (k + 5) % s.Len()
		}
	}
}

func TestFilesOfHuggingFace(t *testing.T) {
	s, err := Open("testdata", "train", Options{})
	require.NoError(t, err)
	require.Equal(t, 12, s.Len())
	assert.Equal(t, []string{"cat", "dog", "emu"}, s.Classes())
	assert.Equal(t, "testdata/train-00000-of-00001.parquet#1.2", filepath.ToSlash(s.Name(7)))
	check(t, s)
}

func TestOtherLayouts(t *testing.T) {
	for _, c := range []struct {
		file string
		rows int
	}{{"img.parquet", 7}, {"zstd.parquet", 7}, {"fine.parquet", 7}, {"plain.parquet", 2}} {
		t.Run(c.file, func(t *testing.T) {
			s, err := Open("testdata", c.file, Options{})
			require.NoError(t, err)
			require.Equal(t, c.rows, s.Len())
			assert.Equal(t, []string{"0", "1", "2"}[:min(3, c.rows)], s.Classes())
			check(t, s)
		})
	}
}

func TestSeveralFilesAndReaders(t *testing.T) {
	s, err := Open("testdata", "img.parquet,zstd.parquet", Options{})
	require.NoError(t, err)
	require.Equal(t, 14, s.Len())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for i := range s.Len() {
				b, err := s.Bytes(i, nil)
				if assert.NoError(t, err) {
					again, err := s.Bytes((i+7)%14, nil)
					assert.NoError(t, err)
					assert.Equal(t, b, again, "both files hold the same pictures")
				}
			}
		})
	}
	readers.Wait()
}

func TestClassIndex(t *testing.T) {
	index := filepath.Join(t.TempDir(), "classes.txt")
	require.NoError(t, os.WriteFile(index, []byte("red\ngreen\nblue\n"), 0o666))
	s, err := Open("testdata", "train", Options{ClassIndex: index})
	require.NoError(t, err)
	assert.Equal(t, []string{"red", "green", "blue"}, s.Classes())
	require.NoError(t, os.WriteFile(index, []byte("red\ngreen\n"), 0o666))
	_, err = Open("testdata", "train", Options{ClassIndex: index})
	assert.ErrorContains(t, err, "label 2, but there are 2 class names")
}

func TestWhatFilesAreRefusedFor(t *testing.T) {
	good, err := os.ReadFile("testdata/img.parquet")
	require.NoError(t, err)
	dir := t.TempDir()
	for name, b := range map[string][]byte{"cut": good[:len(good)-20], "empty": nil, "text": []byte(strings.Repeat("no parquet ", 50)),
		"footer": append(append([]byte{}, good[:len(good)-8]...), 0xff, 0xff, 0xff, 0x7f, 'P', 'A', 'R', '1')} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".parquet"), b, 0o666))
		_, err := Open(dir, name+".parquet", Options{})
		assert.ErrorContains(t, err, name+".parquet", name)
	}
	_, err = Open("testdata", "text.parquet", Options{})
	assert.ErrorContains(t, err, "no column of pictures (want image with bytes inside); its columns are text, label")
	_, err = Open("testdata", "unlabelled.parquet", Options{})
	assert.ErrorContains(t, err, "row 1: -1 is no class")
	_, err = Open("testdata", "nothing", Options{})
	assert.ErrorContains(t, err, "no files of split")
	_, err = Open("testdata", "train,img.parquet", Options{})
	assert.Error(t, err)
}

func TestPicturesThatAreMissing(t *testing.T) {
	s, err := Open("testdata", "missing.parquet", Options{})
	require.NoError(t, err)
	_, err = data.NewEncoded(s, decode.Limits{}).Load(1)
	require.ErrorIs(t, err, decode.ErrImage)
	assert.ErrorContains(t, err, "missing.parquet#0.1")
	assert.ErrorContains(t, err, "the row has no picture")
	s.limits.MaxBytes = 10
	_, err = s.Bytes(0, nil)
	assert.ErrorContains(t, err, "more than the limit of 10")
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"img", "zstd", "plain", "train-00000-of-00001"} {
		b, err := os.ReadFile("testdata/" + name + ".parquet")
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 || bytes.Count(b, []byte{0xff}) > 64 { // sizes of gigabytes are the library's to refuse
			return
		}
		path := filepath.Join(t.TempDir(), "a.parquet")
		require.NoError(t, os.WriteFile(path, b, 0o666))
		s, err := Open(filepath.Dir(path), "a.parquet", Options{})
		if err != nil {
			return
		}
		for i := range min(s.Len(), 20) {
			_, _ = s.Bytes(i, nil) // an error is as good as a picture; a panic is not
		}
	})
}
