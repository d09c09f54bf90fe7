package model

import "mnv2/backend"

// filters says where one network finds its parameters. Those that are multiplied with activations have the activations' type:
// if that is not float32, they are taken from a copy of the trained arena, which one operation renews. All others, and all
// gradients, are float32.
type filters struct {
	params *Parameters
	dtype  backend.DType
	renew  backend.Plan   // nil if there is no copy
	copy   backend.Tensor // like the trained arena, element for element
}

// activations returns the type that a network's activations have on a device: want, or without one what the device prefers.
func activations(b backend.Backend, want backend.DType) backend.DType {
	if want == 0 {
		return b.Info().DTypes[0]
	}
	return want
}

// op returns the operation that renews the copy, and whether there is one.
func (f *filters) op() (backend.Convert, bool) {
	n := f.params.elements
	return backend.Convert{From: backend.Vec(backend.F32, n), To: backend.Vec(f.dtype, n)}, f.dtype != backend.F32
}

// reserve makes room for the copy.
func (f *filters) reserve(m *memory) {
	if op, isNeeded := f.op(); isNeeded {
		f.copy = m.reserve(op.To)
	}
}

// calls bring the copy up to the parameters.
func (f *filters) calls() []call {
	if f.renew == nil {
		return nil
	}
	op, _ := f.op()
	return []call{{plan: f.renew, args: &backend.ConvertArgs{X: backend.Tensor{Desc: op.From, Buf: f.params.values}, Y: f.copy}}}
}

// tensors returns the parameters in the network's order.
func (f *filters) tensors() []backend.Tensor {
	list := make([]backend.Tensor, len(f.params.tensors))
	for i, t := range f.params.tensors {
		if kind := f.params.arch.params[i].Kind; f.renew != nil && (kind == ConvWeight || kind == DenseWeight) {
			element := t.Off / backend.F32.Size()
			t.Desc.DType, t.Buf, t.Off = f.dtype, f.copy.Buf, f.copy.Off+element*f.dtype.Size()
		}
		list[i] = t
	}
	return list
}
