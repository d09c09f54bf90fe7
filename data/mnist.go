package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// OpenMNIST reads MNIST, or a set in its format, into memory: usage "train" or "test", the four IDX files in root, in
// root/MNIST/raw (torchvision's place) or split over root/train and root/test, gzip-compressed or not. Pictures have one channel.
func OpenMNIST(root, usage string) (*Records, error) {
	prefix, known := map[string]string{"train": "train", "test": "t10k"}[usage]
	if !known {
		return nil, fmt.Errorf("MNIST: no split %q (train|test)", usage)
	}
	imagesPath, images, err := readIDX(root, usage, prefix, "images", 3)
	if err != nil {
		return nil, fmt.Errorf("MNIST: %w", err)
	}
	labelsPath, labels, err := readIDX(root, usage, prefix, "labels", 1)
	if err != nil {
		return nil, fmt.Errorf("MNIST: %w", err)
	}
	n, h, w := images.dims[0], images.dims[1], images.dims[2]
	if labels.dims[0] != n {
		return nil, fmt.Errorf("MNIST: %q holds %d images, %q %d labels", imagesPath, n, labelsPath, labels.dims[0])
	}
	f := recordFile{name: imagesPath, labels: labels.data, pixels: make([][]byte, n)}
	for i := range f.pixels {
		f.pixels[i] = images.data[i*h*w : (i+1)*h*w]
	}
	set := &Records{w: w, h: h, c: 1, classes: strings.Fields("0 1 2 3 4 5 6 7 8 9")}
	if err := set.add(f); err != nil {
		return nil, fmt.Errorf("MNIST: labels of %w", err)
	}
	return set, nil
}

// readIDX finds and reads one of the files under its usual names and places.
func readIDX(root, usage, prefix, what string, rank int) (path string, file idx, err error) {
	name := fmt.Sprintf("%s-%s-idx%d-ubyte", prefix, what, rank)
	for _, dir := range []string{root, filepath.Join(root, "MNIST", "raw"), filepath.Join(root, usage)} {
		for _, n := range []string{name, strings.Replace(name, "-idx", ".idx", 1)} {
			for _, ending := range []string{"", ".gz"} {
				path = filepath.Join(dir, n+ending)
				b, err := readRecordFile(path)
				if os.IsNotExist(err) {
					continue
				}
				if err != nil {
					return path, idx{}, err
				}
				if file, err = parseIDX(b, rank); err != nil {
					return path, idx{}, fmt.Errorf("%q: %w", path, err)
				}
				return path, file, nil
			}
		}
	}
	return "", idx{}, fmt.Errorf("no file %q or %q in %q", name, name+".gz", root)
}

// idx is an array of bytes with its dimensions, all at least 1.
type idx struct {
	dims []int
	data []byte
}

// parseIDX reads the IDX format: 0, 0, element type (8 is unsigned byte), rank, the dimensions as 32-bit big-endian numbers, the
// elements. b may be gzip-compressed; what is unpacked is bounded by what the header promises.
func parseIDX(b []byte, rank int) (idx, error) {
	var r io.Reader = bytes.NewReader(b)
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return idx{}, err
		}
		r = z
	}
	file, size, err := parseIDXHeader(r, rank)
	if err != nil {
		return idx{}, err
	}
	// ReadAll grows as data comes, so a header that lies costs nothing. A cut file is reported below.
	if file.data, err = io.ReadAll(io.LimitReader(r, int64(size)+1)); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return idx{}, err
	}
	if len(file.data) != size {
		return idx{}, fmt.Errorf("the header promises %d bytes of data, there are %s", size, amount(len(file.data), size))
	}
	return file, nil
}

// parseIDXHeader returns a file without its data, and the size that the data must have.
func parseIDXHeader(r io.Reader, rank int) (file idx, size int, err error) {
	var word [4]byte
	if _, err := io.ReadFull(r, word[:]); err != nil {
		return idx{}, 0, fmt.Errorf("IDX header: %w", err)
	}
	if want := [4]byte{0, 0, 8, byte(rank)}; word != want {
		return idx{}, 0, fmt.Errorf("not an IDX file of bytes with %d dimensions: begins with % x, want % x", rank, word, want)
	}
	file.dims, size = make([]int, rank), 1
	for i := range file.dims {
		if _, err := io.ReadFull(r, word[:]); err != nil {
			return idx{}, 0, fmt.Errorf("IDX header: %w", err)
		}
		n := int64(binary.BigEndian.Uint32(word[:]))
		if n < 1 || n > maxRecordBytes/int64(size) {
			return idx{}, 0, fmt.Errorf("IDX dimension %d is %d: want at least 1 and at most %d bytes in all", i, n, maxRecordBytes)
		}
		file.dims[i] = int(n)
		size *= int(n)
	}
	return file, size, nil
}

// amount says how much was read, given that reading stopped one byte behind the most wanted.
func amount(have, want int) string {
	if have > want {
		return "more"
	}
	return fmt.Sprintf("%d (is the file cut?)", have)
}
