package cpu

import "mnv2/backend"

// fill sets every number to a value, and padding lanes to zero.
type fill struct {
	*env
	value    float32
	elements int
	desc     backend.Desc
	task     func(chunk, worker int)
}

func newFill(o backend.Fill, e *env) (program, string) {
	f := &fill{env: e, value: o.Value, elements: o.Desc.Stored(), desc: o.Desc}
	f.task = f.set
	return f, needF32(o.Desc.DType)
}

func (f *fill) workspace() int64 { return 0 }

func (f *fill) run() error {
	f.parallel(flatChunks(f.elements), f.task)
	if used := f.desc.C % lanes; f.desc.Layout == backend.NCHW8c && used != 0 {
		f.clearPadding(used)
	}
	return nil
}

func (f *fill) set(chunk, _ int) {
	from, to := flatRange(chunk, f.elements)
	y := f.f32(0)[from:to]
	for i := range y {
		y[i] = f.value
	}
}

func (f *fill) clearPadding(used int) {
	y, plane, count := f.vecs(0), f.desc.H*f.desc.W, blocks(f.desc.C)
	for n := range f.desc.N {
		last := (n*count + count - 1) * plane
		clearLanes(y[last:last+plane], used)
	}
}
