package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"mnv2/data/decode"
)

// maxKeptFile is the memory in bytes for a file above which it is not kept for the next one.
const maxKeptFile = 16 << 20

// readImageFile reads a regular file of at most the limit's size, into buf if there is room. Errors name the file and wrap decode.ErrImage.
func readImageFile(path string, limits decode.Limits, buf []byte) ([]byte, error) {
	b, err := readRegular(path, limits, buf)
	if err != nil {
		return nil, fmt.Errorf("image %q: %w: %w", path, decode.ErrImage, err)
	}
	return b, nil
}

func readRegular(path string, limits decode.Limits, buf []byte) ([]byte, error) {
	most := limits.MaxBytes
	if most <= 0 {
		most = decode.DefaultMaxBytes
	}
	info, err := os.Stat(path) // before it is opened: opening a pipe would wait for a writer
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("a folder, not an image")
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > most:
		return nil, fmt.Errorf("%d bytes are more than the limit of %d", info.Size(), most)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	into := bytes.NewBuffer(buf[:0])
	into.Grow(int(info.Size()) + bytes.MinRead)          // MinRead more, which ReadFrom wants to see the end
	_, err = into.ReadFrom(io.LimitReader(file, most+1)) // it may grow while it is read; the decoder refuses what is too much
	return into.Bytes(), err
}
