package bench

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"

	"mnv2/backend"
)

// opMemory is what one operation needs on the device while it is timed.
type opMemory struct {
	device       backend.Backend
	tensors      map[string]backend.Tensor
	closers      []func() error
	operandBytes int64
}

// prepare compiles op, gives it memory, and returns what runs it once. A block's parameters are prepared.
func (m *opMemory) prepare(op backend.Op, fuse backend.Fuse) (func() error, error) {
	block, ok := op.(backend.Block)
	if !ok {
		plan, err := backend.Compile(m.device, op)
		if err != nil {
			return nil, err
		}
		m.later(plan.Close)
		return m.runner(plan, backend.Tensor{})
	}
	prepare, infer, err := backend.CompilePair(m.device, block.WithPass(backend.Prepare, false), block, fuse)
	if err != nil {
		return nil, err
	}
	m.later(prepare.Close)
	m.later(infer.Close)
	saved, err := m.alloc(infer.Saved(), "saved")
	if err != nil {
		return nil, err
	}
	first, err := m.runner(prepare, saved)
	if err != nil {
		return nil, err
	}
	if err := first(); err != nil {
		return nil, err
	}
	return m.runner(infer, saved)
}

// bound are the tensors of an operation in binding order.
type bound []backend.Tensor

// Bind implements backend.Args.
func (b bound) Bind(dst []backend.Tensor) []backend.Tensor { return append(dst, b...) }

// runner returns what runs plan on operands of its own.
func (m *opMemory) runner(plan backend.Plan, saved backend.Tensor) (func() error, error) {
	var args bound
	m.operandBytes = 0
	for _, o := range plan.Op().Operands() {
		t, err := m.operand(o)
		if err != nil {
			return nil, err
		}
		args = append(args, t)
		m.operandBytes += o.Desc.Bytes()
	}
	work, err := m.alloc(plan.Workspace(), "workspace")
	if err != nil {
		return nil, err
	}
	var a backend.Args = args
	scratch := backend.Scratch{Workspace: work, Saved: saved}
	return func() error { return plan.Run(a, scratch) }, nil
}

// operand returns the tensor of that name, made at first use.
func (m *opMemory) operand(o backend.Operand) (backend.Tensor, error) {
	if t, ok := m.tensors[o.Name]; ok {
		return t, nil
	}
	t, err := m.alloc(o.Desc.Bytes(), o.Name)
	if err != nil {
		return t, err
	}
	t.Desc = o.Desc
	m.tensors[o.Name] = t
	if o.Desc.DType != backend.F32 || o.Role == backend.Out {
		return t, nil
	}
	return t, m.device.Upload(t.Buf, 0, randomFloats(int(o.Desc.Bytes())/4, strings.HasSuffix(o.Name, "w")))
}

// randomFloats are n numbers from 0 to 1, or from -0.1 to 0.1 if they are weights.
func randomFloats(n int, weights bool) []byte {
	bytes, rng := make([]byte, 0, 4*n), source()
	for range n {
		v := rng.Float32()
		if weights {
			v = (v - 0.5) / 5
		}
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
	}
	return bytes
}

// alloc returns n bytes, or nothing for 0.
func (m *opMemory) alloc(n int64, label string) (backend.Tensor, error) {
	if n == 0 {
		return backend.Tensor{}, nil
	}
	buf, err := m.device.Alloc(backend.Align(n), "bench "+label)
	if err != nil {
		return backend.Tensor{}, err
	}
	m.later(buf.Free)
	return backend.Bytes(buf, 0, n), nil
}

func (m *opMemory) later(f func() error) { m.closers = append(m.closers, f) }

func (m *opMemory) close() error {
	var errs []error
	for _, f := range m.closers {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}
