package cpu

import (
	"math"

	"mnv2/backend"
)

// reduce makes one number of a tensor: a float64 per chunk, then those in order. Padding lanes are zero and change nothing.
type reduce struct {
	*env
	kind     backend.Reduction
	elements int
	size     int64
	partial  section[float64]
	task     func(chunk, worker int)
}

func newReduce(o backend.Reduce, e *env) (program, string) {
	r := &reduce{env: e, kind: o.Kind, elements: o.Desc.Stored()}
	var l layout
	r.partial = region[float64](&l, flatChunks(r.elements))
	r.size = l.size
	switch o.Kind {
	case backend.Sum:
		r.task = r.sum
	case backend.SumSquares:
		r.task = r.sumSquares
	case backend.AllFinite:
		r.task = r.countOthers
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

func (r *reduce) sumSquares(chunk, _ int) {
	var s float64
	for _, v := range r.slice(chunk) {
		s += float64(v) * float64(v)
	}
	r.partial.in(r.work)[chunk] = s
}

// countOthers counts the numbers that are NaN or infinite: all bits of the exponent are set.
func (r *reduce) countOthers(chunk, _ int) {
	const exponent = 0x7f800000
	others := 0
	for _, v := range r.slice(chunk) {
		if math.Float32bits(v)&exponent == exponent {
			others++
		}
	}
	r.partial.in(r.work)[chunk] = float64(others)
}
