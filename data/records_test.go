package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// cifarRecord is a record whose pixel at row y, column x has red y, green x and blue seed.
func cifarRecord(seed byte, labels ...byte) string {
	b := append([]byte{}, labels...)
	for c := range 3 {
		for p := range cifarSide * cifarSide {
			b = append(b, []byte{byte(p / cifarSide), byte(p % cifarSide), seed}[c])
		}
	}
	return string(b)
}

// cifar10Files is a whole small set: two records in each training file, one for testing.
func cifar10Files(dir string) map[string]string {
	files := map[string]string{dir + "test_batch.bin": cifarRecord(99, 9)}
	for i := range 5 {
		files[fmt.Sprintf("%sdata_batch_%d.bin", dir, i+1)] = cifarRecord(byte(2*i), byte(i)) + cifarRecord(byte(2*i+1), byte(i+1))
	}
	return files
}

func TestOpenCIFAR10(t *testing.T) {
	for _, dir := range []string{"", "cifar-10-batches-bin/"} {
		root := grow(t, cifar10Files(dir))
		set, err := OpenCIFAR10(root, "train")
		require.NoError(t, err)
		require.Equal(t, 10, set.Len())
		require.Equal(t, "airplane", set.Classes()[0])
		require.Len(t, set.Classes(), 10)
		for i := range set.Len() {
			require.Equal(t, (i+1)/2, set.Label(i))
			img, err := set.Load(i)
			require.NoError(t, err)
			require.NoError(t, img.Check())
			require.Equal(t, []byte{31, 2, byte(i)}, img.Row(31)[3*2:3*3], "rows of red, green, blue")
		}
		require.Equal(t, filepath.Join(root, filepath.FromSlash(dir), "data_batch_2.bin")+"#1", set.Name(3))

		set, err = OpenCIFAR10(root, "test")
		require.NoError(t, err)
		require.Equal(t, 1, set.Len())
		require.Equal(t, "truck", set.Classes()[set.Label(0)])
		_, err = set.Load(1)
		require.ErrorContains(t, err, "the set has 1")
	}
}

func TestOpenCIFAR100(t *testing.T) {
	root := grow(t, map[string]string{"train.bin": cifarRecord(1, 19, 99) + cifarRecord(2, 0, 3), "test.bin": cifarRecord(3, 200, 0)})
	set, err := OpenCIFAR100(root, "train")
	require.NoError(t, err)
	require.Len(t, set.Classes(), 100)
	require.Equal(t, "worm", set.Classes()[set.Label(0)])
	require.Equal(t, "bear", set.Classes()[set.Label(1)])
	img, err := set.Load(1)
	require.NoError(t, err)
	require.Equal(t, byte(2), img.Pix[2])
	_, err = OpenCIFAR100(root, "test")
	require.NoError(t, err, "the coarse label is not looked at")
}

func TestCIFARClassNamesFromTheSet(t *testing.T) {
	files := cifar10Files("")
	files["batches.meta.txt"] = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n"
	set, err := OpenCIFAR10(grow(t, files), "train")
	require.NoError(t, err)
	require.Equal(t, "j", set.Classes()[9])
	files["batches.meta.txt"] = "a\nb\n"
	_, err = OpenCIFAR10(grow(t, files), "train")
	require.ErrorContains(t, err, "2 class names, want 10")
}

func TestCIFARErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(map[string]string)
		usage  string
		want   string
	}{
		"usage":   {func(map[string]string) {}, "val", `no split "val" (train|test)`},
		"missing": {func(m map[string]string) { delete(m, "data_batch_3.bin") }, "train", "data_batch_3.bin"},
		"cut":     {func(m map[string]string) { m["test_batch.bin"] = m["test_batch.bin"][1:] }, "test", "3072 bytes: want a multiple of 3073"},
		"empty":   {func(m map[string]string) { m["test_batch.bin"] = "" }, "test", "0 bytes"},
		"label":   {func(m map[string]string) { m["test_batch.bin"] = cifarRecord(0, 10) }, "test", "record 0: label 10, want 0 to 9"},
	} {
		t.Run(name, func(t *testing.T) {
			files := cifar10Files("")
			c.change(files)
			_, err := OpenCIFAR10(grow(t, files), c.usage)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// idxFile writes the IDX format.
func idxFile(data string, dims ...uint32) string {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, n := range dims {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return string(b) + data
}

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

func TestOpenMNIST(t *testing.T) {
	images := idxFile("abcdefghijkl", 2, 2, 3)
	labels := idxFile("\x07\x01", 2)
	for name, files := range map[string]map[string]string{
		"plain":       {"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels},
		"gzip":        {"train-images-idx3-ubyte.gz": gzipped(images), "train-labels-idx1-ubyte.gz": gzipped(labels)},
		"dots":        {"train-images.idx3-ubyte": images, "train-labels.idx1-ubyte": labels},
		"torchvision": {"MNIST/raw/train-images-idx3-ubyte": images, "MNIST/raw/train-labels-idx1-ubyte.gz": gzipped(labels)},
		"split":       {"train/train-images-idx3-ubyte": images, "train/train-labels-idx1-ubyte": labels},
	} {
		t.Run(name, func(t *testing.T) {
			root := grow(t, files)
			set, err := OpenMNIST(root, "train")
			require.NoError(t, err)
			require.Equal(t, 2, set.Len())
			require.Equal(t, "7", set.Classes()[set.Label(0)])
			require.True(t, strings.HasSuffix(set.Name(1), "#1"))
			img, err := set.Load(1)
			require.NoError(t, err)
			require.Equal(t, [3]int{3, 2, 1}, [3]int{img.W, img.H, img.C})
			require.Equal(t, "ghijkl", string(img.Pix))
			_, err = OpenMNIST(root, "test")
			require.ErrorContains(t, err, `no file "t10k-images-idx3-ubyte"`)
		})
	}
}

func TestMNISTErrors(t *testing.T) {
	images, labels := idxFile("abcd", 4, 1, 1), idxFile("\x00\x01\x02\x03", 4)
	for name, c := range map[string]struct{ images, labels, usage, want string }{
		"usage":    {images, labels, "val", `no split "val" (train|test)`},
		"count":    {images, idxFile("\x00", 1), "test", "holds 4 images"},
		"label":    {images, idxFile("\x00\x01\x02\x0a", 4), "test", "record 3: label 10"},
		"cut":      {images[:len(images)-1], labels, "test", "promises 4 bytes of data, there are 3"},
		"longer":   {images + "x", labels, "test", "promises 4 bytes of data, there are more"},
		"head":     {images[:7], labels, "test", "IDX header"},
		"magic":    {labels, labels, "test", "begins with 00 00 08 01, want 00 00 08 03"},
		"lies":     {idxFile("abcd", 1<<24, 8, 8), labels, "test", "is the file cut?"},
		"huge":     {idxFile("", 1<<31, 1<<31, 1<<31), labels, "test", "IDX dimension 0 is 2147483648"},
		"nothing":  {idxFile("", 0, 28, 28), labels, "test", "IDX dimension 0 is 0"},
		"cut gzip": {gzipped(images)[:20], labels, "test", "unexpected EOF"},
		"gzip":     {"\x1f\x8b\x00", labels, "test", "t10k-images"},
		"bomb":     {gzipped(idxFile(strings.Repeat("\x00", 1<<20), 4, 1, 1)), labels, "test", "there are more"},
	} {
		t.Run(name, func(t *testing.T) {
			root := grow(t, map[string]string{"t10k-images-idx3-ubyte": c.images, "t10k-labels-idx1-ubyte": c.labels})
			_, err := OpenMNIST(root, c.usage)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestRecordFileLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge.bin")
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(maxRecordBytes+1)) // a sparse file
	require.NoError(t, f.Close())
	_, err = readRecordFile(path)
	require.ErrorContains(t, err, "more than the limit")
}

func FuzzParseCIFAR(f *testing.F) {
	f.Add([]byte(cifarRecord(1, 2)), 1)
	f.Add([]byte(cifarRecord(1, 2, 3)), 2)
	f.Add([]byte("short"), 1)
	f.Fuzz(func(t *testing.T, b []byte, labels int) {
		labels = 1 + labels&1
		file, err := parseCIFAR(b, labels)
		if err != nil {
			require.NotZero(t, len(b)%(labels+cifarPixels)+boolToInt(len(b) == 0))
			return
		}
		set := &Records{w: cifarSide, h: cifarSide, c: 3, classes: cifar10.classes}
		if set.add(file) != nil {
			return
		}
		for i := range set.Len() {
			img, err := set.Load(i)
			require.NoError(t, err)
			require.NoError(t, img.Check())
			require.Less(t, set.Label(i), 10)
		}
	})
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func FuzzParseIDX(f *testing.F) {
	f.Add([]byte(idxFile("abcdefghijkl", 2, 2, 3)), true)
	f.Add([]byte(idxFile("\x07\x01", 2)), false)
	f.Add([]byte(gzipped(idxFile("\x07\x01", 2))), false)
	f.Add([]byte(idxFile("", 1<<31, 1<<31, 1<<31)), true)
	f.Fuzz(func(t *testing.T, b []byte, images bool) {
		rank := 1
		if images {
			rank = 3
		}
		file, err := parseIDX(b, rank)
		if err != nil {
			return
		}
		size := 1
		for _, n := range file.dims {
			size *= n
		}
		require.Len(t, file.dims, rank)
		require.Len(t, file.data, size)
	})
}
