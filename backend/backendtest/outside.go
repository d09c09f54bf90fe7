package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/internal/tolerance"
)

// This file holds the doors for programs that try a device where there is no *testing.T: on the machine of its owner.

// Tester is what the suite needs of a *testing.T. Fatalf must not return.
type Tester = tester

// RunOn is [Run] for any Tester.
func RunOn(t Tester, open func() (backend.Backend, error), o Options) { run(t, open, o, groups) }

// Computer computes an operation as [ref.Run] does.
type Computer func(op backend.Op, operands []*ref.Tensor) error

// Expected is what a device is held to: numbers for what an operation, or a pair, reads, what must come out, and how far off
// each element may be. All by operand name.
type Expected struct{ Values, Exact, Bounds map[string]*ref.Tensor }

// Expect generates numbers for a primitive and computes what it gives and how far a device may be off. exact computes with
// little error; what error it has is part of the bounds, which are those of the same operation in float32, called single, twice.
func Expect(op, single backend.Op, o Options, exact Computer) (Expected, error) {
	values := generate(rand.New(rand.NewPCG(seedOf(op.String()), 0)), op, normal)
	before, after := withOutputs(op, values), recast(withOutputs(op, values), single)
	if err := exact(single, after); err != nil {
		return Expected{}, err
	}
	slack, err := roundingBy(exact, single, recast(before, single), after)
	if err != nil {
		return Expected{}, err
	}
	after = recast(after, op)
	bounds, err := roundingBy(func(_ backend.Op, t []*ref.Tensor) error {
		wide := recast(t, single)
		err := exact(single, wide)
		for i := range t {
			t[i].V = wide[i].V
		}
		return err
	}, op, before, after)
	if err != nil {
		return Expected{}, err
	}
	o.adjust(op, after, bounds)
	e := Expected{map[string]*ref.Tensor{}, map[string]*ref.Tensor{}, map[string]*ref.Tensor{}}
	for i, operand := range op.Operands() {
		if values[i] != nil {
			e.Values[operand.Name] = values[i]
		}
		if operand.Role != backend.In {
			for j, v := range slack[i].V {
				bounds[i].V[j] += v
			}
			e.Exact[operand.Name], e.Bounds[operand.Name] = after[i], bounds[i]
		}
	}
	return e, nil
}

// adjust widens bounds and changes exact values for what the options say of a device.
func (o Options) adjust(op backend.Op, exact, bounds []*ref.Tensor) {
	if o.HalfFilterGrads {
		roundFilterGrads(op, exact, bounds)
	}
	if o.HalfBias {
		roundBias(op, exact, bounds)
	}
	if o.Saturates {
		saturate(exact)
	}
}

// recast returns the same numbers as operands of op.
func recast(list []*ref.Tensor, op backend.Op) []*ref.Tensor {
	cast := make([]*ref.Tensor, len(list))
	for i, o := range op.Operands() {
		cast[i] = &ref.Tensor{Desc: o.Desc, V: slices.Clone(list[i].V)}
	}
	return cast
}

// ExpectPair is [Expect] for the two passes of a block, held to ref.
func ExpectPair(first, second backend.Block) (Expected, error) {
	e, err := expectPair(blockPair{first, second})
	return Expected{e.values, e.exact, e.bounds}, err
}

// Compare holds results to e. It returns the report of the operand that is farthest off, and its name.
func (e Expected) Compare(got map[string]*ref.Tensor) (worst tolerance.Report, name string, err error) {
	worst.Ratio = -1
	for _, n := range slices.Sorted(maps.Keys(e.Bounds)) {
		if got[n] == nil {
			continue
		}
		r, err := tolerance.Compare(formatOf(e.Exact[n].Desc.DType), got[n].V, e.Exact[n].V, e.Bounds[n].V)
		if err != nil {
			return worst, n, fmt.Errorf("%q: %w", n, err)
		}
		if r.Ratio > worst.Ratio {
			worst, name = r, n
		}
	}
	return worst, name, nil
}

// strays is the share of elements that may lie beyond their bounds in an operation with kinks inside.
const strays = 0.01

// CompareMost is [Expected.Compare] for fused operations. Where an activation inside has a kink, an element beside it may land on
// the other side of it and take what depends on it along, further than the samples of noise that made the bounds have shown. So
// a few elements may stray, as long as the error of a tensor as a whole (its Euclidean norm) is not larger than all its bounds
// together. It returns the report of the operand that breaks this most, or of the one that is farthest off, its name, and
// whether all is well.
func (e Expected) CompareMost(got map[string]*ref.Tensor) (worst tolerance.Report, name string, ok bool, err error) {
	worst.Ratio, ok = -1, true
	for _, n := range slices.Sorted(maps.Keys(e.Bounds)) {
		if got[n] == nil {
			continue
		}
		r, err := tolerance.Compare(formatOf(e.Exact[n].Desc.DType), got[n].V, e.Exact[n].V, e.Bounds[n].V)
		if err != nil {
			return worst, n, false, fmt.Errorf("%q: %w", n, err)
		}
		limit := tolerance.RelL2(sum(e.Exact[n].V, e.Bounds[n].V), e.Exact[n].V)
		good := r.OK() || float64(r.Wrong) <= math.Ceil(strays*float64(r.Elements)) && r.RelL2 <= limit
		if ok && (!good || r.Ratio > worst.Ratio) {
			worst, name = r, n
		}
		ok = ok && good
	}
	return worst, name, ok, nil
}

func sum(a, b []float64) []float64 {
	c := make([]float64, len(a))
	for i := range a {
		c[i] = a[i] + b[i]
	}
	return c
}

// Trial is an operation, or the passes of a pair, with memory for all operands on a device.
type Trial struct {
	stage *stage
	plans []backend.Plan
	calls []func() error
}

// NewTrial allocates for plans, which Close closes with it, and puts values into the operands of those names. Operands of one name
// are one.
func NewTrial(b backend.Backend, values map[string]*ref.Tensor, plans ...backend.Plan) (*Trial, error) {
	workspace, saved := int64(0), int64(0)
	var list []named
	seen := map[string]bool{}
	for _, p := range plans {
		workspace, saved = max(workspace, p.Workspace()), max(saved, p.Saved())
		for _, o := range p.Op().Operands() {
			if !seen[o.Name] {
				list = append(list, named{o.Name, o.Desc})
				seen[o.Name] = true
			}
		}
	}
	s, err := newStage(b, append(list, scratchTensor(workspaceName, workspace), scratchTensor(savedName, saved)))
	if err != nil {
		return nil, err
	}
	for name, v := range values {
		if seen[name] {
			s.put(name, v)
		}
	}
	t := &Trial{stage: s, plans: plans}
	for _, p := range plans {
		args, scratch := s.args(operandNames(p.Op())), s.scratch(p)
		t.calls = append(t.calls, func() error { return p.Run(args, scratch) })
	}
	return t, nil
}

// Run uploads the values, runs all plans, and returns every operand as bytes and as numbers. It fails if a plan wrote where
// it should not.
func (t *Trial) Run() (raw map[string][]byte, numbers map[string]*ref.Tensor, err error) {
	before := slices.Clone(t.stage.host)
	defer func() { t.stage.host = before }() // the next run starts from the same
	if err := t.stage.upload(); err != nil {
		return nil, nil, err
	}
	t.stage.host = slices.Clone(before)
	for _, call := range t.calls {
		if err := call(); err != nil {
			return nil, nil, err
		}
	}
	if err := t.stage.download(); err != nil {
		return nil, nil, err
	}
	if err := errors.Join(t.stage.guards(), t.inputs(before)); err != nil {
		return nil, nil, err
	}
	raw, numbers = map[string][]byte{}, map[string]*ref.Tensor{}
	for _, name := range t.stage.names {
		if name != workspaceName && name != savedName {
			raw[name], numbers[name] = slices.Clone(t.stage.bytes(name)), t.stage.value(name)
		}
	}
	return raw, numbers, nil
}

// inputs wants what no plan writes to be as it was.
func (t *Trial) inputs(before []byte) error {
	written := map[string]bool{}
	for _, p := range t.plans {
		for _, o := range p.Op().Operands() {
			written[o.Name] = written[o.Name] || o.Role != backend.In
		}
	}
	for name, isWritten := range written {
		at := t.stage.at[name]
		if !isWritten && !bytes.Equal(before[at.Off:at.Off+at.Bytes()], t.stage.bytes(name)) {
			return fmt.Errorf("input %q was changed", name)
		}
	}
	return nil
}

// Call queues plan i on whatever its operands hold.
func (t *Trial) Call(i int) error { return t.calls[i]() }

// Close gives the memory back, and closes the plans.
func (t *Trial) Close() error {
	errs := []error{t.stage.free()}
	for _, p := range t.plans {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
