package model

import "mnv2/backend"

// rows says which row of a step's numbers belongs to which of its updates:
//
//	the gradients that are added up, if they are; the optimizer groups; the moving statistics; the averages of the weights, if there are any
//
// The numbers of a step that counts stand first, those of a step that is skipped behind them, in the same order; see [backend.Guard].
type rows struct {
	gather, groups, restore, average int // -1 for none
	count, scaled                    int // scaled: of how many the gradients are as large as the loss scale
	optimizers                       int
}

func (s *TrainState) rows() rows {
	r := rows{gather: -1, average: -1, optimizers: len(s.params.groups)}
	next := func(n int) int { r.count += n; return r.count - n }
	if s.Accumulate > 1 {
		r.gather = next(1)
		r.scaled = 1
	} else {
		r.scaled = r.optimizers
	}
	r.groups, r.restore = next(r.optimizers), next(1)
	if s.averages != nil {
		r.average = next(1)
	}
	return r
}

// row is one row of numbers.
type row []float32

func (r rows) of(numbers []float32, i int, skipped bool) row {
	if skipped {
		i += r.count
	}
	return numbers[i*backend.HyperRoom : (i+1)*backend.HyperRoom]
}

// idle leaves weights and state as they are, under every rule, without a look at the gradients.
var idle = Hyper{Momentum: 1, Second: 1, Eps: 1}

// fill writes the numbers of one step.
func (r rows) fill(numbers []float32, in Input, s *TrainState) {
	if r.gather >= 0 {
		old := 1.0
		if in.First {
			old = 0
		}
		r.of(numbers, r.gather, false).blend(old, 1/float64(s.Accumulate))
		r.of(numbers, r.gather, true).blend(old, 0)
	}
	for g, h := range in.Hyper {
		r.of(numbers, r.groups+g, false).put(h, 1)
		if r.gather >= 0 { // the update is of all that was added up, even if nothing of this step was
			r.of(numbers, r.groups+g, true).put(h, 1)
		} else {
			r.of(numbers, r.groups+g, true).put(idle, 0)
		}
	}
	r.of(numbers, r.restore, false).blend(1, 0)
	r.of(numbers, r.restore, true).blend(0, 1)
	if r.average >= 0 {
		decay := float64(float32(in.Decay)) // so that both shares make 1 on the device
		r.of(numbers, r.average, false).blend(decay, 1-decay)
		r.of(numbers, r.average, true).blend(1, 0)
	}
}

// scale multiplies the gradients that are as large as the loss scale.
func (r rows) scale(numbers []float32, factor float64) {
	for i := range r.scaled {
		numbers[i*backend.HyperRoom+backend.HyperGradScale] *= float32(factor)
	}
}

// blend sets the row to w = old*w + share*dw. With a share of 0 dw is not read.
func (r row) blend(old, share float64) {
	used := 1.0
	if share == 0 {
		used = 0
	}
	r.put(Hyper{Momentum: old, LR: share}, used)
}

// put writes h and the scale of the gradients.
func (r row) put(h Hyper, gradients float64) {
	for i, v := range [...]float64{backend.HyperLR: h.LR, backend.HyperWeightDecay: h.WeightDecay, backend.HyperMomentum: h.Momentum,
		backend.HyperGradScale: gradients, backend.HyperSecond: h.Second, backend.HyperEps: h.Eps, backend.HyperFirstScale: h.FirstScale,
		backend.HyperSecondScale: h.SecondScale, backend.HyperGradShare: h.GradShare, backend.HyperDecoupled: h.Decoupled} {
		r[i] = float32(v)
	}
}
