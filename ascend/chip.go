package ascend

import (
	"strings"

	"mnv2/backend"
)

// chip is what a family of NPUs can do. The table is that of the vendor's operator documents.
type chip struct {
	family    string
	bf16      bool
	fp32Cube  bool // matrix units take float32; otherwise float16 only
	infNaN    bool // results may be infinite; otherwise they saturate and a register tells
	training  bool // there are backward kernels of batch norm
	addcmul   bool
	firmAddmm bool // Addmm always adds in the same order
}

// families, the longest prefix of the chip's name first.
var families = []struct {
	prefix string
	chip   chip
}{
	{"Ascend910_93", chip{family: "A3", bf16: true, fp32Cube: true, infNaN: true, training: true, addcmul: true, firmAddmm: true}},
	{"Ascend910B", chip{family: "A2", bf16: true, fp32Cube: true, infNaN: true, training: true, addcmul: true, firmAddmm: true}},
	{"Ascend910", chip{family: "910A", training: true, addcmul: true}},
	{"Ascend950", chip{family: "950", bf16: true, fp32Cube: true, infNaN: true, training: true, addcmul: true, firmAddmm: true}},
	{"Ascend310P", chip{family: "310P"}},
}

// chipOf returns the family of a chip by its name.
func chipOf(soc string) (chip, bool) {
	for _, f := range families {
		if strings.HasPrefix(soc, f.prefix) {
			return f.chip, true
		}
	}
	return chip{}, false
}

// dtypes lists the types of activations, the preferred one first. Where products of float32 are refused, that is float16.
func (c chip) dtypes(allowDown bool) []backend.DType {
	switch {
	case c.bf16:
		return []backend.DType{backend.F32, backend.F16, backend.BF16}
	case c.fp32Cube || allowDown:
		return []backend.DType{backend.F32, backend.F16}
	}
	return []backend.DType{backend.F16, backend.F32}
}
