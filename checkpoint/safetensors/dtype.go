package safetensors

import "mnv2/checkpoint/internal/tensor"

// ranked lists the types in the order in which the reference writer sorts them into a file: widest first, so that
// every tensor stays aligned to its own type without padding.
var ranked = []struct {
	name  string
	dtype tensor.DType
}{
	{"U64", tensor.U64}, {"I64", tensor.I64}, {"F64", tensor.F64},
	{"F32", tensor.F32}, {"U32", tensor.U32}, {"I32", tensor.I32},
	{"BF16", tensor.BF16}, {"F16", tensor.F16}, {"U16", tensor.U16}, {"I16", tensor.I16},
	{"I8", tensor.I8}, {"U8", tensor.U8}, {"BOOL", tensor.Bool},
}

// rank returns the place of d in ranked, or -1 for a type that the format does not have.
func rank(d tensor.DType) int {
	for i, r := range ranked {
		if r.dtype == d {
			return i
		}
	}
	return -1
}

func dtypeNamed(name string) (tensor.DType, bool) {
	for _, r := range ranked {
		if r.name == name {
			return r.dtype, true
		}
	}
	return 0, false
}
