package backend

import "fmt"

// DType is the type of one element.
type DType uint8

// The element types that operations use.
const (
	F32  DType = iota + 1 // IEEE binary32
	F16                   // IEEE binary16
	BF16                  // upper half of a binary32
	U8                    // bytes: images, dropout masks
	I32                   // labels
)

var dtypeNames = [...]string{F32: "f32", F16: "f16", BF16: "bf16", U8: "u8", I32: "i32"}

// Size returns the bytes of one element, 0 for an unknown type.
func (t DType) Size() int64 {
	switch t {
	case F32, I32:
		return 4
	case F16, BF16:
		return 2
	case U8:
		return 1
	}
	return 0
}

// IsFloat reports whether the type holds real numbers.
func (t DType) IsFloat() bool { return t == F32 || t == F16 || t == BF16 }

// String returns the short name, such as "f32".
func (t DType) String() string {
	if int(t) < len(dtypeNames) && dtypeNames[t] != "" {
		return dtypeNames[t]
	}
	return fmt.Sprintf("dtype(%d)", uint8(t))
}
