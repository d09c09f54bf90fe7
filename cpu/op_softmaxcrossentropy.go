package cpu

import (
	"fmt"
	"math"

	"mnv2/backend"
)

// softmaxCrossEntropy is the loss of each image and its gradient, in float64 inside:
//
//	t = (1-Smoothing)*target + Smoothing/C, loss = -sum of t*log softmax(logits)
//	dlogits = scale * (softmax(logits)*sum(t) - t) / D
type softmaxCrossEntropy struct {
	*env
	op     backend.SoftmaxCrossEntropy
	stored int         // numbers in a row of logits, padding lanes included
	powers [][]float64 // exp(logit - largest) of a row, of each worker
	task   func(chunk, worker int)
}

func newSoftmaxCrossEntropy(o backend.SoftmaxCrossEntropy, e *env) (program, string) {
	s := &softmaxCrossEntropy{env: e, op: o, stored: o.In().Stored() / o.N}
	s.task, s.powers = s.row, make([][]float64, e.pool.Threads())
	for i := range s.powers {
		s.powers[i] = make([]float64, o.C)
	}
	return s, needF32(o.DType)
}

func (s *softmaxCrossEntropy) workspace() int64 { return 0 }

func (s *softmaxCrossEntropy) run() error {
	if !s.op.Soft {
		for n, label := range slab[int32](s.operands[1]) {
			if int(label) >= s.op.C {
				return fmt.Errorf("%w: labels[%d] = %d: want less than %d", backend.ErrArgs, n, label, s.op.C)
			}
		}
	}
	s.parallel(s.op.N, s.task)
	return nil
}

// outputs returns the operands that differ between the passes: dlogits is nil in Forward.
func (s *softmaxCrossEntropy) outputs(n int) (loss *float32, scale float64, dlogits []float32) {
	if s.op.Pass == backend.Forward {
		return &s.f32(2)[n], 0, nil
	}
	scale = float64(s.f32(2)[0])
	if s.op.Mean {
		scale /= float64(s.op.N)
	}
	return &s.f32(3)[n], scale, s.f32(4)[n*s.stored : (n+1)*s.stored]
}

func (s *softmaxCrossEntropy) row(n, worker int) {
	logits := s.f32(0)[n*s.stored:][:s.op.C]
	loss, scale, dlogits := s.outputs(n)
	target := s.target(n)
	if target.none {
		*loss = 0
		clear(dlogits)
		return
	}
	powers := s.powers[worker]
	largest, sum := exponentials(powers, logits)
	logSum := largest + math.Log(sum)
	total, mass := 0.0, 0.0
	for c, v := range logits {
		t := target.at(c)
		mass += t
		if t != 0 { // a class that is not wanted may have a logit of -Inf
			total -= t * (float64(v) - logSum)
		}
	}
	*loss = float32(total)
	if dlogits == nil {
		return
	}
	for c, power := range powers {
		dlogits[c] = float32(scale * (power/sum*mass - target.at(c)))
	}
	clear(dlogits[s.op.C:])
}

// targetRow is the smoothed target of one image.
type targetRow struct {
	none       bool // padding
	label      int
	soft       []float32 // in place of label if not nil
	keep, base float64
}

func (s *softmaxCrossEntropy) target(n int) targetRow {
	smoothing := float64(s.op.Smoothing)
	t := targetRow{keep: 1 - smoothing, base: smoothing / float64(s.op.C)}
	if s.op.Soft {
		t.soft = s.f32(1)[n*s.op.C : (n+1)*s.op.C]
		return t
	}
	t.label = int(slab[int32](s.operands[1])[n])
	t.none = t.label < 0
	return t
}

func (t *targetRow) at(c int) float64 {
	switch {
	case t.soft != nil:
		return t.keep*float64(t.soft[c]) + t.base
	case c == t.label:
		return t.keep + t.base
	}
	return t.base
}

// exponentials fills powers with exp(v - largest), which cannot overflow, and returns the largest v and their sum.
func exponentials(powers []float64, v []float32) (largest, sum float64) {
	largest = math.Inf(-1)
	for _, x := range v {
		largest = max(largest, float64(x))
	}
	for i, x := range v {
		powers[i] = math.Exp(float64(x) - largest)
		sum += powers[i]
	}
	return largest, sum
}
