package cpu

import "unsafe"

// genericKernels is plain Go. Go's compiler does not use vector registers, so the loops are unrolled over the eight lanes and
// written so that no bounds are checked inside. Keeping the accumulators in memory and summing eight products at a time
// was the fastest of eight variants, twice as fast as eight accumulators in registers: 8 GFLOP/s a core for 1x1
// convolutions in every pass, 4 to 6 for depthwise ones (AMD EPYC, Go 1.26, November 2026). The sums in pairs are also the
// more accurate ones.
var genericKernels = kernels{
	name:      "generic",
	pointwise: pointwiseGeneric,
	outer:     outerGeneric,
	taps3x3:   taps3x3Generic,
	dot:       dotGeneric,
	spread:    spreadGeneric,
}

func pointwiseGeneric(y []vec, yStep int, x []vec, xStep, xBlock int, w []panel, init *vec, n int) {
	for i := range n {
		y[i*yStep] = *init
	}
	for b := range w {
		wb, xb := &w[b], x[b*xBlock:]
		for i := range n {
			v := &xb[i*xStep]
			rowPanel(&y[i*yStep], wb, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7])
		}
	}
}

// rowPanel adds the row x times the panel: y[k] += sum over c of x[c]*w[c*8+k].
func rowPanel(y *vec, w *panel, x0, x1, x2, x3, x4, x5, x6, x7 float32) {
	y[0] += ((x0*w[0] + x1*w[8]) + (x2*w[16] + x3*w[24])) + ((x4*w[32] + x5*w[40]) + (x6*w[48] + x7*w[56]))
	y[1] += ((x0*w[1] + x1*w[9]) + (x2*w[17] + x3*w[25])) + ((x4*w[33] + x5*w[41]) + (x6*w[49] + x7*w[57]))
	y[2] += ((x0*w[2] + x1*w[10]) + (x2*w[18] + x3*w[26])) + ((x4*w[34] + x5*w[42]) + (x6*w[50] + x7*w[58]))
	y[3] += ((x0*w[3] + x1*w[11]) + (x2*w[19] + x3*w[27])) + ((x4*w[35] + x5*w[43]) + (x6*w[51] + x7*w[59]))
	y[4] += ((x0*w[4] + x1*w[12]) + (x2*w[20] + x3*w[28])) + ((x4*w[36] + x5*w[44]) + (x6*w[52] + x7*w[60]))
	y[5] += ((x0*w[5] + x1*w[13]) + (x2*w[21] + x3*w[29])) + ((x4*w[37] + x5*w[45]) + (x6*w[53] + x7*w[61]))
	y[6] += ((x0*w[6] + x1*w[14]) + (x2*w[22] + x3*w[30])) + ((x4*w[38] + x5*w[46]) + (x6*w[54] + x7*w[62]))
	y[7] += ((x0*w[7] + x1*w[15]) + (x2*w[23] + x3*w[31])) + ((x4*w[39] + x5*w[47]) + (x6*w[55] + x7*w[63]))
}

// outerGeneric takes eight pixels at a time: their channels k are a row, their channels c a panel.
func outerGeneric(acc *panel, a []vec, aStep int, b []vec, bStep, n int) {
	i := 0
	var gatheredA, gatheredB [lanes]vec
	for ; i+lanes <= n; i += lanes {
		x := eightPixels(a[i*aStep:], aStep, &gatheredA)
		w := eightPixels(b[i*bStep:], bStep, &gatheredB)
		for k := range lanes {
			row := (*vec)(acc[k*lanes:])
			rowPanel(row, w, x[k], x[8+k], x[16+k], x[24+k], x[32+k], x[40+k], x[48+k], x[56+k])
		}
	}
	for ; i < n; i++ {
		x, w := &a[i*aStep], &b[i*bStep]
		for k, v := range x {
			row := (*vec)(acc[k*lanes:])
			row[0] += v * w[0]
			row[1] += v * w[1]
			row[2] += v * w[2]
			row[3] += v * w[3]
			row[4] += v * w[4]
			row[5] += v * w[5]
			row[6] += v * w[6]
			row[7] += v * w[7]
		}
	}
}

// eightPixels returns eight pixels side by side, copied to room if they are not.
func eightPixels(pixels []vec, step int, room *[lanes]vec) *panel {
	if step == 1 {
		return (*panel)(unsafe.Pointer((*[lanes]vec)(pixels)))
	}
	for i := range room {
		room[i] = pixels[i*step]
	}
	return (*panel)(unsafe.Pointer(room))
}

func taps3x3Generic(y, x0, x1, x2 []vec, step int, w *[9]vec) {
	for q := range y {
		o := &y[q]
		a, b, c := (*[3]vec)(x0[q*step:]), (*[3]vec)(x1[q*step:]), (*[3]vec)(x2[q*step:])
		o[0] = (a[0][0]*w[0][0] + a[1][0]*w[1][0] + a[2][0]*w[2][0]) + (b[0][0]*w[3][0] + b[1][0]*w[4][0] + b[2][0]*w[5][0]) + (c[0][0]*w[6][0] + c[1][0]*w[7][0] + c[2][0]*w[8][0])
		o[1] = (a[0][1]*w[0][1] + a[1][1]*w[1][1] + a[2][1]*w[2][1]) + (b[0][1]*w[3][1] + b[1][1]*w[4][1] + b[2][1]*w[5][1]) + (c[0][1]*w[6][1] + c[1][1]*w[7][1] + c[2][1]*w[8][1])
		o[2] = (a[0][2]*w[0][2] + a[1][2]*w[1][2] + a[2][2]*w[2][2]) + (b[0][2]*w[3][2] + b[1][2]*w[4][2] + b[2][2]*w[5][2]) + (c[0][2]*w[6][2] + c[1][2]*w[7][2] + c[2][2]*w[8][2])
		o[3] = (a[0][3]*w[0][3] + a[1][3]*w[1][3] + a[2][3]*w[2][3]) + (b[0][3]*w[3][3] + b[1][3]*w[4][3] + b[2][3]*w[5][3]) + (c[0][3]*w[6][3] + c[1][3]*w[7][3] + c[2][3]*w[8][3])
		o[4] = (a[0][4]*w[0][4] + a[1][4]*w[1][4] + a[2][4]*w[2][4]) + (b[0][4]*w[3][4] + b[1][4]*w[4][4] + b[2][4]*w[5][4]) + (c[0][4]*w[6][4] + c[1][4]*w[7][4] + c[2][4]*w[8][4])
		o[5] = (a[0][5]*w[0][5] + a[1][5]*w[1][5] + a[2][5]*w[2][5]) + (b[0][5]*w[3][5] + b[1][5]*w[4][5] + b[2][5]*w[5][5]) + (c[0][5]*w[6][5] + c[1][5]*w[7][5] + c[2][5]*w[8][5])
		o[6] = (a[0][6]*w[0][6] + a[1][6]*w[1][6] + a[2][6]*w[2][6]) + (b[0][6]*w[3][6] + b[1][6]*w[4][6] + b[2][6]*w[5][6]) + (c[0][6]*w[6][6] + c[1][6]*w[7][6] + c[2][6]*w[8][6])
		o[7] = (a[0][7]*w[0][7] + a[1][7]*w[1][7] + a[2][7]*w[2][7]) + (b[0][7]*w[3][7] + b[1][7]*w[4][7] + b[2][7]*w[5][7]) + (c[0][7]*w[6][7] + c[1][7]*w[7][7] + c[2][7]*w[8][7])
	}
}

func dotGeneric(acc *vec, a, b []vec, bStep int) {
	s0, s1, s2, s3, s4, s5, s6, s7 := acc[0], acc[1], acc[2], acc[3], acc[4], acc[5], acc[6], acc[7]
	for i := range a {
		x, w := &a[i], &b[i*bStep]
		s0 += x[0] * w[0]
		s1 += x[1] * w[1]
		s2 += x[2] * w[2]
		s3 += x[3] * w[3]
		s4 += x[4] * w[4]
		s5 += x[5] * w[5]
		s6 += x[6] * w[6]
		s7 += x[7] * w[7]
	}
	*acc = vec{s0, s1, s2, s3, s4, s5, s6, s7}
}

func spreadGeneric(y []vec, yStep int, x []vec, w *vec) {
	w0, w1, w2, w3, w4, w5, w6, w7 := w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]
	for i := range x {
		o, v := &y[i*yStep], &x[i]
		o[0] += v[0] * w0
		o[1] += v[1] * w1
		o[2] += v[2] * w2
		o[3] += v[3] * w3
		o[4] += v[4] * w4
		o[5] += v[5] * w5
		o[6] += v[6] * w6
		o[7] += v[7] * w7
	}
}
