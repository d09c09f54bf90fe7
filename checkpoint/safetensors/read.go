package safetensors

import (
	"encoding/binary"
	"sort"
	"unicode/utf8"

	"mnv2/checkpoint/internal/tensor"
)

// maxHeader is the limit of the reference implementation on the JSON header, in bytes.
const maxHeader = 100_000_000

// Is reports whether data begins like a .safetensors file: a plausible header length and the first byte of JSON.
func Is(data []byte) bool {
	return len(data) > 8 && binary.LittleEndian.Uint64(data) <= maxHeader && data[8] == '{'
}

// Decode reads a whole file. The tensors share memory with data and stand in the order of their data.
// Every error is tensor.ErrFormat and says which rule the file breaks.
func Decode(data []byte) (*tensor.File, error) {
	header, body, err := split(data)
	if err != nil {
		return nil, err
	}
	entries, meta, err := parseHeader(header)
	if err != nil {
		return nil, tensor.Errorf("safetensors header: %w", err)
	}
	sort.SliceStable(entries, func(i, j int) bool {
		a, b := entries[i], entries[j]
		return a.begin < b.begin || a.begin == b.begin && a.end < b.end
	})
	f := &tensor.File{Format: tensor.SafeTensors, Meta: meta}
	next := uint64(0)
	for _, e := range entries {
		t, err := e.view(body, next)
		if err != nil {
			return nil, err
		}
		f.Tensors = append(f.Tensors, t)
		next = e.end
	}
	if next != uint64(len(body)) {
		return nil, tensor.Errorf("safetensors: the tensors cover %d of %d data bytes", next, len(body))
	}
	return f, nil
}

func split(data []byte) (header, body []byte, err error) {
	if len(data) < 8 {
		return nil, nil, tensor.Errorf("safetensors: file of %d bytes is shorter than its length field", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > maxHeader {
		return nil, nil, tensor.Errorf("safetensors: header of %d bytes (at most %d are allowed)", n, maxHeader)
	}
	if n > uint64(len(data)-8) {
		return nil, nil, tensor.Errorf("safetensors: header of %d bytes in a file of %d: the file is cut", n, len(data))
	}
	header, body = data[8:8+n], data[8+n:]
	if n == 0 || header[0] != '{' {
		return nil, nil, tensor.Errorf("safetensors: the header does not begin with '{'")
	}
	if !utf8.Valid(header) {
		return nil, nil, tensor.Errorf("safetensors: the header is not UTF-8")
	}
	return header, body, nil
}

// entry is one line of the header: what a tensor is and where its bytes are, relative to the end of the header.
type entry struct {
	name       string
	dtype      tensor.DType
	shape      []int
	begin, end uint64
}

// view returns the tensor as a part of body. Its data must start at next, where the tensor before it ended.
func (e entry) view(body []byte, next uint64) (tensor.Tensor, error) {
	fail := func(format string, args ...any) (tensor.Tensor, error) {
		return tensor.Tensor{}, tensor.Errorf("safetensors: tensor %q: "+format, append([]any{e.name}, args...)...)
	}
	if e.end < e.begin || e.end > uint64(len(body)) {
		return fail("data offsets [%d, %d] outside the %d data bytes: the file is cut or damaged", e.begin, e.end, len(body))
	}
	if e.begin != next {
		return fail("data starts at %d, the tensor before it ends at %d (gaps and overlaps are not allowed)", e.begin, next)
	}
	size, ok := tensor.Bytes(e.dtype, e.shape)
	if !ok {
		return fail("shape %v overflows", e.shape)
	}
	if uint64(size) != e.end-e.begin {
		return fail("%v %v needs %d bytes, its data offsets span %d", e.dtype, e.shape, size, e.end-e.begin)
	}
	return tensor.Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Data: body[e.begin:e.end:e.end]}, nil
}
