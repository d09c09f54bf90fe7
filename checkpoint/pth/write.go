package pth

import (
	"archive/zip"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strconv"

	"mnv2/checkpoint/internal/tensor"
)

// topFolder is the folder inside the archive; PyTorch uses the same when it writes to a stream.
const topFolder = "archive/"

// alignment of the storages in the file, as PyTorch writes them, so that they can be mapped.
const alignment = 64

// Encode writes f in zip form: an OrderedDict of tensors in the order of f.Tensors, each with a storage of its own.
// torch.load(weights_only=True) of PyTorch 1.13 and later reads it; U16, U32 and U64 need PyTorch 2.3.
// f.Meta goes into an attribute of the dictionary, where load_state_dict does not see it.
func Encode(w io.Writer, f *tensor.File) error {
	if err := check(f); err != nil {
		return fmt.Errorf("pth: %w", err)
	}
	count := &countWriter{w: w}
	z := zip.NewWriter(count)
	put := func(name string, data []byte) error { return store(z, count, topFolder+name, data) }
	if err := put("data.pkl", encodePickle(f)); err != nil {
		return err
	}
	if err := put("byteorder", []byte("little")); err != nil {
		return err
	}
	for i, t := range f.Tensors {
		if err := put("data/"+strconv.Itoa(i), t.Data); err != nil {
			return err
		}
	}
	if err := put("version", []byte("3\n")); err != nil {
		return err
	}
	return z.Close()
}

func check(f *tensor.File) error {
	if err := tensor.CheckAll(f.Tensors); err != nil {
		return err
	}
	for _, t := range f.Tensors {
		if t.DType == tensor.String {
			return fmt.Errorf("tensor %q: the format has no type %v; put text into the metadata", t.Name, t.DType)
		}
		if int64(len(t.Data)) >= math.MaxUint32 {
			return fmt.Errorf("tensor %q: %d bytes are more than this writer can store (4 GiB)", t.Name, len(t.Data))
		}
	}
	return tensor.CheckMeta(f.Meta)
}

// store writes one member as it is, its data at a multiple of alignment. The padding sits in an extra field of the
// header, as PyTorch does it: id "FB", length, filler.
func store(z *zip.Writer, count *countWriter, name string, data []byte) error {
	const localHeader, extraHeader = 30, 4
	if err := z.Flush(); err != nil {
		return err
	}
	start := count.n + localHeader + int64(len(name)) + extraHeader
	padding := int((alignment - start%alignment) % alignment)
	extra := append(make([]byte, 0, extraHeader+padding), 'F', 'B', byte(padding), 0)
	for range padding {
		extra = append(extra, 'Z')
	}
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, Extra: extra, CRC32: crc32.ChecksumIEEE(data),
		CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data)),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// countWriter knows the position in the file.
type countWriter struct {
	w io.Writer
	n int64
}

func (c *countWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
