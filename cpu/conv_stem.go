package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// isStem3x3 reports whether a convolution is of the kind of MobileNetV2's first one, for which there are kernels.
func isStem3x3(o backend.Conv2D) bool {
	return o.Groups == 1 && o.R == 3 && o.S == 3 && o.Pad == 1 && o.Stride == 2 && o.C <= lanes && o.W > 1 &&
		(o.Pass != backend.GradWeight || o.C == 3) && o.Pass != backend.GradInput
}

// stemPacking takes the filter as a matrix from rows, channels and columns of taps, in this order, to output channels.
func stemPacking(o backend.Conv2D) packing {
	p := packing{out: o.K, in: 9 * o.C, outStep: 9 * o.C}
	for r := range 3 {
		for c := range o.C {
			for s := range 3 {
				p.inPlace = append(p.inPlace, 9*c+3*r+s)
			}
		}
	}
	return p
}

// stem is the forward pass of the first convolution. A chunk is some rows of the output of an image.
type stem struct {
	*env
	matrix
	window
	channels, images int
	parts            int   // of an image
	zeros            []vec // a row outside of the picture
	args             own[kernels.Stem]
	size             int64
	bias             bool
	packStep         func(chunk, worker int)
	rowsStep         func(chunk, worker int)
}

func newStem(o backend.Conv2D, e *env) program {
	s := &stem{env: e, window: newWindow(o), channels: o.C, images: o.N, bias: hasBias(o), zeros: make([]vec, o.W), args: newOwn[kernels.Stem](e)}
	s.parts = min(s.outH, (wantedChunks+o.N-1)/o.N)
	var l layout
	s.matrix = newMatrix(e, stemPacking(o), &l)
	s.size = l.size
	s.packStep, s.rowsStep = s.packColumns, s.computeRows
	return s
}

func (s *stem) workspace() int64 { return s.size }

func (s *stem) run() error {
	s.parallel(len(s.columns), s.packStep)
	s.parallel(s.images*s.parts, s.rowsStep)
	return nil
}

func (s *stem) packColumns(i, worker int) {
	var bias []float32
	if s.bias {
		bias = s.f32(2)
	}
	s.pack(i, s.f32(1), bias, worker)
}

func (s *stem) computeRows(chunk, worker int) {
	image, part := chunk/s.parts, chunk%s.parts
	x := s.vecs(0)[image*s.inH*s.inW:]
	plane := s.outH * s.outW
	y := s.vecs(len(s.operands) - 1)[image*s.outBlocks()*plane:]
	a := s.args.of(worker)
	*a = kernels.Stem{Channels: s.channels, YBlock: plane * vecBytes, Odd: s.inW % 2, Clamp: unclamped}
	for p := part * s.outH / s.parts; p < (part+1)*s.outH/s.parts; p++ {
		for r := range 3 {
			a.X[r] = &s.zeros[0][0]
			if h := 2*p + r - 1; h >= 0 && h < s.inH {
				a.X[r] = &x[h*s.inW][0]
			}
		}
		for i := range s.columns {
			s.computeRow(a, i, y[s.columns[i].block*plane+p*s.outW:], plane)
		}
	}
	*a = kernels.Stem{}
}

// computeRow computes a row of the output for columns i.
func (s *stem) computeRow(a *kernels.Stem, i int, y []vec, plane int) {
	c := &s.columns[i]
	a.W, a.Bias, a.Y = &s.weights.in(s.work)[c.weights], &s.biases.in(s.work)[c.block][0], &y[0][0]
	a.Rows = s.Split(c.vectors, s.outW-1-a.Odd)
	s.Set.Stem[c.vectors](a)
	if used := s.matrix.out - (c.block+c.vectors-1)*lanes; used < lanes {
		clearLanes(y[(c.vectors-1)*plane:][:s.outW], used)
	}
}

// stemGradWeight is the gradient of the weights of the first convolution, over pictures of three channels. A chunk is a
// range of images.
type stemGradWeight struct {
	*env
	window
	out, images, groups int
	perCall             int                     // rows
	parts               section[[lanes]float64] // [groups][outBlocks][3 rows][3 channels][3 columns]
	args                own[kernels.StemGradWeight]
	size                int64
	bias                *biasGradient
	sumStep             func(chunk, worker int)
}

func newStemGradWeight(o backend.Conv2D, e *env) program {
	s := &stemGradWeight{env: e, window: newWindow(o), out: o.K, images: o.N, groups: min(o.N, wantedChunks), args: newOwn[kernels.StemGradWeight](e)}
	pieces := newRuns(s.outH*s.outW, gradRun).pieces
	s.perCall = (s.outH + pieces - 1) / pieces
	var l layout
	s.parts = region[[lanes]float64](&l, s.groups*blocks(o.K)*27)
	s.size = l.size
	s.bias = newBiasGradient(o, e)
	s.sumStep = s.sum
	return s
}

func (s *stemGradWeight) workspace() int64 { return s.size }

func (s *stemGradWeight) run() error {
	s.parallel(s.groups, s.sumStep)
	parts, size := s.parts.in(s.work), blocks(s.out)*27
	for k := range s.out {
		for tap := range 27 {
			r, c, col := tap/9, tap/3%3, tap%3
			total := 0.0
			for g := range s.groups {
				total += parts[g*size+k/lanes*27+tap][k%lanes]
			}
			s.f32(2)[27*k+9*c+3*r+col] = float32(total)
		}
	}
	s.bias.run()
	return nil
}

func (s *stemGradWeight) sum(group, worker int) {
	count := blocks(s.out)
	totals := s.parts.in(s.work)[group*count*27 : (group+1)*count*27]
	clear(totals)
	a := s.args.of(worker)
	*a = kernels.StemGradWeight{XRow: 2 * s.inW * vecBytes, Taps: kernels.DepthwiseTaps(2, s.inW)}
	for image := group * s.images / s.groups; image < (group+1)*s.images/s.groups; image++ {
		for p := 0; p < s.outH; p += s.perCall {
			for r := range 3 {
				s.sumRows(a, totals, image, r, p, min(p+s.perCall, s.outH))
			}
		}
	}
	*a = kernels.StemGradWeight{}
}

// sumRows adds what some output rows give to row r of the taps. Output row p sees input row 2*p+r-1, which is outside for
// the first and perhaps for the last p.
func (s *stemGradWeight) sumRows(a *kernels.StemGradWeight, totals [][lanes]float64, image, r, first, end int) {
	if r == 0 {
		first = max(first, 1)
	}
	for end > first && 2*(end-1)+r-1 >= s.inH {
		end--
	}
	if first >= end {
		return
	}
	count := blocks(s.out)
	a.X, a.Count = &s.vecs(0)[(image*s.inH+2*first+r-1)*s.inW][0], end-first
	for b := range count {
		a.DY = &s.vecs(1)[((image*count+b)*s.outH+first)*s.outW][0]
		a.Sum = &totals[b*27+9*r][0]
		s.train.StemGradWeight(a)
	}
}
