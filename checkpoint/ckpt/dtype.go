package ckpt

import "mnv2/checkpoint/internal/tensor"

// typeNames are MindSpore's names of the element types.
var typeNames = map[string]tensor.DType{
	"Float32": tensor.F32, "Float16": tensor.F16, "BFloat16": tensor.BF16, "Float64": tensor.F64,
	"Int8": tensor.I8, "UInt8": tensor.U8, "Int16": tensor.I16, "UInt16": tensor.U16,
	"Int32": tensor.I32, "UInt32": tensor.U32, "Int64": tensor.I64, "UInt64": tensor.U64,
	"Bool": tensor.Bool, "str": tensor.String,
}

func typeName(d tensor.DType) string {
	for name, have := range typeNames {
		if have == d {
			return name
		}
	}
	return ""
}
