//go:build cgo && linux

package cuda

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
	"mnv2/csrc/nv/cubin"
)

// How engines are measured: the median of some times, each of runs that follow one another, after one that does not count.
const (
	dnnCandidates = 4 // of cuDNN's plans, the first by its own estimate
	timings       = 3
	timedRuns     = 5
)

// choice is what is kept of a measurement.
type choice struct {
	CuDNN        bool               `json:"cudnn"`  // otherwise the kernels of our own
	Engine       int                `json:"engine"` // of cuDNN's, as ConvPlan.Engine and Rank say
	Rank         int                `json:"rank"`
	Microseconds map[string]float64 `json:"microseconds"` // of one run by each engine, for whoever is curious
}

// fastestEngine returns the engine that was measured to be the fastest, now or in an earlier run on the same versions of everything.
func (d *Device) fastestEngine(o backend.Conv2D, v nv.Conv) (engine, error) {
	key := d.choiceKey(v)
	var measured *measurement
	kept, err := d.choices.Get(key, func() (cubin.Entry, error) {
		m, err := d.compare(o, v)
		measured = m
		if err != nil {
			return cubin.Entry{}, err
		}
		return m.entry(), nil
	})
	if err == nil && measured == nil {
		e, ok, err := d.restore(v, kept)
		if ok || err != nil {
			return e, err
		}
		d.warn(fmt.Sprintf("%v: the engine that was chosen for it is not there any more: engines are measured anew", v))
		if measured, err = d.compare(o, v); err == nil {
			d.choices.Put(key, measured.entry())
		}
	}
	if err != nil && !errors.Is(err, errIncomplete) {
		return engine{}, err
	}
	return measured.engine, nil
}

// choiceKey names all that a measurement depends on: the convolution, the GPU, the libraries, our kernels.
func (d *Device) choiceKey(v nv.Conv) cubin.Key {
	type fields nv.Conv // all of them: v's own text leaves some out
	parts := []string{"choice 1", fmt.Sprintf("%+v", fields(v)), d.gpu.Name, d.arch, fmt.Sprint(d.gpu.Multiprocessors, d.gpu.ClockKHz, d.gpu.MemoryClockKHz)}
	for _, f := range d.c.Library().Files() {
		parts = append(parts, f.Name, f.Version, fileStamp(f.Path))
	}
	parts = append(parts, fmt.Sprint(d.c.Library().DriverVersion()))
	for _, file := range append(kernels.Headers(), kernels.Stem, kernels.Depthwise, kernels.Pointwise, kernels.ConvDirect, kernels.Convert) {
		parts = append(parts, kernels.Text(file))
	}
	return cubin.KeyOf(parts...)
}

// restore returns the engine that was chosen; false if there is none like it.
func (d *Device) restore(v nv.Conv, kept cubin.Entry) (engine, bool, error) {
	var c choice
	if json.Unmarshal(kept.Code, &c) != nil {
		return engine{}, false, nil
	}
	if !c.CuDNN {
		return engine{}, true, nil
	}
	plans, err := d.engines.dnn.Plans(v, dnnCandidates)
	if errors.Is(err, nv.ErrNoEngine) {
		return engine{}, false, nil
	}
	if err != nil {
		return engine{}, false, err
	}
	i := slices.IndexFunc(plans, func(p *nv.ConvPlan) bool { return p.Engine() == c.Engine && p.Rank() == c.Rank })
	if i < 0 {
		return engine{}, false, closeOthers(plans, nil)
	}
	return engine{plans[i]}, true, closeOthers(plans, plans[i])
}

// closeOthers closes all plans but one, and after a failure that one too.
func closeOthers(plans []*nv.ConvPlan, keep *nv.ConvPlan) error {
	var errs []error
	for _, p := range plans {
		if p != keep {
			errs = append(errs, p.Close())
		}
	}
	err := errors.Join(errs...)
	if err != nil && keep != nil {
		err = errors.Join(err, keep.Close())
	}
	return err
}

// measurement is the fastest engine, and how it compared with the others.
type measurement struct {
	engine
	times map[string]float64 // microseconds
}

func (m *measurement) entry() cubin.Entry {
	c := choice{Microseconds: m.times}
	if m.plan != nil {
		c.CuDNN, c.Engine, c.Rank = true, m.plan.Engine(), m.plan.Rank()
	}
	b, _ := json.Marshal(c) // cannot fail: numbers and texts
	return cubin.Entry{Code: b}
}

// errIncomplete says that an engine could not be measured, so that the choice holds for this run and is not kept.
var errIncomplete = errors.New("not every engine could be measured")

// compare measures the kernels of our own and some engines of cuDNN's. Engines that fail are left out, with a note and
// errIncomplete; so is cuDNN where it cannot plan, or there is no memory to measure in. Other errors are the device's.
func (d *Device) compare(o backend.Conv2D, v nv.Conv) (*measurement, error) {
	d.engines.compared++
	best := &measurement{times: map[string]float64{}}
	plans, err := d.engines.dnn.Plans(v, dnnCandidates)
	if errors.Is(err, nv.ErrNoEngine) {
		return best, nil
	}
	if err != nil {
		return best, d.leftOut(v, "cuDNN", err)
	}
	incomplete, err := d.compareWith(o, v, plans, best)
	if err != nil {
		return nil, errors.Join(err, closeOthers(plans, nil))
	}
	if err := closeOthers(plans, best.plan); err != nil {
		return nil, err
	}
	return best, incomplete
}

// compareWith measures all engines, the kernels of our own first, which win if no other is faster.
func (d *Device) compareWith(o backend.Conv2D, v nv.Conv, plans []*nv.ConvPlan, best *measurement) (incomplete, err error) {
	r, err := d.newRange(o)
	if err != nil {
		return d.leftOut(v, "memory to measure in", err), d.ifLost(err)
	}
	defer func() { err = errors.Join(err, r.close()) }()
	fastest, err := r.measure(engine{})
	if err != nil {
		return nil, err
	}
	best.times["own"] = micros(fastest)
	for _, p := range plans {
		name := fmt.Sprintf("cuDNN's engine %d (%d)", p.Engine(), p.Rank())
		took, err := r.measure(engine{p})
		if err != nil {
			incomplete = errors.Join(incomplete, d.leftOut(v, name, err))
			if err := d.ifLost(err); err != nil {
				return incomplete, err
			}
			continue
		}
		best.times[name] = micros(took)
		if took < fastest {
			fastest, best.engine = took, engine{p}
		}
	}
	return incomplete, nil
}

func micros(t time.Duration) float64 { return float64(t.Nanoseconds()) / 1e3 }

// ifLost returns err if it is the end of the device.
func (d *Device) ifLost(err error) error {
	if errors.Is(err, nv.ErrDeviceLost) {
		return err
	}
	return nil
}

// leftOut notes, once for the device, that something cannot be measured. It returns err if that ends the device, else errIncomplete.
func (d *Device) leftOut(v nv.Conv, what string, err error) error {
	if lost := d.ifLost(err); lost != nil {
		return lost
	}
	if !d.engines.told {
		d.engines.told = true
		d.warn(fmt.Sprintf("%v: %s: %v: it is left out of the choice of engines, like others that fail", v, what, err))
	}
	return errIncomplete
}

// testRange is memory and events to measure a convolution with.
type testRange struct {
	device   *Device
	op       backend.Conv2D
	events   [2]nv.Event
	operands []nv.DevicePtr
}

func (d *Device) newRange(o backend.Conv2D) (*testRange, error) {
	r := &testRange{device: d, op: o}
	for i := range r.events {
		var err error
		if r.events[i], err = d.c.NewEvent(true); err != nil {
			return nil, errors.Join(err, r.close())
		}
	}
	for _, operand := range o.Operands() {
		a, err := r.zeros(operand.Desc.Bytes())
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		r.operands = append(r.operands, a)
	}
	return r, nil
}

// zeros returns new memory.
func (r *testRange) zeros(bytes int64) (nv.DevicePtr, error) {
	d := r.device
	a, err := d.c.Alloc(bytes)
	if err != nil {
		return 0, err
	}
	if err := d.c.Fill8(a, 0, bytes, d.stream); err != nil {
		return 0, errors.Join(err, d.c.Free(a))
	}
	return a, nil
}

// close gives everything back, when nothing is queued any more.
func (r *testRange) close() error {
	d := r.device
	errs := []error{d.c.SyncStream(d.stream)}
	for _, a := range r.operands {
		errs = append(errs, d.c.Free(a))
	}
	for _, e := range r.events {
		if e != 0 {
			errs = append(errs, d.c.DestroyEvent(e))
		}
	}
	return errors.Join(errs...)
}

// measure returns the time of one run by e.
func (r *testRange) measure(e engine) (took time.Duration, err error) {
	d := r.device
	p := &program{device: d, operands: r.op.Operands()}
	defer p.close()
	p.convolve(r.op, e)
	if p.err != nil {
		return 0, p.err
	}
	at := bases{operands: r.operands}
	if p.work > 0 {
		if at.work, err = r.zeros(p.work); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, d.c.SyncStream(d.stream), d.c.Free(at.work)) }()
	}
	p.aim(at)
	if err := p.queue(); err != nil {
		return 0, err
	}
	var times []time.Duration
	for range timings {
		t, err := r.time(p)
		if err != nil {
			return 0, err
		}
		times = append(times, t)
	}
	slices.Sort(times)
	return times[timings/2], nil
}

// time returns that of one of some runs.
func (r *testRange) time(p *program) (time.Duration, error) {
	c, s := r.device.c, r.device.stream
	if err := c.RecordEvent(r.events[0], s); err != nil {
		return 0, err
	}
	for range timedRuns {
		if err := p.queue(); err != nil {
			return 0, err
		}
	}
	if err := c.RecordEvent(r.events[1], s); err != nil {
		return 0, err
	}
	if err := c.SyncEvent(r.events[1]); err != nil {
		return 0, err
	}
	t, err := c.Elapsed(r.events[0], r.events[1])
	return t / timedRuns, err
}
