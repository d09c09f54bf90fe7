package tensor

import "fmt"

// DType is the element type of a Tensor.
type DType uint8

// The element types that the formats have in common. String is the text tensor that only .ckpt files hold.
const (
	F32 DType = iota
	F16
	BF16
	F64
	I8
	U8
	I16
	U16
	I32
	U32
	I64
	U64
	Bool
	String
)

var dtypes = [...]struct {
	name string
	size int
}{
	F32: {"F32", 4}, F16: {"F16", 2}, BF16: {"BF16", 2}, F64: {"F64", 8},
	I8: {"I8", 1}, U8: {"U8", 1}, I16: {"I16", 2}, U16: {"U16", 2},
	I32: {"I32", 4}, U32: {"U32", 4}, I64: {"I64", 8}, U64: {"U64", 8},
	Bool: {"Bool", 1}, String: {"String", 1},
}

// String returns the short name: F32, F16, BF16, F64, I8, U8, I16, U16, I32, U32, I64, U64, Bool or String.
func (d DType) String() string {
	if int(d) < len(dtypes) {
		return dtypes[d].name
	}
	return fmt.Sprintf("DType(%d)", uint8(d))
}

// Size returns the bytes of one element (1 for Bool and for String, whose elements are UTF-8 bytes), or 0 for an
// unknown type.
func (d DType) Size() int {
	if int(d) < len(dtypes) {
		return dtypes[d].size
	}
	return 0
}
