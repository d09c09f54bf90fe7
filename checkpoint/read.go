package checkpoint

import (
	"errors"
	"fmt"
	"os"

	"mnv2/checkpoint/internal/tensor"
)

// maxFileBytes bounds what is read into memory. The largest registered network has 25 MB of weights.
const maxFileBytes = 4 << 30

// Read reads a file of any format that this package knows, going by its content. Tensors may share memory with each
// other and must not be written to. For a .ckpt file, Meta comes from the file PATH.meta.json if there is one.
// Errors name the file; they wrap ErrFormat if the file is damaged, unknown, empty or a directory.
func Read(path string) (*File, error) {
	data, err := readAll(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %q: %w", path, err)
	}
	f, err := decode(data)
	if err == nil && len(f.Tensors) == 0 {
		err = tensor.Errorf("the file holds no tensor")
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint %q: %w", path, err)
	}
	if f.Format == CKPT {
		if f.Meta, err = readSidecar(path, data); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func readAll(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, cause(err)
	case info.IsDir():
		return nil, tensor.Errorf("this is a directory; name a file in it")
	case !info.Mode().IsRegular():
		return nil, tensor.Errorf("this is not a regular file")
	case info.Size() > maxFileBytes:
		return nil, tensor.Errorf("%d bytes are more than a weight file can have (%d)", info.Size(), int64(maxFileBytes))
	}
	data, err := os.ReadFile(path)
	return data, cause(err)
}

// cause drops the path from an error of package os; the caller names the file.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
