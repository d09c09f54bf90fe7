package pth

import (
	"fmt"

	"mnv2/checkpoint/internal/tensor"
)

// storageKind is the element type of a storage; an untyped storage counts bytes and leaves the type to the tensor.
type storageKind struct {
	dtype   tensor.DType
	untyped bool
}

func (k storageKind) size() int64 {
	if k.untyped {
		return 1
	}
	return int64(k.dtype.Size())
}

// storageClasses are the storage classes of module torch.
var storageClasses = map[string]tensor.DType{
	"FloatStorage": tensor.F32, "DoubleStorage": tensor.F64, "HalfStorage": tensor.F16, "BFloat16Storage": tensor.BF16,
	"LongStorage": tensor.I64, "IntStorage": tensor.I32, "ShortStorage": tensor.I16, "CharStorage": tensor.I8,
	"ByteStorage": tensor.U8, "BoolStorage": tensor.Bool,
}

// torchDTypes are the element types of module torch; only tensors on untyped storages carry one.
var torchDTypes = map[string]tensor.DType{
	"float32": tensor.F32, "float64": tensor.F64, "float16": tensor.F16, "bfloat16": tensor.BF16,
	"int64": tensor.I64, "int32": tensor.I32, "int16": tensor.I16, "int8": tensor.I8,
	"uint64": tensor.U64, "uint32": tensor.U32, "uint16": tensor.U16, "uint8": tensor.U8, "bool": tensor.Bool,
}

// otherGlobals are the remaining names that a file may use: the functions of calls.go and classes that are only named.
var otherGlobals = map[global]bool{
	{"collections", "OrderedDict"}:                    true,
	{"torch", "Size"}:                                 true,
	{"torch", "device"}:                               true,
	{"torch", "Tensor"}:                               true,
	{"torch.nn.parameter", "Parameter"}:               true,
	{"torch.storage", "UntypedStorage"}:               true,
	{"torch._utils", "_rebuild_tensor"}:               true,
	{"torch._utils", "_rebuild_tensor_v2"}:            true,
	{"torch._utils", "_rebuild_tensor_v3"}:            true,
	{"torch._utils", "_rebuild_parameter"}:            true,
	{"torch._utils", "_rebuild_parameter_with_state"}: true,
	{"torch._tensor", "_rebuild_from_type_v2"}:        true,
}

// findGlobal is the gate: every name in a pickle passes through it.
func findGlobal(module, name string) (global, error) {
	g := global{module, name}
	_, isStorage := storageClasses[name]
	_, isDType := torchDTypes[name]
	if otherGlobals[g] || module == "torch" && (isStorage || isDType) {
		return g, nil
	}
	return g, fmt.Errorf("it wants to use %q, which is not on the list of allowed names; "+
		"save only the weights, torch.save(model.state_dict(), ...)", module+"."+name)
}

func (g global) storage() (storageKind, bool) {
	if g == (global{"torch.storage", "UntypedStorage"}) {
		return storageKind{untyped: true}, true
	}
	d, ok := storageClasses[g.name]
	return storageKind{dtype: d}, ok && g.module == "torch"
}

func (g global) dtype() (tensor.DType, bool) {
	d, ok := torchDTypes[g.name]
	return d, ok && g.module == "torch"
}
