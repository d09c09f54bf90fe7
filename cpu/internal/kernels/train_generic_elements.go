package kernels

import (
	"math"
	"unsafe"
)

func numbers(p *float32, eights int) []float32 { return unsafe.Slice(p, eights*Lanes) }

func clampElements(a *Elements) {
	z := numbers(a.Z, a.Count)
	for i, v := range numbers(a.X, a.Count) {
		z[i] = min(max(v, a.A), a.B)
	}
}

func maskElements(a *Elements) {
	y, z := numbers(a.Y, a.Count), numbers(a.Z, a.Count)
	if a.A != 0 {
		for i, g := range numbers(a.X, a.Count) {
			z[i] = 0
			if y[i] > a.A && y[i] < a.B {
				z[i] = g
			}
		}
		return
	}
	high := int64(math.Float32bits(a.B)) - 1
	for i, g := range numbers(a.X, a.Count) {
		z[i] = passed(y[i], g, high)
	}
}

func blendElements(a *Elements) {
	y := numbers(a.Y, a.Count)
	for i, v := range numbers(a.X, a.Count) {
		y[i] = a.A*v + a.B*y[i]
	}
}

func scaleElements(a *Elements) {
	y := numbers(a.Y, a.Count)
	for i, v := range numbers(a.X, a.Count) {
		y[i] = a.A * v
	}
}

func momentum(a *Momentum) {
	w, v := numbers(a.W, a.Count), numbers(a.V, a.Count)
	for i, d := range numbers(a.DW, a.Count) {
		g := d*a.Scale + a.Decay*w[i]
		v[i] = a.Momentum*v[i] + g
		w[i] -= a.Rate * v[i]
	}
}

func nesterov(a *Momentum) {
	w, v := numbers(a.W, a.Count), numbers(a.V, a.Count)
	for i, d := range numbers(a.DW, a.Count) {
		g := d*a.Scale + a.Decay*w[i]
		v[i] = a.Momentum*v[i] + g
		w[i] -= a.Rate * (g + a.Momentum*v[i])
	}
}
