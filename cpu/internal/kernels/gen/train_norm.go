package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// moments emits two passes over a run, which the first one leaves in the first-level cache: the sum in float64, then the
// squared deviations from the mean in float32.
func moments() {
	var f kernels.Moments
	a := begin("moments_avx2", "Moments", "is Moments with AVX2 and FMA.")
	total := a.sumDoubles()
	sums, pivot := a.load(unsafe.Offsetof(f.Sums)), a.load(unsafe.Offsetof(f.Pivot))
	count, inverse := YMM(), YMM()
	VBROADCASTSD(a.at(unsafe.Offsetof(f.Count)), count)
	VBROADCASTSD(a.at(unsafe.Offsetof(f.Inverse)), inverse)
	exact := ymms(2)
	for h, t := range total {
		VMULPD(inverse, t, exact[h])
		product := YMM()
		VMULPD(mem(pivot, h*vecBytes), count, product)
		VSUBPD(product, t, t) // the sum of differences from the pivot
	}
	mean := single(exact[0], exact[1])
	squares := a.sumSquares(mean)
	halves := widened(squares)
	means := widened(mean)
	for h, t := range total {
		addDoubles(copyVec(t), mem(sums, h*vecBytes))
		square := YMM()
		VMULPD(t, t, square)
		VMULPD(inverse, square, square)
		VADDPD(halves[h], square, square)
		VSUBPD(means[h], exact[h], exact[h]) // what rounding took from the mean
		VMULPD(exact[h], exact[h], exact[h])
		VMULPD(count, exact[h], exact[h])
		VSUBPD(exact[h], square, square)
		addDoubles(square, mem(sums, (2+h)*vecBytes))
	}
	end()
}

// eachRun repeats body for the pixels of a run, four or one at a time.
func (a arguments) eachRun(label string, body func(x Register, n int)) {
	var f kernels.Moments
	image := a.load(unsafe.Offsetof(f.X))
	repeat(label, a.load(unsafe.Offsetof(f.Images)), func() {
		x := copyOf(image)
		a.foursAndOnes(label, unsafe.Offsetof(f.Pixels), func(n int) {
			body(x, n)
			add(n*vecBytes, x)
		})
		ADDQ(a.at(unsafe.Offsetof(f.XImage)), image)
	})
}

// sumDoubles returns the sum of a run in two registers of float64.
func (a arguments) sumDoubles() []VecVirtual {
	acc := zeros(4)
	a.eachRun("sum", func(x Register, n int) {
		for i := range n {
			for h := range 2 {
				v, sum := YMM(), acc[2*(i%2)+h]
				VCVTPS2PD(mem(x, i*vecBytes+16*h), v)
				VADDPD(v, sum, sum)
			}
		}
	})
	VADDPD(acc[2], acc[0], acc[0])
	VADDPD(acc[3], acc[1], acc[1])
	return acc[:2]
}

// sumSquares returns the sum of the squared deviations of a run from mean.
func (a arguments) sumSquares(mean VecVirtual) VecVirtual {
	acc := zeros(4)
	a.eachRun("square", func(x Register, n int) {
		for i := range n {
			v := YMM()
			VMOVUPS(mem(x, i*vecBytes), v)
			VSUBPS(mean, v, v)
			VFMADD231PS(v, v, acc[i])
		}
	})
	VADDPS(acc[1], acc[0], acc[0])
	VADDPS(acc[3], acc[2], acc[2])
	VADDPS(acc[2], acc[0], acc[0])
	return acc[0]
}

// widened returns eight float32 as float64.
func widened(v VecVirtual) []VecVirtual {
	w, upper := ymms(2), XMM()
	VEXTRACTF128(Imm(1), v, upper)
	VCVTPS2PD(v.AsX(), w[0])
	VCVTPS2PD(upper, w[1])
	return w
}

func copyVec(v VecVirtual) VecVirtual {
	c := YMM()
	VMOVAPS(v, c)
	return c
}

// norm is the coefficients of batch norm in registers. masked says that gradients pass where the output is not clamped.
type norm struct {
	masked                     bool
	mean, scale, shift         VecVirtual
	offset, slope, limit, high VecVirtual
}

func (a arguments) norm(coeffs uintptr) norm {
	var f kernels.NormCoeffs
	c := a.load(coeffs)
	load := func(offset uintptr) VecVirtual {
		r := YMM()
		VMOVUPS(mem(c, int(offset)), r)
		return r
	}
	return norm{
		mean: load(unsafe.Offsetof(f.Mean)), scale: load(unsafe.Offsetof(f.Scale)), shift: load(unsafe.Offsetof(f.Shift)),
		offset: load(unsafe.Offsetof(f.Offset)), slope: load(unsafe.Offsetof(f.Slope)),
	}
}

// mask clears lanes of dy where (x-mean)*scale+shift, given x-mean, is not between the limits.
func (n norm) mask(centred, dy VecVirtual, clamp []VecVirtual) {
	y, inside := YMM(), YMM()
	VMOVAPS(centred, y)
	VFMADD213PS(n.shift, n.scale, y)
	VCMPPS(Imm(cmpGreater), clamp[0], y, inside)
	VCMPPS(Imm(cmpLess), clamp[1], y, y)
	VANDPS(inside, dy, dy)
	VANDPS(y, dy, dy)
}

// Predicates of VCMPPS that raise nothing. The first two are false for NaN.
const (
	cmpGreater   = 0x1e // GT_OQ
	cmpLess      = 0x11 // LT_OQ
	cmpUnordered = 0x03 // UNORD_Q, which is true for NaN alone
)

func maskedName(name string, masked bool) string {
	if masked {
		name += "Masked"
	}
	return name + "_avx2"
}

// gradSums emits the sums for the gradient of batch norm.
func gradSums(masked bool) {
	var f kernels.GradSums
	a := begin(maskedName("gradSums", masked), "GradSums", "is GradSums with AVX2 and FMA.")
	n := a.norm(unsafe.Offsetof(f.Coeffs))
	clamp := a.broadcasts(unsafe.Offsetof(f.Clamp), unsafe.Offsetof(f.Clamp)+4)
	acc := zeros(4) // of dy and of dy*(x-mean), in turns
	imageX, imageDY := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.DY))
	repeat("image", a.load(unsafe.Offsetof(f.Images)), func() {
		x, dy := copyOf(imageX), copyOf(imageDY)
		a.foursAndOnes("pixel", unsafe.Offsetof(f.Pixels), func(count int) {
			for i := range count {
				v, g := YMM(), YMM()
				VMOVUPS(mem(x, i*vecBytes), v)
				VMOVUPS(mem(dy, i*vecBytes), g)
				VSUBPS(n.mean, v, v)
				if masked {
					n.mask(v, g, clamp)
				}
				VADDPS(g, acc[2*(i%2)], acc[2*(i%2)])
				VFMADD231PS(g, v, acc[2*(i%2)+1])
			}
			add(count*vecBytes, x)
			add(count*vecBytes, dy)
		})
		ADDQ(a.at(unsafe.Offsetof(f.XImage)), imageX)
		ADDQ(a.at(unsafe.Offsetof(f.DYImage)), imageDY)
	})
	sums := a.load(unsafe.Offsetof(f.Sums))
	for i := range 2 {
		VADDPS(acc[2+i], acc[i], acc[i])
		flush(acc[i], mem(sums, 2*i*vecBytes))
	}
	end()
}

// normalize emits batch norm with known coefficients and a clamp.
func normalize() {
	var f kernels.Normalize
	a := begin("normalize_avx2", "Normalize", "is Normalize with AVX2 and FMA.")
	n := a.norm(unsafe.Offsetof(f.Coeffs))
	clamp := a.broadcasts(unsafe.Offsetof(f.Clamp), unsafe.Offsetof(f.Clamp)+4)
	a.eachImage(unsafe.Offsetof(f.Images), unsafe.Offsetof(f.Pixels), unsafe.Offsetof(f.Image), func(p []GPVirtual, count int) {
		for i := range count {
			v := YMM()
			VMOVUPS(mem(p[0], i*vecBytes), v)
			VSUBPS(n.mean, v, v)
			VFMADD213PS(n.shift, n.scale, v)
			VMAXPS(v, clamp[0], v)
			VMINPS(v, clamp[1], v)
			VMOVUPS(v, mem(p[1], i*vecBytes))
		}
	}, unsafe.Offsetof(f.X), unsafe.Offsetof(f.Y))
	end()
}

// eachImage repeats body for the pixels of all images, four or one at a time. It is given where they are in the tensors at
// some offsets, which have the same distance from image to image.
func (a arguments) eachImage(images, pixels, step uintptr, body func(p []GPVirtual, count int), tensors ...uintptr) {
	var image []GPVirtual
	for _, t := range tensors {
		image = append(image, a.load(t))
	}
	repeat("image", a.load(images), func() {
		var p []GPVirtual
		for _, r := range image {
			p = append(p, copyOf(r))
		}
		a.foursAndOnes("pixel", pixels, func(count int) {
			body(p, count)
			for _, r := range p {
				add(count*vecBytes, r)
			}
		})
		for _, r := range image {
			ADDQ(a.at(step), r)
		}
	})
}

// normalizeGrad emits the gradient of batch norm with known sums.
func normalizeGrad(masked bool) {
	var f kernels.NormalizeGrad
	a := begin(maskedName("normalizeGrad", masked), "NormalizeGrad", "is NormalizeGrad with AVX2 and FMA.")
	n := a.norm(unsafe.Offsetof(f.Coeffs))
	clamp := a.broadcasts(unsafe.Offsetof(f.Clamp), unsafe.Offsetof(f.Clamp)+4)
	a.eachImage(unsafe.Offsetof(f.Images), unsafe.Offsetof(f.Pixels), unsafe.Offsetof(f.Image), func(p []GPVirtual, count int) {
		for i := range count {
			v, g := YMM(), YMM()
			VMOVUPS(mem(p[0], i*vecBytes), v)
			VMOVUPS(mem(p[1], i*vecBytes), g)
			VSUBPS(n.mean, v, v)
			if masked {
				n.mask(v, g, clamp)
			}
			VFMSUB213PS(n.offset, n.scale, g)
			VFNMADD231PS(n.slope, v, g)
			VMOVUPS(g, mem(p[2], i*vecBytes))
		}
	}, unsafe.Offsetof(f.X), unsafe.Offsetof(f.DY), unsafe.Offsetof(f.DX))
	end()
}
