package acl

// Op names an operator; the order is that of MNV2_OPERATORS in symbols.h, which a test compares.
type Op int32

// The operators.
const (
	Convolution Op = iota
	ConvolutionBackward
	Mm
	Addmm
	BatchMatMul
	BatchNorm
	BatchNormBackward
	BatchNormStats
	BatchNormReduceBackward
	BatchNormElemtBackward
	Hardtanh
	InplaceHardtanh
	HardtanhBackward
	Add
	InplaceAdd
	Adds
	InplaceAdds
	Mul
	InplaceMul
	Muls
	InplaceMuls
	Addcmul
	InplaceAddcmul
	Rsqrt
	Mean
	ReduceSum
	Softmax
	LogSoftmax
	OneHot
	Cast
	InplaceCopy
	InplaceZero
	Permute
	IsFinite
	Sqrt
	Div
	Sign
	SWhere
	LogSoftmaxBackward
	Maximum
	EqTensor
	All
)

// opNames are the vendor's names without "aclnn".
var opNames = [...]string{
	Convolution:             "Convolution",
	ConvolutionBackward:     "ConvolutionBackward",
	Mm:                      "Mm",
	Addmm:                   "Addmm",
	BatchMatMul:             "BatchMatMul",
	BatchNorm:               "BatchNorm",
	BatchNormBackward:       "BatchNormBackward",
	BatchNormStats:          "BatchNormStats",
	BatchNormReduceBackward: "BatchNormReduceBackward",
	BatchNormElemtBackward:  "BatchNormElemtBackward",
	Hardtanh:                "Hardtanh",
	InplaceHardtanh:         "InplaceHardtanh",
	HardtanhBackward:        "HardtanhBackward",
	Add:                     "Add",
	InplaceAdd:              "InplaceAdd",
	Adds:                    "Adds",
	InplaceAdds:             "InplaceAdds",
	Mul:                     "Mul",
	InplaceMul:              "InplaceMul",
	Muls:                    "Muls",
	InplaceMuls:             "InplaceMuls",
	Addcmul:                 "Addcmul",
	InplaceAddcmul:          "InplaceAddcmul",
	Rsqrt:                   "Rsqrt",
	Mean:                    "Mean",
	ReduceSum:               "ReduceSum",
	Softmax:                 "Softmax",
	LogSoftmax:              "LogSoftmax",
	OneHot:                  "OneHot",
	Cast:                    "Cast",
	InplaceCopy:             "InplaceCopy",
	InplaceZero:             "InplaceZero",
	Permute:                 "Permute",
	IsFinite:                "IsFinite",
	Sqrt:                    "Sqrt",
	Div:                     "Div",
	Sign:                    "Sign",
	SWhere:                  "SWhere",
	LogSoftmaxBackward:      "LogSoftmaxBackward",
	Maximum:                 "Maximum",
	EqTensor:                "EqTensor",
	All:                     "All",
}

// String returns the vendor's name of the operator.
func (o Op) String() string { return "aclnn" + opNames[o] }
