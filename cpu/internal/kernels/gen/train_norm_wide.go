package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"mnv2/cpu/internal/kernels"
)

// The loops of batch norm with AVX-512: two pixels share a register. Of an odd last pixel the upper half is masked off.

// pixel is one pixel, or two, at a distance from where the loop is.
type pixel struct {
	at   int // bytes
	half Op  // the mask of a single pixel, else nil
}

// load reads the pixel. Lanes of a pixel that is not there are 0, and are not read.
func (p pixel) load(from Register) VecVirtual {
	v := ZMM()
	if p.half != nil {
		VMOVUPS_Z(mem(from, p.at), p.half, v)
	} else {
		VMOVUPS(mem(from, p.at), v)
	}
	return v
}

// store writes the pixel and nothing else.
func (p pixel) store(v VecVirtual, to Register) {
	if p.half != nil {
		VMOVUPS(v, p.half, mem(to, p.at))
	} else {
		VMOVUPS(v, mem(to, p.at))
	}
}

// centred reads the pixel's x - mean, 0 where there is no pixel.
func (p pixel) centred(mean VecVirtual, from Register) VecVirtual {
	v := p.load(from)
	if p.half != nil {
		VSUBPS_Z(mean, v, p.half, v)
	} else {
		VSUBPS(mean, v, v)
	}
	return v
}

// halfMask returns the mask of the lower half of a register.
func halfMask() Op {
	bits, half := GP32(), K()
	MOVL(U32(0xff), bits)
	KMOVW(bits, half)
	return half
}

// eachPixel repeats body for as many pixels as there are in the count at an offset, up to eight at a time, and moves the
// registers on.
func (a arguments) eachPixel(label string, half Op, count uintptr, body func(p []pixel), move ...GPVirtual) {
	some := func(pixels int, half Op) func() {
		return func() {
			var list []pixel
			for i := 0; i < pixels; i += 2 {
				list = append(list, pixel{i * vecBytes, half})
			}
			body(list)
			for _, r := range move {
				add(pixels*vecBytes, r)
			}
		}
	}
	eights, pairs, last := a.load(count), a.load(count), a.load(count)
	SHRQ(Imm(3), eights)
	repeatMaybe(label+"_eights", eights, some(8, nil))
	SHRQ(Imm(1), pairs)
	ANDQ(Imm(3), pairs)
	repeatMaybe(label+"_pairs", pairs, some(2, nil))
	ANDQ(Imm(1), last)
	repeatMaybe(label+"_last", last, some(1, half))
}

// normWide is [arguments.norm] with every coefficient twice in a register.
func (a arguments) normWide(coeffs uintptr) norm {
	var f kernels.NormCoeffs
	c := a.load(coeffs)
	load := func(offset uintptr) VecVirtual {
		r := ZMM()
		VBROADCASTF32X8(mem(c, int(offset)), r)
		return r
	}
	return norm{
		mean: load(unsafe.Offsetof(f.Mean)), scale: load(unsafe.Offsetof(f.Scale)), shift: load(unsafe.Offsetof(f.Shift)),
		offset: load(unsafe.Offsetof(f.Offset)), slope: load(unsafe.Offsetof(f.Slope)),
	}
}

// limits loads both numbers of a clamp into all lanes.
func (a arguments) limits(clamp uintptr) []VecVirtual {
	list := []VecVirtual{ZMM(), ZMM()}
	VBROADCASTSS(a.at(clamp), list[0])
	VBROADCASTSS(a.at(clamp+4), list[1])
	return list
}

// passed reads dy of a pixel where (x-mean)*scale+shift, given x-mean, is between the limits, and 0 elsewhere.
func (n norm) passed(p pixel, centred VecVirtual, dy Register, limits []VecVirtual) VecVirtual {
	if limits == nil {
		return p.load(dy)
	}
	y, above, inside, g := ZMM(), K(), K(), ZMM()
	VMOVAPS(centred, y)
	VFMADD213PS(n.shift, n.scale, y)
	if p.half != nil {
		VCMPPS(Imm(cmpGreater), limits[0], y, p.half, above)
	} else {
		VCMPPS(Imm(cmpGreater), limits[0], y, above)
	}
	VCMPPS(Imm(cmpLess), limits[1], y, above, inside)
	VMOVUPS_Z(mem(dy, p.at), inside, g)
	return g
}

func wideName(name string, masked bool) string {
	if masked {
		name += "Masked"
	}
	return name + "_avx512"
}

// wideZeros returns n new registers that hold 0.
func wideZeros(n int) []VecVirtual {
	list := make([]VecVirtual, n)
	for i := range list {
		list[i] = ZMM()
		VPXORD(list[i], list[i], list[i])
	}
	return list
}

// joined adds up registers, and their two halves, and returns eight lanes.
func joined(v ...VecVirtual) VecVirtual {
	for len(v) > 1 {
		half := len(v) / 2
		for i := range half {
			VADDPS(v[half+i], v[i], v[i])
		}
		v = v[:half]
	}
	upper := YMM()
	VEXTRACTF32X8(Imm(1), v[0], upper)
	VADDPS(upper, v[0].AsY(), upper)
	return upper
}

// momentsWide is moments with AVX-512.
func momentsWide() {
	var f kernels.Moments
	a := begin("moments_avx512", "Moments", "is Moments with AVX-512.")
	half := halfMask()
	exact, mean, count, inverse := a.sumDoublesWide(half), YMM(), ZMM(), ZMM()
	VBROADCASTSD(a.at(unsafe.Offsetof(f.Count)), count)
	VBROADCASTSD(a.at(unsafe.Offsetof(f.Inverse)), inverse)
	sums, pivot := a.load(unsafe.Offsetof(f.Sums)), a.load(unsafe.Offsetof(f.Pivot))
	total, product, square := ZMM(), ZMM(), ZMM()
	VMULPD(mem(pivot, 0), count, product)
	VSUBPD(product, exact, total) // the sum of differences from the pivot
	VMULPD(inverse, exact, exact)
	VCVTPD2PS(exact, mean)
	squares, rounded := ZMM(), ZMM()
	VCVTPS2PD(a.sumSquaresWide(mean, half), squares)
	VCVTPS2PD(mean, rounded)
	VMULPD(total, total, square)
	VMULPD(inverse, square, square)
	VADDPD(squares, square, square)
	VSUBPD(rounded, exact, exact) // what rounding took from the mean
	VMULPD(exact, exact, exact)
	VMULPD(count, exact, exact)
	VSUBPD(exact, square, square)
	addDoubles(total, mem(sums, 0))
	addDoubles(square, mem(sums, 2*vecBytes))
	end()
}

// eachRunWide repeats body for the pixels of a run.
func (a arguments) eachRunWide(label string, half Op, body func(x Register, p []pixel)) {
	var f kernels.Moments
	image := a.load(unsafe.Offsetof(f.X))
	repeat(label, a.load(unsafe.Offsetof(f.Images)), func() {
		x := copyOf(image)
		a.eachPixel(label, half, unsafe.Offsetof(f.Pixels), func(p []pixel) { body(x, p) }, x)
		ADDQ(a.at(unsafe.Offsetof(f.XImage)), image)
	})
}

// sumDoublesWide returns the sum of a run in a register of float64.
func (a arguments) sumDoublesWide(half Op) VecVirtual {
	acc := wideZeros(4)
	a.eachRunWide("sum", half, func(x Register, p []pixel) {
		pixels := 2 * len(p)
		if p[0].half != nil {
			pixels = 1
		}
		for i := range pixels {
			v := ZMM()
			VCVTPS2PD(mem(x, i*vecBytes), v)
			VADDPD(v, acc[i%4], acc[i%4])
		}
	})
	VADDPD(acc[2], acc[0], acc[0])
	VADDPD(acc[3], acc[1], acc[1])
	VADDPD(acc[1], acc[0], acc[0])
	return acc[0]
}

// sumSquaresWide returns the sum of the squared deviations of a run from mean.
func (a arguments) sumSquaresWide(mean VecVirtual, half Op) VecVirtual {
	acc, both := wideZeros(4), ZMM()
	VINSERTF32X8(Imm(1), mean, mean.AsZ(), both)
	a.eachRunWide("square", half, func(x Register, p []pixel) {
		for i := range p {
			v := p[i].centred(both, x)
			VFMADD231PS(v, v, acc[i])
		}
	})
	return joined(acc...)
}

// gradSumsWide is gradSums with AVX-512.
func gradSumsWide(masked bool) {
	var f kernels.GradSums
	a := begin(wideName("gradSums", masked), "GradSums", "is GradSums with AVX-512.")
	half, n := halfMask(), a.normWide(unsafe.Offsetof(f.Coeffs))
	var limits []VecVirtual
	if masked {
		limits = a.limits(unsafe.Offsetof(f.Clamp))
	}
	first, second := wideZeros(4), wideZeros(4) // of dy, and of dy*(x-mean)
	imageX, imageDY := a.load(unsafe.Offsetof(f.X)), a.load(unsafe.Offsetof(f.DY))
	repeat("image", a.load(unsafe.Offsetof(f.Images)), func() {
		x, dy := copyOf(imageX), copyOf(imageDY)
		a.eachPixel("pixel", half, unsafe.Offsetof(f.Pixels), func(p []pixel) {
			for i := range p {
				v := p[i].centred(n.mean, x)
				g := n.passed(p[i], v, dy, limits)
				VADDPS(g, first[i], first[i])
				VFMADD231PS(g, v, second[i])
			}
		}, x, dy)
		ADDQ(a.at(unsafe.Offsetof(f.XImage)), imageX)
		ADDQ(a.at(unsafe.Offsetof(f.DYImage)), imageDY)
	})
	sums := a.load(unsafe.Offsetof(f.Sums))
	flushWide(joined(first...), mem(sums, 0))
	flushWide(joined(second...), mem(sums, 2*vecBytes))
	end()
}

// eachImageWide is [arguments.eachImage] with [arguments.eachPixel].
func (a arguments) eachImageWide(half Op, images, pixels, step uintptr, body func(at []GPVirtual, p pixel), tensors ...uintptr) {
	var image []GPVirtual
	for _, t := range tensors {
		image = append(image, a.load(t))
	}
	repeat("image", a.load(images), func() {
		var at []GPVirtual
		for _, r := range image {
			at = append(at, copyOf(r))
		}
		a.eachPixel("pixel", half, pixels, func(list []pixel) {
			for _, p := range list {
				body(at, p)
			}
		}, at...)
		for _, r := range image {
			ADDQ(a.at(step), r)
		}
	})
}

// normalizeWide is normalize with AVX-512.
func normalizeWide() {
	var f kernels.Normalize
	a := begin("normalize_avx512", "Normalize", "is Normalize with AVX-512.")
	half, n, limits := halfMask(), a.normWide(unsafe.Offsetof(f.Coeffs)), a.limits(unsafe.Offsetof(f.Clamp))
	a.eachImageWide(half, unsafe.Offsetof(f.Images), unsafe.Offsetof(f.Pixels), unsafe.Offsetof(f.Image), func(at []GPVirtual, p pixel) {
		v := p.centred(n.mean, at[0])
		VFMADD213PS(n.shift, n.scale, v)
		VMAXPS(v, limits[0], v)
		VMINPS(v, limits[1], v)
		p.store(v, at[1])
	}, unsafe.Offsetof(f.X), unsafe.Offsetof(f.Y))
	end()
}

// normalizeGradWide is normalizeGrad with AVX-512.
func normalizeGradWide(masked bool) {
	var f kernels.NormalizeGrad
	a := begin(wideName("normalizeGrad", masked), "NormalizeGrad", "is NormalizeGrad with AVX-512.")
	half, n := halfMask(), a.normWide(unsafe.Offsetof(f.Coeffs))
	var limits []VecVirtual
	if masked {
		limits = a.limits(unsafe.Offsetof(f.Clamp))
	}
	a.eachImageWide(half, unsafe.Offsetof(f.Images), unsafe.Offsetof(f.Pixels), unsafe.Offsetof(f.Image), func(at []GPVirtual, p pixel) {
		v := p.centred(n.mean, at[0])
		g := n.passed(p, v, at[1], limits)
		VFMSUB213PS(n.offset, n.scale, g)
		VFNMADD231PS(n.slope, v, g)
		p.store(g, at[2])
	}, unsafe.Offsetof(f.X), unsafe.Offsetof(f.DY), unsafe.Offsetof(f.DX))
	end()
}
