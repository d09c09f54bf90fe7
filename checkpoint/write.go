package checkpoint

import (
	"errors"
	"fmt"
	"io"

	"mnv2/checkpoint/ckpt"
	"mnv2/checkpoint/pth"
	"mnv2/checkpoint/safetensors"
	"mnv2/internal/atomicfile"
)

// Options changes how Write writes. The zero value is what Write uses.
type Options struct {
	CKPT ckpt.Options
}

// Write writes f in the format f.Format, so that path holds either its old content or the whole new one. Meta travels
// inside .safetensors and .pth files and in PATH.meta.json beside a .ckpt file. f is not changed. Formats that cannot
// be written, tensors whose data does not fit their shape, and names that occur twice are errors.
func Write(path string, f *File) error { return WriteWith(path, f, Options{}) }

// WriteWith is Write with options.
func WriteWith(path string, f *File, opt Options) error {
	encode, err := encoder(f, opt)
	if err != nil {
		return fmt.Errorf("checkpoint %q: %w", path, err)
	}
	if f.Format == CKPT {
		return writeWithSidecar(path, f.Meta, encode)
	}
	if err := atomicfile.Write(path, filePerm, encode); err != nil {
		return fmt.Errorf("checkpoint %q: %w", path, err)
	}
	return nil
}

const filePerm = 0o644

func encoder(f *File, opt Options) (func(io.Writer) error, error) {
	if len(f.Tensors) == 0 {
		return nil, errors.New("there is no tensor to write")
	}
	switch f.Format {
	case CKPT:
		return func(w io.Writer) error { return ckpt.Encode(w, f, opt.CKPT) }, nil
	case SafeTensors:
		return func(w io.Writer) error { return safetensors.Encode(w, f) }, nil
	case PTH:
		return func(w io.Writer) error { return pth.Encode(w, f) }, nil
	}
	return nil, fmt.Errorf("format %q cannot be written (%v can)", f.Format, Writable())
}
