package tensor

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// Tensor is one named array. Data is little-endian, row-major and contiguous; it may share memory with the file it
// was read from and must not be written to. Shape nil (or empty) is a scalar: one element.
// A String tensor holds UTF-8 text in Data and has no shape.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte
}

// Elements returns the number of elements: the product of Shape, 1 for a scalar.
func (t Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Check returns nil if the tensor can be stored: a valid UTF-8 name, a known type, no negative dimension, and Data as
// long as Shape and DType say. The error names the tensor.
func (t Tensor) Check() error {
	if t.Name == "" || !utf8.ValidString(t.Name) {
		return fmt.Errorf("tensor %q: the name must be UTF-8 text and not empty", t.Name)
	}
	if t.DType == String {
		if len(t.Shape) != 0 || !utf8.Valid(t.Data) {
			return fmt.Errorf("tensor %q: a string must be UTF-8 text without a shape", t.Name)
		}
		return nil
	}
	size, ok := Bytes(t.DType, t.Shape)
	if !ok {
		return fmt.Errorf("tensor %q: shape %v of %v is not possible", t.Name, t.Shape, t.DType)
	}
	if size != len(t.Data) {
		return fmt.Errorf("tensor %q: shape %v of %v needs %d bytes, it has %d", t.Name, t.Shape, t.DType, size, len(t.Data))
	}
	return nil
}

// Bytes returns the size in bytes of a tensor; ok is false for an unknown type, a negative dimension, or a product
// that does not fit an int.
func Bytes(d DType, shape []int) (n int, ok bool) {
	n = d.Size()
	if n == 0 || d == String {
		return 0, false
	}
	hasZero := false
	for _, dim := range shape {
		if dim < 0 {
			return 0, false
		}
		hasZero = hasZero || dim == 0
	}
	if hasZero {
		return 0, true
	}
	for _, dim := range shape {
		if n > math.MaxInt/dim {
			return 0, false
		}
		n *= dim
	}
	return n, true
}

// CheckAll returns the first tensor's complaint, or that two tensors have one name. Writers call it before the first byte.
func CheckAll(tensors []Tensor) error {
	seen := make(map[string]bool, len(tensors))
	for _, t := range tensors {
		if err := t.Check(); err != nil {
			return err
		}
		if seen[t.Name] {
			return fmt.Errorf("tensor %q: two tensors have this name", t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}

// CheckMeta returns an error if a key or a value is not UTF-8; all formats store text as UTF-8.
func CheckMeta(meta map[string]string) error {
	for k, v := range meta {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return fmt.Errorf("metadata %q: key and value must be UTF-8 text", k)
		}
	}
	return nil
}
