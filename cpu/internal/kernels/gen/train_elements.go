package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/mmcloughlin/avo/operand"

	"mnv2/cpu/internal/kernels"
)

// elements emits a loop over numbers. body gets the addresses of X, Y and Z, and A and B in all lanes of two registers.
func elements(name string, body func(x, y, z Mem, ab []VecVirtual)) {
	var f kernels.Elements
	a := begin(name+"_avx2", "Elements", "is the operation of that name in Train, with AVX2 and FMA.")
	ab := a.broadcasts(unsafe.Offsetof(f.A), unsafe.Offsetof(f.B))
	p := []GPVirtual{a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.Y)), a.load(unsafe.Offsetof(f.Z))}
	a.foursAndOnes("eight", unsafe.Offsetof(f.Count), func(count int) {
		for i := range count {
			body(mem(p[0], i*vecBytes), mem(p[1], i*vecBytes), mem(p[2], i*vecBytes), ab)
		}
		for _, r := range p {
			add(count*vecBytes, r)
		}
	})
	end()
}

func clampElements() {
	elements("clamp", func(x, _, z Mem, ab []VecVirtual) {
		v := YMM()
		VMOVUPS(x, v)
		VMAXPS(v, ab[0], v)
		VMINPS(v, ab[1], v)
		VMOVUPS(v, z)
	})
}

func maskElements() {
	elements("mask", func(x, y, z Mem, ab []VecVirtual) {
		v, above := YMM(), YMM()
		VMOVUPS(y, v)
		VCMPPS(Imm(cmpGreater), ab[0], v, above)
		VCMPPS(Imm(cmpLess), ab[1], v, v)
		VANDPS(above, v, v)
		VANDPS(x, v, v)
		VMOVUPS(v, z)
	})
}

func blendElements() {
	elements("blend", func(x, y, _ Mem, ab []VecVirtual) {
		v := YMM()
		VMULPS(y, ab[1], v)
		VFMADD231PS(x, ab[0], v)
		VMOVUPS(v, y)
	})
}

func scaleElements() {
	elements("scale", func(x, y, _ Mem, ab []VecVirtual) {
		v := YMM()
		VMULPS(x, ab[0], v)
		VMOVUPS(v, y)
	})
}

// momentum emits the step of the optimizer.
func momentum(nesterov bool) {
	var f kernels.Momentum
	name, doc := "momentum_avx2", "is Momentum with AVX2 and FMA."
	if nesterov {
		name, doc = "nesterov_avx2", "is Momentum in the form of Nesterov with AVX2 and FMA."
	}
	a := begin(name, "Momentum", doc)
	h := a.broadcasts(unsafe.Offsetof(f.Rate), unsafe.Offsetof(f.Decay), unsafe.Offsetof(f.Momentum), unsafe.Offsetof(f.Scale))
	rate, decay, mu, scale := h[0], h[1], h[2], h[3]
	dw, w, v := a.load(unsafe.Offsetof(f.DW)), a.load(unsafe.Offsetof(f.W)), a.load(unsafe.Offsetof(f.V))
	a.foursAndOnes("eight", unsafe.Offsetof(f.Count), func(count int) {
		for i := range count {
			at := i * vecBytes
			weight, g, speed := YMM(), YMM(), YMM()
			VMOVUPS(mem(w, at), weight)
			VMULPS(mem(dw, at), scale, g)
			VFMADD231PS(weight, decay, g)
			VMULPS(mem(v, at), mu, speed)
			VADDPS(g, speed, speed)
			VMOVUPS(speed, mem(v, at))
			if nesterov {
				VFMADD231PS(speed, mu, g)
				speed = g
			}
			VFNMADD231PS(speed, rate, weight)
			VMOVUPS(weight, mem(w, at))
		}
		for _, r := range []GPVirtual{dw, w, v} {
			add(count*vecBytes, r)
		}
	})
	end()
}
