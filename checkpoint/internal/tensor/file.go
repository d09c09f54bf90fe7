package tensor

import (
	"errors"
	"fmt"
)

// Format names a file format.
type Format string

// The formats. All are read; CKPT, SafeTensors and PTH are written.
const (
	CKPT        Format = "ckpt"        // MindSpore
	SafeTensors Format = "safetensors" // Hugging Face
	PTH         Format = "pth"         // PyTorch since 1.6: a zip archive
	PTHLegacy   Format = "pth-legacy"  // PyTorch before 1.6: pickles in a row
	TFLite      Format = "tflite"      // TensorFlow Lite
)

// File is the content of one checkpoint file.
type File struct {
	Format  Format
	Tensors []Tensor          // in file order, names unique
	Meta    map[string]string // text that travels with the weights; nil if there is none

	// Groups are the top-level names under which the file nested tensors ("state_dict", "optimizer"), in file order.
	// Only PyTorch files have them; writers ignore them.
	Groups []string
}

// MaxTensors bounds how many tensors a reader makes, since each costs memory even if it is tiny. A training checkpoint of
// MobileNetV2 has about a thousand.
const MaxTensors = 1 << 17

// Find returns the tensor with the given name.
func (f *File) Find(name string) (Tensor, bool) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

// ErrFormat is what every error about a damaged, hostile or unknown file is (errors.Is). Errors of the operating system
// are not.
var ErrFormat = errors.New("damaged or unknown checkpoint file")

// Errorf formats an error that is ErrFormat without repeating its text. %w works as in fmt.Errorf.
func Errorf(format string, args ...any) error {
	return &formatError{fmt.Errorf(format, args...)}
}

type formatError struct{ error }

func (e *formatError) Is(target error) bool { return target == ErrFormat }
func (e *formatError) Unwrap() error        { return e.error }
