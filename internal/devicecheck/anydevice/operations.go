package anydevice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"mnv2/backend"
	"mnv2/backend/backendtest"
	"mnv2/backend/ref"
	"mnv2/internal/devicecheck"
)

// operations holds every primitive of the network to the CPU device: at every shape, in every type of activations.
func (t Target) operations(ctx context.Context, r *devicecheck.Recorder) error {
	return t.with(func(device, reference backend.Backend) error {
		o := backendtest.Options{}
		if t.Suite != nil {
			o = t.Suite(device)
		}
		info := device.Info()
		return t.each(func(s shape, dtype backend.DType) error {
			list, err := s.primitives(dtype, info.Layout)
			if err != nil {
				return err
			}
			for _, op := range list {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				r.Try(op.String(), func(c *devicecheck.Case) error {
					e, err := backendtest.Expect(op, single(op, reference.Info().Layout), o, computer(reference))
					if err != nil {
						return fmt.Errorf("the reference: %w", err)
					}
					plan, err := backend.Compile(device, op)
					if err != nil {
						return err
					}
					return try(c, device, e, plan)
				})
			}
			return nil
		}, info)
	})
}

// blocks holds every block of the network to float64 loops, as the device provides it, in training and in inference. The loops
// take their time, so only the smaller half of the shapes is tried; what a block is made of has been tried at the others.
func (t Target) blocks(ctx context.Context, r *devicecheck.Recorder) error {
	return t.with(func(device, _ backend.Backend) error {
		info := device.Info()
		small := t
		return small.each(func(s shape, dtype backend.DType) error {
			if s.batch*s.size*s.size > 8*96*96 {
				return nil
			}
			list, err := s.pairs(dtype, info.Layout)
			if err != nil {
				return err
			}
			for _, p := range list {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				r.Try(p.String(), func(c *devicecheck.Case) error {
					e, err := backendtest.ExpectPair(p.first, p.second)
					if err != nil {
						return fmt.Errorf("the reference: %w", err)
					}
					first, second, err := backend.CompilePair(device, p.first, p.second, backend.FuseAuto)
					if err != nil {
						return err
					}
					return try(c, device, e, first, second)
				})
			}
			return nil
		}, info)
	})
}

// each calls f for every shape in every type of activations.
func (t Target) each(f func(s shape, dtype backend.DType) error, info backend.Info) error {
	for _, s := range t.shapes() {
		for _, dtype := range info.DTypes {
			if err := f(s, dtype); err != nil {
				return err
			}
		}
	}
	return nil
}

// computer lets a device compute, as an oracle for others.
func computer(b backend.Backend) backendtest.Computer {
	return func(op backend.Op, operands []*ref.Tensor) (err error) {
		plan, err := backend.Compile(b, op)
		if err != nil {
			return err
		}
		values := map[string]*ref.Tensor{}
		for i, o := range op.Operands() {
			if o.Role != backend.Out {
				values[o.Name] = operands[i]
			}
		}
		trial, err := backendtest.NewTrial(b, values, plan)
		if err != nil {
			return errors.Join(err, plan.Close())
		}
		defer closing(&err, trial.Close)
		_, numbers, err := trial.Run()
		if err != nil {
			return err
		}
		for i, o := range op.Operands() {
			copy(operands[i].V, numbers[o.Name].V)
		}
		return nil
	}
}

// try runs plans twice on what e says, compares numbers and bits, and times them.
func try(c *devicecheck.Case, b backend.Backend, e backendtest.Expected, plans ...backend.Plan) (err error) {
	trial, err := backendtest.NewTrial(b, e.Values, plans...)
	if err != nil {
		for _, p := range plans {
			err = errors.Join(err, p.Close())
		}
		return err
	}
	defer closing(&err, trial.Close)
	once, numbers, err := trial.Run()
	if err != nil {
		return err
	}
	again, _, err := trial.Run()
	if err != nil {
		return err
	}
	c.Set("workspace", plans[0].Workspace())
	judge(c, e, numbers, len(plans), sameBits(e, once, again))
	for i, p := range plans {
		took, err := duration(b, func() error { return trial.Call(i) })
		if err != nil {
			return err
		}
		name := "ms"
		if i > 0 {
			name = "second ms"
		}
		c.Set(name, took.Seconds()*1e3)
		c.Set("GB/s", float64(moved(p.Op()))/took.Seconds()/1e9)
	}
	return nil
}

// judge compares results with what is expected and says how the case ended.
func judge(c *devicecheck.Case, e backendtest.Expected, numbers map[string]*ref.Tensor, plans int, different string) {
	worst, name, err := e.Compare(numbers)
	ok := worst.OK()
	if plans > 1 { // a pair, with activations inside
		worst, name, ok, err = e.CompareMost(numbers)
		c.Set("strays", worst.Wrong)
	}
	switch {
	case err != nil:
		c.End(devicecheck.Failed, "%v", err)
	case !ok:
		c.End(devicecheck.Wrong, "%q: %v", name, worst)
	case different != "":
		c.End(devicecheck.Wrong, "%q has other bits when it is computed again", different)
	}
	c.Set("error", worst.Ratio) // as a share of what rounding explains
	c.Set("relative L2", worst.RelL2)
	mean, largest := relative(numbers, e)
	c.Set("mean relative", mean)
	c.Set("largest relative", largest)
}

// relative returns the mean and the largest relative error of the output that is worst, as vendors judge their own operators:
// with 1e-7 added to the denominator (hicann/opbase, ops_precision_standard: 2^-13 and ten times that in float32, 2^-10 in
// float16, 2^-7 in bfloat16). Sums that cancel exceed that without being wrong, so it is noted and decides nothing.
func relative(numbers map[string]*ref.Tensor, e backendtest.Expected) (mean, largest float64) {
	for name, want := range e.Exact {
		got := numbers[name]
		if got == nil {
			continue
		}
		sum := 0.0
		for i, w := range want.V {
			r := math.Abs(got.V[i]-w) / (math.Abs(w) + 1e-7)
			sum += r
			largest = max(largest, r)
		}
		mean = max(mean, sum/float64(len(want.V)))
	}
	return mean, largest
}

// sameBits returns the name of an output that differs between two runs, or "".
func sameBits(e backendtest.Expected, a, b map[string][]byte) string {
	for name := range e.Bounds {
		if !bytes.Equal(a[name], b[name]) {
			return name
		}
	}
	return ""
}

// moved is the bytes of all operands, each once.
func moved(op backend.Op) int64 {
	n := int64(0)
	for _, o := range op.Operands() {
		n += o.Desc.Bytes()
	}
	return n
}

// duration returns how long the device takes for one call of f, the mean of as many as fit into a short time.
func duration(b backend.Backend, f func() error) (time.Duration, error) {
	const enough, most = 20 * time.Millisecond, 100
	many := func(n int) (time.Duration, error) {
		return backend.Elapsed(b, func() error {
			for range n {
				if err := f(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if _, err := many(1); err != nil { // what comes first is slower
		return 0, err
	}
	one, err := many(1)
	if err != nil {
		return 0, err
	}
	n := min(most, 1+int(enough/max(one, time.Microsecond)))
	all, err := many(n)
	return all / time.Duration(n), err
}
