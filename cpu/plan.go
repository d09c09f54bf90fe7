package cpu

import (
	"fmt"

	"mnv2/backend"
	"mnv2/cpu/internal/netplan"
)

// program is an operation made ready: what stands behind a case of [Device.Compile].
type program interface {
	// workspace returns the bytes of scratch that run uses.
	workspace() int64
	// run does the operation on what env holds.
	run() error
}

// keeper is a program of a pair that keeps something from the first pass to the second.
type keeper interface {
	// savedBytes returns how much; both programs of a pair return the same.
	savedBytes() int64
}

// savedBytes is what p keeps.
func savedBytes(p program) int64 {
	if k, ok := p.(keeper); ok {
		return k.savedBytes()
	}
	return 0
}

// env is what a program works with. The views are those of the Run in progress and empty between two.
type env struct {
	*kernelSet
	pool     *netplan.Pool
	operands [][]byte // in binding order
	work     []byte
	saved    []byte
}

// parallel runs task over chunks, on all goroutines of the device.
func (e *env) parallel(chunks int, task func(chunk, worker int)) { e.pool.Run(chunks, task) }

// f32 returns operand i as numbers.
func (e *env) f32(i int) []float32 { return slab[float32](e.operands[i]) }

// vecs returns operand i as pixels of eight channels.
func (e *env) vecs(i int) []vec { return slab[vec](e.operands[i]) }

// plan implements backend.Plan.
type plan struct {
	device  *Device
	op      backend.Op
	name    string
	binder  *backend.Binder
	env     *env
	program program
	bytes   int64 // of workspace
	saved   int64
	closed  bool
}

// Op implements backend.Plan.
func (p *plan) Op() backend.Op { return p.op }

// Workspace implements backend.Plan.
func (p *plan) Workspace() int64 { return p.bytes }

// Saved implements backend.Plan.
func (p *plan) Saved() int64 { return p.saved }

// Run implements backend.Plan.
func (p *plan) Run(args backend.Args, s backend.Scratch) error {
	d := p.device
	if err := d.enter(p.name); err != nil {
		return err
	}
	defer d.leave()
	if p.closed {
		return &backend.Error{Device: deviceName, Op: p.name, Text: "plan is closed", Err: backend.ErrFreed}
	}
	operands, err := p.binder.Bind(args)
	if err != nil {
		return d.fail("run", err)
	}
	if err := backend.CheckScratch(p, s); err != nil {
		return d.fail("run", err)
	}
	if d.recording != nil {
		return d.recording.add(p, operands, s)
	}
	return p.execute(operands, s)
}

// execute runs the program on the given memory, whose sizes were checked.
func (p *plan) execute(operands []backend.Tensor, s backend.Scratch) error {
	defer p.env.release()
	for i, t := range operands {
		mem, err := p.view(t, t.Bytes())
		if err != nil {
			return err
		}
		p.env.operands[i] = mem
	}
	for _, region := range []struct {
		t     backend.Tensor
		bytes int64
		mem   *[]byte
	}{{s.Workspace, p.bytes, &p.env.work}, {s.Saved, p.saved, &p.env.saved}} {
		if region.bytes == 0 {
			continue
		}
		mem, err := p.view(region.t, region.bytes)
		if err != nil {
			return err
		}
		*region.mem = mem
	}
	if err := p.program.run(); err != nil {
		return p.device.fail(p.name, err)
	}
	return nil
}

func (p *plan) view(t backend.Tensor, bytes int64) ([]byte, error) {
	b, err := p.device.own(t.Buf)
	if err != nil {
		return nil, p.device.fail(p.name, err)
	}
	return b.mem[t.Off : t.Off+bytes], nil
}

// release forgets the views, so that a plan keeps no freed buffer alive.
func (e *env) release() {
	clear(e.operands)
	e.work, e.saved = nil, nil
}

// Close implements backend.Plan. Closing again does nothing.
func (p *plan) Close() error {
	if err := p.device.acquire("close " + p.name); err != nil {
		return err
	}
	defer p.device.leave()
	p.closed = true
	delete(p.device.plans, p)
	return nil
}

// checkMemory returns nil if every buffer is one of this device and still there.
func (p *plan) checkMemory(operands []backend.Tensor, s backend.Scratch) error {
	for i, t := range operands {
		if _, err := p.device.own(t.Buf); err != nil {
			return p.device.fail(p.name, fmt.Errorf("operand %d: %w", i, err))
		}
	}
	if p.bytes > 0 {
		if _, err := p.device.own(s.Workspace.Buf); err != nil {
			return p.device.fail(p.name, fmt.Errorf("workspace: %w", err))
		}
	}
	if p.saved > 0 {
		if _, err := p.device.own(s.Saved.Buf); err != nil {
			return p.device.fail(p.name, fmt.Errorf("saved: %w", err))
		}
	}
	return nil
}
