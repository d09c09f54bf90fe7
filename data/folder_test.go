package data

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/decode"
	"mnv2/internal/shareddata"
)

// grow makes files, and folders for names that end in a slash, below a new folder, and returns it.
func grow(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if name[len(name)-1] == '/' {
			require.NoError(t, os.MkdirAll(path, 0o777))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
	}
	return root
}

// dot is a PNG of one red pixel.
var dot = func() string {
	img := image.NewRGBA(image.Rect(0, 0, 1, 1))
	img.Set(0, 0, color.RGBA{255, 0, 0, 255})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.String()
}()

func TestOpenFolder(t *testing.T) {
	root := grow(t, map[string]string{
		"train/b/2.png": dot, "train/b/10.png": dot, "train/a/x.weird": dot, "train/C/y": dot, "train/empty/": "",
		"train/.ipynb_checkpoints/z.png": "", "train/b/.DS_Store": "", "train/a/Thumbs.db": "", "train/README.txt": "",
	})
	set, err := OpenFolder(root, "train", FolderOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"C", "a", "b", "empty"}, set.Classes(), "byte-wise order, empty folders included")
	require.Equal(t, 4, set.Len())
	var names []string
	var labels []int
	for i := range set.Len() {
		name, err := filepath.Rel(root, set.Name(i))
		require.NoError(t, err)
		names, labels = append(names, filepath.ToSlash(name)), append(labels, set.Label(i))
		img, err := set.Load(i)
		require.NoError(t, err)
		require.Equal(t, []byte{255, 0, 0}, img.Pix)
	}
	require.Equal(t, []string{"train/C/y", "train/a/x.weird", "train/b/10.png", "train/b/2.png"}, names)
	require.Equal(t, []int{0, 1, 2, 2}, labels)

	notes := set.Notes()
	require.Len(t, notes, 2)
	require.Contains(t, notes[0], "left out 4 entries")
	require.Contains(t, notes[0], ".ipynb_checkpoints")
	require.Contains(t, notes[1], `1 class folders hold no images: "empty"`)

	set, err = OpenFolder(filepath.Join(root, "train"), "", FolderOptions{})
	require.NoError(t, err, "an empty split is the root itself")
	require.Equal(t, 4, set.Len())
}

func TestOpenFolderFollowsLinks(t *testing.T) {
	root := grow(t, map[string]string{"real/a.png": dot, "val/cat/": "", "val/b/c.png": dot})
	if err := os.Symlink(filepath.Join(root, "real"), filepath.Join(root, "val", "a")); err != nil {
		require.Equal(t, "windows", runtime.GOOS, "%v", err)
		if shareddata.Required("filesystem") {
			t.Fatal(err)
		}
		t.Skip("links need a privilege here, and MNV2_REQUIRE does not ask for them")
	}
	require.NoError(t, os.Symlink(filepath.Join(root, "real", "a.png"), filepath.Join(root, "val", "cat", "z.png")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(root, "val", "dangling")))
	set, err := OpenFolder(root, "val", FolderOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "cat"}, set.Classes())
	for i := range set.Len() {
		_, err := set.Load(i)
		require.NoError(t, err)
	}
}

func TestOpenFolderErrors(t *testing.T) {
	root := grow(t, map[string]string{"training/a/1.png": dot, "flat/1.png": dot, "bare/a/": "", "bare/b/": "", "file": ""})
	for name, c := range map[string]struct{ root, split, want string }{
		"no root":    {filepath.Join(root, "nowhere"), "train", "--data_dir names the folder"},
		"no split":   {root, "train", `no split "train": it holds "bare", "flat", "training"`},
		"empty root": {filepath.Join(root, "bare", "a"), "train", "it holds no folders"},
		"flat":       {root, "flat", "no class folders"},
		"no images":  {root, "bare", "2 class folders, but no images"},
		"a file":     {root, "file", "file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := OpenFolder(c.root, c.split, FolderOptions{})
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestClassIndexNumbersTheFolders(t *testing.T) {
	root := grow(t, map[string]string{
		"val/n2/1.png": dot, "val/n0/1.png": dot, "named/dog/1.png": dot, "odd/n9/1.png": dot, "twins/twin/1.png": dot,
		"index.json": `[["n0", "cat"], ["n1", "twin"], ["n2", "dog"], ["n3", "twin"]]`, "broken.json": "[",
	})
	o := FolderOptions{ClassIndex: filepath.Join(root, "index.json")}
	for split, labels := range map[string][]int{"val": {0, 2}, "named": {2}} {
		set, err := OpenFolder(root, split, o)
		require.NoError(t, err)
		require.Equal(t, []string{"cat", "twin", "dog", "twin"}, set.Classes())
		for i, label := range labels {
			require.Equal(t, label, set.Label(i))
		}
	}
	_, err := OpenFolder(root, "odd", o)
	require.ErrorContains(t, err, filepath.Join("odd", "n9"))
	require.ErrorContains(t, err, `index.json", "n0", "n1"`)
	_, err = OpenFolder(root, "twins", o)
	require.ErrorContains(t, err, "several classes")
	_, err = OpenFolder(root, "val", FolderOptions{ClassIndex: filepath.Join(root, "broken.json")})
	require.ErrorContains(t, err, "broken.json")

	set, err := OpenFolder(root, "named", FolderOptions{Classes: []string{"bee", "cat", "dog"}})
	require.NoError(t, err)
	require.Equal(t, 2, set.Label(0))
	require.Equal(t, []string{"bee", "cat", "dog"}, set.Classes())
}

func TestBadFilesAreErrorsAtLoad(t *testing.T) {
	root := grow(t, map[string]string{
		"val/c/1 empty.png": "", "val/c/2 text.jpg": "not an image", "val/c/3 cut.png": dot[:40], "val/c/4 folder.jpg/": "",
		"val/c/5 good.jpg": dot, "val/c/6 long.png": dot + string(make([]byte, 300)),
	})
	set, err := OpenFolder(root, "val", FolderOptions{Limits: decode.Limits{MaxBytes: 300}})
	require.NoError(t, err)
	require.Equal(t, 6, set.Len())
	for i, want := range []string{"empty", "text", "cut", "a folder, not an image", "", "more than the limit of 300"} {
		_, err := set.Load(i)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, decode.ErrImage)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, filepath.Base(set.Name(i)), "the file is named")
	}
	require.NoError(t, os.Remove(set.Name(4)))
	_, err = set.Load(4)
	require.ErrorIs(t, err, decode.ErrImage)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestCompareClasses(t *testing.T) {
	root := grow(t, map[string]string{
		"train/a/1": dot, "train/b/1": dot, "train/c/1": dot, "val/a/1": dot, "val/c/1": dot, "val/d/1": dot, "index.txt": "c\na\nb\n",
	})
	train, err := OpenFolder(root, "train", FolderOptions{})
	require.NoError(t, err)
	require.NoError(t, CompareClasses(train, train))
	val, err := OpenFolder(root, "val", FolderOptions{})
	require.NoError(t, err)
	err = CompareClasses(train, val)
	require.ErrorIs(t, err, ErrClasses)
	require.ErrorContains(t, err, `3 and 3 classes, only in training: "b", only in validation: "d"; name all classes in order with --class_index`)
	other, err := OpenFolder(root, "train", FolderOptions{ClassIndex: filepath.Join(root, "index.txt")})
	require.NoError(t, err)
	require.ErrorContains(t, CompareClasses(train, other), "another order")
}

func TestSomeOf(t *testing.T) {
	require.Equal(t, `"a", "b"`, someOf([]string{"a", "b"}))
	require.Equal(t, `"a", "b", "c", "d", "e" and 2 more`, someOf([]string{"a", "b", "c", "d", "e", "f", "g"}))
}

func TestImageNetSample(t *testing.T) {
	root := filepath.Dir(shareddata.Path(t, "imagenet-sample/imagenet_class_index.json"))
	set, err := OpenFolder(root, "val", FolderOptions{ClassIndex: filepath.Join(root, "imagenet_class_index.json")})
	require.NoError(t, err)
	require.Equal(t, 500, set.Len())
	require.Empty(t, set.Notes())
	for i := range set.Len() {
		require.Equal(t, 2*i, set.Label(i), "one image for every even class")
	}
	for _, i := range []int{0, 250, 499} {
		img, err := set.Load(i)
		require.NoError(t, err)
		require.NoError(t, img.Check())
	}
}
