package kernels

import "unsafe"

// genericTrain returns the loops in plain Go. Go's compiler does not use vector registers, so they are unrolled over the
// eight lanes. Keeping sums in memory and adding eight products at a time was the fastest of eight variants, twice as fast
// as eight accumulators in registers: 8 GFLOP/s a core for 1x1 convolutions (AMD EPYC, Go 1.26, November 2026). The sums in
// pairs are also the more accurate ones.
func genericTrain() *Train {
	return &Train{
		Pointwise:           [forms]func(*Pointwise){1: pointwisePairs(1), 2: pointwisePairs(2), 3: pointwisePairs(3)},
		Depthwise:           [3]func(*Depthwise){1: depthwiseRows(1), 2: depthwiseRows(2)},
		Outer:               [7]func(*Outer){1: outer(1), 2: outer(2), 3: outer(3)},
		Transpose:           transpose,
		Copy:                copyRows,
		AddUp:               addUp,
		DepthwiseGradWeight: [3]func(*DepthwiseGradWeight){1: depthwiseGradWeight(1), 2: depthwiseGradWeight(2)},
		DepthwiseGradInput:  depthwiseGradInput,
		StemGradWeight:      stemGradWeight,
		Moments:             moments,
		GradSums:            [2]func(*GradSums){gradSums, gradSumsMasked},
		Normalize:           normalize,
		NormalizeGrad:       [2]func(*NormalizeGrad){normalizeGrad, normalizeGradMasked},
		Clamp:               clampElements,
		Mask:                maskElements,
		Blend:               blendElements,
		Scale:               scaleElements,
		Momentum:            [2]func(*Momentum){momentum, nesterov},
		Adam:                adam,
		Lion:                lion,
		RMSProp:             rmsprop,
		Adagrad:             adagrad,
		Largest:             largest,
		SumSquares:          sumSquares,
	}
}

// planeOf returns n pixels of eight lanes that lie some bytes from p.
func planeOf(p *float32, bytes, n int) []vec { return unsafe.Slice(vecAt(p, bytes), n) }

// pointwisePairs is Pointwise with the channel blocks outside and the pixels inside.
func pointwisePairs(vectors int) func(*Pointwise) {
	return func(a *Pointwise) {
		for v := range vectors {
			y := planeOf(a.Y, v*a.YBlock, a.Rows.Total)
			for i := range y {
				start := *vecAt(a.Bias, v*vecBytes)
				if a.Add != nil {
					addVec(&start, vecAt(a.Add, v*a.YBlock+i*vecBytes))
				}
				y[i] = start
			}
			for b := range a.Blocks {
				w := panelOf(a.W, b*Lanes*vectors+v, vectors)
				for i, x := range planeOf(a.X, b*a.XBlock, a.Rows.Total) {
					addRow(&y[i], &w, x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7])
				}
			}
			for i := range y {
				clampVec(&y[i], a.Clamp)
			}
		}
	}
}

// panel is eight rows of eight weights.
type panel = [Lanes * Lanes]float32

// panelOf copies eight rows of weights, which lie step vectors apart.
func panelOf(w *float32, first, step int) (p panel) {
	for k := range Lanes {
		*(*vec)(p[k*Lanes:]) = *vecAt(w, (first+k*step)*vecBytes)
	}
	return p
}

// addRow adds the row x times the panel: y[k] += sum over c of x[c]*w[c*8+k].
func addRow(y *vec, w *panel, x0, x1, x2, x3, x4, x5, x6, x7 float32) {
	y[0] += ((x0*w[0] + x1*w[8]) + (x2*w[16] + x3*w[24])) + ((x4*w[32] + x5*w[40]) + (x6*w[48] + x7*w[56]))
	y[1] += ((x0*w[1] + x1*w[9]) + (x2*w[17] + x3*w[25])) + ((x4*w[33] + x5*w[41]) + (x6*w[49] + x7*w[57]))
	y[2] += ((x0*w[2] + x1*w[10]) + (x2*w[18] + x3*w[26])) + ((x4*w[34] + x5*w[42]) + (x6*w[50] + x7*w[58]))
	y[3] += ((x0*w[3] + x1*w[11]) + (x2*w[19] + x3*w[27])) + ((x4*w[35] + x5*w[43]) + (x6*w[51] + x7*w[59]))
	y[4] += ((x0*w[4] + x1*w[12]) + (x2*w[20] + x3*w[28])) + ((x4*w[36] + x5*w[44]) + (x6*w[52] + x7*w[60]))
	y[5] += ((x0*w[5] + x1*w[13]) + (x2*w[21] + x3*w[29])) + ((x4*w[37] + x5*w[45]) + (x6*w[53] + x7*w[61]))
	y[6] += ((x0*w[6] + x1*w[14]) + (x2*w[22] + x3*w[30])) + ((x4*w[38] + x5*w[46]) + (x6*w[54] + x7*w[62]))
	y[7] += ((x0*w[7] + x1*w[15]) + (x2*w[23] + x3*w[31])) + ((x4*w[39] + x5*w[47]) + (x6*w[55] + x7*w[63]))
}

// outer takes eight pixels at a time: their channels k are a row, their channels c a panel.
func outer(vectors int) func(*Outer) {
	return func(a *Outer) {
		for v := range vectors {
			var sum, dy, x panel
			n := 0
			for image := range a.Images {
				for p := range a.Pixels {
					*(*vec)(dy[n*Lanes:]) = *vecAt(a.DY, image*a.DYImage+p*a.DYPixel)
					*(*vec)(x[n*Lanes:]) = *vecAt(a.X, v*a.XBlock+image*a.XImage+p*a.XPixel)
					if n++; n == Lanes {
						addOuter(&sum, &dy, &x)
						n = 0
					}
				}
			}
			clear(dy[n*Lanes:])
			clear(x[n*Lanes:])
			addOuter(&sum, &dy, &x)
			for k := range Lanes {
				if a.To != nil {
					*vecAt(a.To, k*a.ToRow+v*vecBytes) = *(*vec)(sum[k*Lanes:])
					continue
				}
				to := doubles(a.Sum, k*a.SumRow+2*v*vecBytes)
				for c, s := range sum[k*Lanes : (k+1)*Lanes] {
					to[c] += float64(s)
				}
			}
		}
	}
}

func addOuter(sum, dy, x *panel) {
	for k := range Lanes {
		row := (*vec)(sum[k*Lanes:])
		addRow(row, x, dy[k], dy[8+k], dy[16+k], dy[24+k], dy[32+k], dy[40+k], dy[48+k], dy[56+k])
	}
}

// doubles returns the eight float64 that lie some bytes from p.
func doubles(p *float64, bytes int) *[Lanes]float64 {
	return (*[Lanes]float64)(unsafe.Add(unsafe.Pointer(p), bytes))
}

func copyRows(a *Copy) {
	for i := range a.Rows {
		for j := range a.Vectors {
			v := *vecAt(a.From, i*a.FromRow+j*vecBytes)
			if a.Add != nil {
				addVec(&v, vecAt(a.Add, i*a.AddRow+j*vecBytes))
			}
			*vecAt(a.To, i*a.ToRow+j*vecBytes) = v
		}
	}
}

func transpose(a *Transpose) {
	for b := range a.Blocks {
		for j := range Lanes {
			to := vecAt(a.To, (b*Lanes+j)*a.ToRow)
			for i := range to {
				to[i] = vecAt(a.From, i*a.FromRow+b*vecBytes)[j]
			}
		}
	}
}

func addUp(a *AddUp) {
	for i := range a.Count {
		sum := *doubles(a.From, 2*i*vecBytes)
		for g := 1; g < a.Groups; g++ {
			for l, v := range doubles(a.From, g*a.Group+2*i*vecBytes) {
				sum[l] += v
			}
		}
		to := vecAt(a.To, i*vecBytes)
		for l, v := range sum {
			to[l] = float32(v)
		}
	}
}
