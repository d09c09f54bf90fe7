package golden

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// File is a golden file: named tensors and JSON facts about them.
type File struct {
	tb      testing.TB
	name    string
	meta    map[string]string
	tensors map[string]Tensor
}

// Tensor is one tensor of a golden file.
type Tensor struct {
	DType string // F64, F32, F16, I64, I32, I8, U8
	Shape []int
	Data  []byte // little-endian, row-major
}

// Load reads testdata/golden/NAME and fails the test if that does not work. All methods of the result that cannot do
// what they are asked fail the test too.
func Load(tb testing.TB, name string) *File {
	tb.Helper()
	content, err := os.ReadFile(Path(tb, name))
	if err != nil {
		tb.Fatalf("golden file: %v", err)
	}
	f, err := parse(content)
	if err != nil {
		tb.Fatalf("golden file %q: %v", name, err)
	}
	f.tb, f.name = tb, name
	return f
}

// Path returns where testdata/golden/NAME lies, seen from the folder of the running test.
func Path(tb testing.TB, name string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatalf("golden file %q: %v", name, err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata", "golden", filepath.FromSlash(name))
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatalf("golden file %q: no go.mod above the test's folder", name)
		}
		dir = parent
	}
}

// Cases returns the metadata keys that hold JSON objects, sorted: the cases of an operation.
func (f *File) Cases() []string {
	var names []string
	for name, text := range f.meta {
		if strings.HasPrefix(text, "{") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Meta stores the JSON value of the metadata key in what v points to.
func (f *File) Meta(key string, v any) {
	f.tb.Helper()
	if err := json.Unmarshal([]byte(f.meta[key]), v); err != nil {
		f.tb.Fatalf("golden file %q: metadata %q: %v", f.name, key, err)
	}
}

// Names returns the names of all tensors that begin with prefix, without it, sorted.
func (f *File) Names(prefix string) []string {
	var names []string
	for name := range f.tensors {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return names
}

// Has reports whether there is a tensor called name.
func (f *File) Has(name string) bool {
	_, ok := f.tensors[name]
	return ok
}

// Tensor returns the tensor called name.
func (f *File) Tensor(name string) Tensor {
	f.tb.Helper()
	t, ok := f.tensors[name]
	if !ok {
		f.tb.Fatalf("golden file %q: no tensor %q", f.name, name)
	}
	return t
}

// parse reads a safetensors file, compressed or not.
func parse(content []byte) (*File, error) {
	if bytes.HasPrefix(content, []byte{0x1F, 0x8B}) {
		z, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		if content, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	if len(content) < 8 {
		return nil, fmt.Errorf("%d bytes: too short", len(content))
	}
	size, rest := binary.LittleEndian.Uint64(content), content[8:]
	if size > uint64(len(rest)) {
		return nil, fmt.Errorf("header of %d bytes in a file of %d", size, len(content))
	}
	return parseHeader(rest[:size], rest[size:])
}

func parseHeader(header, data []byte) (*File, error) {
	f := &File{tensors: map[string]Tensor{}}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(header, &entries); err != nil {
		return nil, err
	}
	for name, raw := range entries {
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &f.meta); err != nil {
				return nil, err
			}
			continue
		}
		var e struct {
			DType   string `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		if e.Offsets[0] < 0 || e.Offsets[0] > e.Offsets[1] || e.Offsets[1] > len(data) {
			return nil, fmt.Errorf("tensor %q: offsets %v in %d bytes", name, e.Offsets, len(data))
		}
		f.tensors[name] = Tensor{e.DType, e.Shape, data[e.Offsets[0]:e.Offsets[1]]}
	}
	return f, nil
}
