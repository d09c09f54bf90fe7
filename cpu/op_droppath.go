package cpu

import "mnv2/backend"

// dropPath is y = x*mask/(1-Rate), image by image. Padding lanes are zero and stay so.
type dropPath struct {
	*env
	op   backend.DropPath
	task func(chunk, worker int)
}

func newDropPath(o backend.DropPath, e *env) (program, string) {
	d := &dropPath{env: e, op: o}
	d.task = d.image
	return d, needF32(o.DType)
}

func (d *dropPath) workspace() int64 { return 0 }

func (d *dropPath) run() error {
	d.parallel(d.op.N, d.task)
	return nil
}

func (d *dropPath) image(n, _ int) {
	stored := d.op.In().Stored() / d.op.N
	x, y := d.f32(0)[n*stored:(n+1)*stored], d.f32(2)[n*stored:(n+1)*stored]
	if d.operands[1][n] == 0 {
		clear(y)
		return
	}
	scale := float32(1 / (1 - float64(d.op.Rate)))
	for i, v := range x {
		y[i] = v * scale
	}
}
