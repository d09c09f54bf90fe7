package cpu

import (
	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// reduce makes one number of a tensor: a float64 per chunk, then those in order. Padding lanes are zero and change nothing.
type reduce struct {
	*env
	kind     backend.Reduction
	elements int
	size     int64
	partial  section[float64]
	args     own[reduceArgs]
	task     func(chunk, worker int)
}

// reduceArgs are the arguments of the kernels, and what they write: a number for each lane.
type reduceArgs struct {
	largest kernels.Largest
	squares kernels.SumSquares
	bits    [lanes]uint32
	sums    [lanes]float64
}

func newReduce(o backend.Reduce, e *env) (program, string) {
	r := &reduce{env: e, kind: o.Kind, elements: o.Desc.Stored(), args: newOwn[reduceArgs](e)}
	var l layout
	r.partial = region[float64](&l, flatChunks(r.elements))
	r.size = l.size
	switch o.Kind {
	case backend.Sum:
		r.task = r.sum
	case backend.SumSquares:
		r.task = r.sumSquares
	case backend.AllFinite:
		r.task = r.findOthers
	default:
		return nil, "no reduction " + o.Kind.String()
	}
	return r, needF32(o.Desc.DType)
}

func (r *reduce) workspace() int64 { return r.size }

func (r *reduce) run() error {
	r.parallel(flatChunks(r.elements), r.task)
	total := 0.0
	for _, v := range r.partial.in(r.work) {
		total += v
	}
	if r.kind == backend.AllFinite {
		total = 1 - min(total, 1)
	}
	r.f32(1)[0] = float32(total)
	return nil
}

func (r *reduce) slice(chunk int) []float32 {
	from, to := flatRange(chunk, r.elements)
	return r.f32(0)[from:to]
}

func (r *reduce) sum(chunk, _ int) {
	var s float64
	for _, v := range r.slice(chunk) {
		s += float64(v)
	}
	r.partial.in(r.work)[chunk] = s
}

func (r *reduce) sumSquares(chunk, worker int) {
	a, whole, rest := r.eights(chunk, worker)
	if len(whole) > 0 {
		a.squares = kernels.SumSquares{X: &whole[0], Count: len(whole) / lanes, Sums: &a.sums[0]}
		r.train.SumSquares(&a.squares)
	}
	var s float64
	for _, v := range a.sums {
		s += v
	}
	for _, v := range rest {
		s += float64(v) * float64(v)
	}
	r.partial.in(r.work)[chunk] = s
	*a = reduceArgs{}
}

// findOthers is 1 if a number is NaN or infinite: then all bits of the exponent are set.
func (r *reduce) findOthers(chunk, worker int) {
	a, whole, rest := r.eights(chunk, worker)
	if len(whole) > 0 {
		a.largest = kernels.Largest{X: &whole[0], Count: len(whole) / lanes, Bits: &a.bits[0]}
		r.train.Largest(&a.largest)
	}
	others := 0.0
	for _, bits := range a.bits {
		if bits >= kernels.InfinityBits {
			others = 1
		}
	}
	for _, v := range rest {
		if !isFinite(v) {
			others = 1
		}
	}
	r.partial.in(r.work)[chunk] = others
	*a = reduceArgs{}
}

// eights returns the numbers of a chunk that make whole eights, and the rest, with a worker's arguments.
func (r *reduce) eights(chunk, worker int) (a *reduceArgs, whole, rest []float32) {
	x := r.slice(chunk)
	n := len(x) / lanes * lanes
	return r.args.of(worker), x[:n], x[n:]
}
