//go:build cgo && linux

package cuda

import (
	"errors"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// engine computes a convolution: a plan of cuDNN's, or without one the kernels of our own.
type engine struct{ plan *nv.ConvPlan }

// engines are cuDNN and the engine of every convolution that was met, which stays for as long as the device is open, so that equal
// operations give equal bits.
type engines struct {
	dnn    *nv.DNN
	tried  bool // to open it
	chosen map[nv.Conv]engine

	compared int  // convolutions whose engines were measured
	told     bool // that something could not be measured
}

// close gives plans and handle back. Nothing may be queued any more.
func (e *engines) close() error {
	var errs []error
	for _, chosen := range e.chosen {
		if chosen.plan != nil {
			errs = append(errs, chosen.plan.Close())
		}
	}
	if e.dnn != nil {
		errs = append(errs, e.dnn.Close())
	}
	*e = engines{}
	return errors.Join(errs...)
}

// engineOf returns who computes o.
func (d *Device) engineOf(o backend.Conv2D) (engine, error) {
	if d.options.Convolutions == Own || o.Bias && (o.Pass == backend.Forward || o.Pass == backend.Infer) {
		return engine{}, nil
	}
	if err := d.openDNN(); err != nil || d.engines.dnn == nil {
		return engine{}, err
	}
	v := d.dnnConv(o)
	if e, ok := d.engines.chosen[v]; ok {
		return e, nil
	}
	e, err := d.chooseEngine(o, v)
	if err != nil {
		return engine{}, err
	}
	d.engines.chosen[v] = e
	return e, nil
}

// openDNN opens cuDNN once. Where it does not open, that is said, and convolutions have kernels of our own; only if it was asked
// for by name is it an error.
func (d *Device) openDNN() error {
	if d.engines.tried {
		return nil
	}
	dnn, err := d.c.NewDNN(d.stream)
	switch {
	case err == nil:
		d.engines.dnn, d.engines.chosen = dnn, map[nv.Conv]engine{}
	case errors.Is(err, nv.ErrDeviceLost) || d.options.Convolutions == CuDNN:
		return err
	default:
		d.warn(err.Error() + ": convolutions run on kernels of our own")
	}
	d.engines.tried = true
	return nil
}

func (d *Device) warn(text string) {
	if d.options.Warn != nil {
		d.options.Warn(text)
	}
}

// chooseEngine decides for a convolution that is new.
func (d *Device) chooseEngine(o backend.Conv2D, v nv.Conv) (engine, error) {
	if d.options.Convolutions == Fastest {
		return d.fastestEngine(o, v)
	}
	plans, err := d.engines.dnn.Plans(v, 1)
	if errors.Is(err, nv.ErrNoEngine) {
		return engine{}, nil
	}
	if err != nil {
		return engine{}, err
	}
	return engine{plans[0]}, nil
}

var dnnPasses = map[backend.Pass]nv.ConvPass{backend.Forward: nv.ConvForward, backend.Infer: nv.ConvForward,
	backend.GradInput: nv.ConvGradInput, backend.GradWeight: nv.ConvGradWeight}

var dnnTypes = map[backend.DType]nv.DNNType{backend.F32: nv.DNNFloat32, backend.F16: nv.DNNFloat16, backend.BF16: nv.DNNBFloat16}

// dnnConv is o as cuDNN sees it.
func (d *Device) dnnConv(o backend.Conv2D) nv.Conv {
	return nv.Conv{Pass: dnnPasses[o.Pass], DType: dnnTypes[o.DType], N: o.N, C: o.C, H: o.H, W: o.W, K: o.K, R: o.R, S: o.S,
		PadTop: o.Pad, PadLeft: o.Pad, PadBottom: o.Pad, PadRight: o.Pad, Stride: o.Stride, Groups: o.Groups,
		TF32: d.options.TF32 && o.DType == backend.F32}
}

// dnnCall is a convolution by cuDNN between launches of a program.
type dnnCall struct {
	after         int // launches
	plan          *nv.ConvPlan
	x, w, y, work value
}

// run queues the convolution at the addresses that the program was told.
func (c dnnCall) run(b bases) error { return c.plan.Run(b.at(c.x), b.at(c.w), b.at(c.y), b.at(c.work)) }

// convolveDNN writes a convolution by cuDNN, which wants the channels of filters innermost, like those of maps. first, second and
// result are the operands of the pass.
func (p *program) convolveDNN(o backend.Conv2D, plan *nv.ConvPlan, first, second, result value) {
	switch taps, depth := o.R*o.S, o.C/o.Groups; o.Pass {
	case backend.GradInput:
		w := p.reordered(o.DType, o.K, depth, taps, first)
		p.callDNN(plan, result, w, second)
	case backend.GradWeight:
		if taps == 1 || depth == 1 {
			p.callDNN(plan, first, result, second)
			return
		}
		dw := p.temp(o.Weight().With(backend.F32, backend.NCHW).Bytes())
		p.callDNN(plan, first, dw, second)
		p.reorder(backend.F32, o.K, taps, depth, dw, result)
	default:
		w := p.reordered(o.DType, o.K, depth, taps, second)
		p.callDNN(plan, first, w, result)
	}
}

func (p *program) callDNN(plan *nv.ConvPlan, x, w, y value) {
	work := null()
	if n := plan.Workspace(); n > 0 {
		work = p.temp(n)
	}
	p.calls = append(p.calls, dnnCall{len(p.launches), plan, x, w, y, work})
}

// reordered is x, n matrices of a x b, with each transposed. Where that is the same, it is x itself.
func (p *program) reordered(t backend.DType, n, a, b int, x value) value {
	if a == 1 || b == 1 {
		return x
	}
	y := p.temp(int64(n) * int64(a) * int64(b) * t.Size())
	p.reorder(t, n, a, b, x, y)
	return y
}

// reorder transposes n matrices of a x b.
func (p *program) reorder(t backend.DType, n, a, b int, x, y value) {
	const tile = 32
	k := kernel{file: kernels.Convert, name: "transpose", dtype: t, defines: []string{"FROM=" + sources[t]}}
	shape := nv.LaunchConfig{Grid: [3]uint32{divUp(b, tile), min(divUp(a, tile), maxGridY), uint32(min(n, maxGridY))}, Block: [3]uint32{tile, 8}}
	p.launch(k, shape, x, y, normalization(backend.Convert{}), i32(0), i32(n), i32(a), i32(b))
}
