package webdataset

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data"
	"mnv2/data/decode"
)

// colour is that of picture k, as testdata/golden/make_shards.py draws it.
func colour(k int) []byte { return []byte{byte(10 * k), byte(255 - 10*k), byte(7 * k)} }

// check expects picture k of class k mod 3 for every sample.
func check(t *testing.T, s *Set) {
	t.Helper()
	set := data.NewEncoded(s, decode.Limits{})
	for k := range s.Len() {
		assert.Equal(t, k%3, s.Label(k))
		img, err := set.Load(k)
		require.NoError(t, err)
		assert.Equal(t, colour(k), img.Pix[:3], s.Name(k))
		assert.Equal(t, []int{8, 6}, []int{img.W, img.H})
	}
}

func TestShardsOfWebDataset(t *testing.T) {
	for _, split := range []string{"train", "train-{000000..000002}.tar", "train-*.tar"} {
		s, err := Open("testdata", split, Options{})
		require.NoError(t, err)
		require.Equal(t, 12, s.Len())
		assert.Equal(t, []string{"0", "1", "2"}, s.Classes())
		check(t, s)
		assert.Equal(t, "testdata/train-000001.tar/00007.png", filepath.ToSlash(s.Name(7)))
	}
}

func TestLabelsInJSON(t *testing.T) {
	s, err := Open("testdata", "json", Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"cat", "dog", "emu"}, s.Classes(), "names are classes in byte-wise order")
	check(t, s)
}

func TestLongNames(t *testing.T) {
	for _, split := range []string{"pax.tar", "gnu.tar"} {
		s, err := Open("testdata", split, Options{})
		require.NoError(t, err, split)
		require.Equal(t, 1, s.Len())
		assert.Equal(t, 2, s.Label(0))
		assert.True(t, strings.HasSuffix(s.Name(0), "long.name.with.dots.png"))
		b, err := s.Bytes(0, nil)
		require.NoError(t, err)
		img, err := decode.Image(b, "", decode.Limits{})
		require.NoError(t, err)
		assert.Equal(t, colour(5), img.Pix[:3])
	}
}

func TestClassIndexNamesTheNumbers(t *testing.T) {
	index := filepath.Join(t.TempDir(), "classes.txt")
	require.NoError(t, os.WriteFile(index, []byte("cat\ndog\nemu\nfox\n"), 0o666))
	for _, split := range []string{"train", "json"} {
		s, err := Open("testdata", split, Options{ClassIndex: index})
		require.NoError(t, err)
		assert.Equal(t, []string{"cat", "dog", "emu", "fox"}, s.Classes())
		assert.Equal(t, 2, s.Label(2))
	}
	require.NoError(t, os.WriteFile(index, []byte("cat\ndog\n"), 0o666))
	_, err := Open("testdata", "train", Options{ClassIndex: index})
	assert.ErrorContains(t, err, `00002.png: label "2" is not among the 2 classes`)
}

func TestListsAreKept(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "a.tar")
	write := func(files ...string) {
		require.NoError(t, os.WriteFile(path, archive(t, files...), 0o666))
	}
	write("1.jpg", "x", "1.cls", "0")
	s, err := Open(dir, "a", Options{CacheDir: cache})
	require.NoError(t, err)
	require.Equal(t, 1, s.Len())
	kept, err := filepath.Glob(filepath.Join(cache, "*.json"))
	require.NoError(t, err)
	require.Len(t, kept, 1)

	text, err := os.ReadFile(kept[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(kept[0], bytes.Replace(text, []byte(`["0"]`), []byte(`["7"]`), 1), 0o666))
	s, err = Open(dir, "a", Options{CacheDir: cache})
	require.NoError(t, err)
	assert.Equal(t, 7, s.Label(0), "the kept list is used")

	write("1.jpg", "x", "1.cls", "0", "2.jpg", "y", "2.cls", "1")
	later := time.Now().Add(time.Second)
	require.NoError(t, os.Chtimes(path, later, later))
	s, err = Open(dir, "a", Options{CacheDir: cache})
	require.NoError(t, err)
	assert.Equal(t, 2, s.Len(), "a shard that changed is listed again")

	blocked := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o666))
	s, err = Open(dir, "a", Options{CacheDir: filepath.Join(blocked, "below")})
	require.NoError(t, err)
	assert.Contains(t, strings.Join(s.Notes(), " "), "cannot be kept")
}

// archive makes a tar file of names and contents, one after the other.
func archive(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o666, Typeflag: tar.TypeReg}))
		_, err := w.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestWhatShardsAreRefusedFor(t *testing.T) {
	good := archive(t, "1.jpg", "x", "1.cls", "0", "2.jpg", strings.Repeat("y", 3000), "2.cls", "1")
	for _, c := range []struct {
		name, want string
		bytes      []byte
	}{
		{"no label", `sample "1": no label among its members`, archive(t, "1.jpg", "x")},
		{"no picture", `sample "d/1": no picture among its members`, archive(t, "d/1.cls", "0")},
		{"empty label", "no label", archive(t, "1.jpg", "x", "1.cls", " \n")},
		{"two pictures", `the sample has a picture already, "1.jpg"`, archive(t, "1.jpg", "x", "1.png", "y", "1.cls", "0")},
		{"label as long as a picture", "more than the limit of 1024", archive(t, "1.jpg", "x", "1.cls", strings.Repeat("0", 2000))},
		{"broken JSON", "not a JSON object", archive(t, "1.jpg", "x", "1.json", "[1]")},
		{"half a class", "want a whole number or a name", archive(t, "1.jpg", "x", "1.json", `{"label": 1.5}`)},
		{"no label in JSON", "no label", archive(t, "1.jpg", "x", "1.json", `{"size": 1}`)},
		{"negative label", "label -1: want 0", archive(t, "1.jpg", "x", "1.cls", "-1")},
		{"huge label", "label 9999999: want 0", archive(t, "1.jpg", "x", "1.cls", "9999999")},
		{"cut", "cut or damaged?", good[:3000]},
		{"no tar file", "cut or damaged?", []byte(strings.Repeat("this is no tar file ", 100))},
		{"nothing in it", "hold no samples", archive(t)},
		{"hidden and notes only", "hold no samples", archive(t, ".x.jpg", "x", "__index__.json", "{}", "README", "text")},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "a.tar"), c.bytes, 0o666))
			_, err := Open(dir, "a", Options{})
			require.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, "a.tar", "the file is named")
		})
	}
}

func TestShardThatEndsBetweenMembersIsToldOf(t *testing.T) {
	dir := t.TempDir()
	whole := archive(t, "1.jpg", "x", "1.cls", "0", "2.jpg", "y", "2.cls", "0")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.tar"), whole[:2048], 0o666))
	s, err := Open(dir, "a", Options{})
	require.NoError(t, err)
	assert.Equal(t, 1, s.Len())
	assert.Contains(t, strings.Join(s.Notes(), " "), "has no end mark")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.tar"), whole, 0o666))
	s, err = Open(dir, "a", Options{})
	require.NoError(t, err)
	assert.Empty(t, s.Notes())
}

func TestPicturesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.tar")
	whole := archive(t, "1.jpg", strings.Repeat("x", 5000), "1.cls", "0")
	require.NoError(t, os.WriteFile(path, whole, 0o666))
	s, err := Open(dir, "a", Options{Limits: decode.Limits{MaxBytes: 4999}})
	require.NoError(t, err)
	_, err = s.Bytes(0, nil)
	assert.ErrorContains(t, err, "more than the limit of 4999")
	s, err = Open(dir, "a", Options{})
	require.NoError(t, err)
	_, err = data.NewEncoded(s, decode.Limits{}).Load(0)
	require.ErrorIs(t, err, decode.ErrImage)
	assert.ErrorContains(t, err, "1.jpg")
	require.NoError(t, os.Truncate(path, 1000))
	_, err = s.Bytes(0, nil)
	assert.ErrorContains(t, err, "shorter than when it was listed")
	require.NoError(t, os.Remove(path))
	_, err = data.NewEncoded(s, decode.Limits{}).Load(0)
	require.ErrorIs(t, err, decode.ErrImage, "a picture that is gone can be passed over")
}

func FuzzScan(f *testing.F) {
	f.Add(archive(f, "1.jpg", "x", "1.cls", "0"))
	f.Add(archive(f, "a/1.png", "x", "a/1.json", `{"label": "cat"}`))
	f.Add([]byte("no tar"))
	for _, name := range []string{"testdata/pax.tar", "testdata/gnu.tar"} {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(b[:4096])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sh, err := scan(bytes.NewReader(b))
		if err != nil {
			return
		}
		for i := range sh.Names {
			if sh.Offsets[i] < 0 || sh.Sizes[i] < 0 || sh.Offsets[i]+sh.Sizes[i] > int64(len(b)) || sh.Labels[i] == "" {
				t.Fatalf("sample %d: %q at %d, %d bytes of %d", i, sh.Names[i], sh.Offsets[i], sh.Sizes[i], len(b))
			}
		}
	})
}

func FuzzParseCached(f *testing.F) {
	id := identity{"/a.tar", 10240, 5}
	f.Add([]byte(`{"Version":1,"Path":"/a.tar","Size":10240,"Changed":5,"Names":["1.jpg"],"Offsets":[512],"Sizes":[3],"Labels":["0"]}`))
	f.Add([]byte(`{"Version":1,"Path":"/a.tar","Size":10240,"Changed":5,"Names":["1.jpg"],"Offsets":[9223372036854775807],"Sizes":[3],"Labels":["0"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		sh := parseCached(b, id)
		if sh == nil {
			return
		}
		for i := range sh.Names {
			if sh.Offsets[i] < 0 || sh.Sizes[i] < 0 || sh.Offsets[i]+sh.Sizes[i] > id.Size {
				t.Fatalf("sample %d lies at %d, %d bytes of %d", i, sh.Offsets[i], sh.Sizes[i], id.Size)
			}
		}
	})
}
