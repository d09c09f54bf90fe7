package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// optimizers emits the steps of the optimizers that are not SGD, one pass over all that a weight has.
func optimizers() {
	adam()
	lion()
	rmsprop()
	adagrad()
}

// eight is eight weights in a kernel of an optimizer: what is in registers and where the states are. The numbers of the step are
// in memory, eight times each, since registers are too few for them.
type eight struct {
	arguments
	w, g VecVirtual
	v, s Mem
}

var optimizerFields kernels.Optimizer

// optimizer emits a loop over weights. body makes of the gradient, decay included, what is taken from the weight.
func optimizer(name string, body func(e eight) VecVirtual) {
	f := &optimizerFields
	a := begin(name+"_avx2", "Optimizer", "is the rule of that name in Train, with AVX2 and FMA.")
	dw, w := a.load(unsafe.Offsetof(f.DW)), a.load(unsafe.Offsetof(f.W))
	v, s := a.load(unsafe.Offsetof(f.V)), a.load(unsafe.Offsetof(f.S))
	repeat("eight", a.load(unsafe.Offsetof(f.Count)), func() {
		e := eight{arguments: a, w: YMM(), g: YMM(), v: mem(v, 0), s: mem(s, 0)}
		VMOVUPS(mem(w, 0), e.w)
		VMOVUPS(mem(dw, 0), e.g)
		VMULPS(a.at(unsafe.Offsetof(f.Scale)), e.g, e.g)
		VFMADD231PS(a.at(unsafe.Offsetof(f.Decay)), e.w, e.g)
		VSUBPS(body(e), e.w, e.w)
		VMOVUPS(e.w, mem(w, 0))
		for _, r := range []GPVirtual{dw, w, v, s} {
			add(vecBytes, r)
		}
	})
	end()
}

// times returns x times the number at an offset.
func (e eight) times(x Op, number uintptr) VecVirtual {
	r := YMM()
	VMOVUPS(e.at(number), r)
	VMULPS(x, r, r)
	return r
}

// mix returns old*keep + new*take, and stores it in the place of old.
func (e eight) mix(old Mem, keep uintptr, new VecVirtual, take uintptr) VecVirtual {
	r := e.times(old, keep)
	VFMADD231PS(e.at(take), new, r)
	VMOVUPS(r, old)
	return r
}

// second moves s with the square of the gradient.
func (e eight) second() VecVirtual {
	f := &optimizerFields
	r, part := e.times(e.s, unsafe.Offsetof(f.Second)), e.times(e.g, unsafe.Offsetof(f.NotSecond))
	VFMADD231PS(e.g, part, r)
	VMOVUPS(r, e.s)
	return r
}

func adam() {
	f := &optimizerFields
	optimizer("adam", func(e eight) VecVirtual {
		v := e.mix(e.v, unsafe.Offsetof(f.Momentum), e.g, unsafe.Offsetof(f.NotMomentum))
		root, u := e.times(e.second(), unsafe.Offsetof(f.SecondScale)), e.times(v, unsafe.Offsetof(f.FirstScale))
		VSQRTPS(root, root)
		VADDPS(e.at(unsafe.Offsetof(f.Eps)), root, root)
		VFMADD231PS(e.at(unsafe.Offsetof(f.Share)), e.g, u)
		VDIVPS(root, u, u)
		VFMADD231PS(e.at(unsafe.Offsetof(f.Decoupled)), e.w, u)
		return e.times(u, unsafe.Offsetof(f.Rate))
	})
}

// lion makes the sign of two comparisons with zero; of NaN it stays NaN.
func lion() {
	f := &optimizerFields
	optimizer("lion", func(e eight) VecVirtual {
		u, zero, above, below, one := e.times(e.v, unsafe.Offsetof(f.Momentum)), YMM(), YMM(), YMM(), YMM()
		VFMADD231PS(e.at(unsafe.Offsetof(f.NotMomentum)), e.g, u)
		e.mix(e.v, unsafe.Offsetof(f.Second), e.g, unsafe.Offsetof(f.NotSecond))
		VXORPS(zero, zero, zero)
		VMOVUPS(e.at(unsafe.Offsetof(f.One)), one)
		VCMPPS(Imm(cmpGreater), zero, u, above)
		VCMPPS(Imm(cmpLess), zero, u, below)
		VCMPPS(Imm(cmpUnordered), u, u, u)
		VANDPS(one, above, above)
		VANDPS(one, below, below)
		VSUBPS(below, above, above)
		VORPS(u, above, above)
		VFMADD231PS(e.at(unsafe.Offsetof(f.Decoupled)), e.w, above)
		return e.times(above, unsafe.Offsetof(f.Rate))
	})
}

func rmsprop() {
	f := &optimizerFields
	optimizer("rmsprop", func(e eight) VecVirtual {
		root, step := YMM(), e.times(e.g, unsafe.Offsetof(f.Rate))
		VADDPS(e.at(unsafe.Offsetof(f.Eps)), e.second(), root)
		VSQRTPS(root, root)
		VDIVPS(root, step, step)
		v := e.times(e.v, unsafe.Offsetof(f.Momentum))
		VADDPS(step, v, v)
		VMOVUPS(v, e.v)
		return e.times(v, unsafe.Offsetof(f.Share))
	})
}

func adagrad() {
	f := &optimizerFields
	optimizer("adagrad", func(e eight) VecVirtual {
		v, step := YMM(), e.times(e.g, unsafe.Offsetof(f.Rate))
		VMOVUPS(e.v, v)
		VFMADD231PS(e.g, e.g, v)
		VMOVUPS(v, e.v)
		VSQRTPS(v, v)
		VADDPS(e.at(unsafe.Offsetof(f.Eps)), v, v)
		VDIVPS(v, step, step)
		return step
	})
}
