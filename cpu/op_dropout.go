package cpu

import (
	"math"

	"mnv2/backend"
)

// dropout is y = x*mask/(1-Rate) over the rows of a tensor on a 1x1 map. In every layout such a row is its channels side by
// side, with padding lanes after them in NCHW8c.
type dropout struct {
	*env
	op   backend.Dropout
	task func(chunk, worker int)
}

func newDropout(o backend.Dropout, e *env) (program, string) {
	d := &dropout{env: e, op: o}
	d.task = d.row
	return d, needF32(o.DType)
}

func (d *dropout) workspace() int64 { return 0 }

func (d *dropout) run() error {
	d.parallel(d.op.N, d.task)
	return nil
}

func (d *dropout) row(n, _ int) {
	stored := d.op.In().Stored() / d.op.N
	x, y := d.f32(0)[n*stored:(n+1)*stored], d.f32(2)[n*stored:(n+1)*stored]
	scale := float32(1 / (1 - float64(d.op.Rate)))
	mask := d.operands[1][n*d.op.C : (n+1)*d.op.C]
	x, kept := x[:len(mask)], y[:len(mask)]
	for c, keep := range mask {
		bits := ^uint32(0) // without a branch, which would be guessed wrong now and then; NaN is dropped too
		if keep == 0 {
			bits = 0
		}
		kept[c] = math.Float32frombits(math.Float32bits(x[c]*scale) & bits)
	}
	clear(y[d.op.C:])
}
