//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/nv"
)

// program is the list of launches that computes one operation. Compile writes it once; Run only tells it addresses.
type program struct {
	device   *Device
	operands []backend.Operand
	launches []*nv.Launch
	calls    []dnnCall // convolutions by cuDNN, among the launches
	patches  []patch
	aimed    bases // what the calls go by
	work     int64 // bytes of scratch
	saved    int64 // bytes kept from the first plan of a pair to the second
	err      error // the first failure while the list was made
}

// patch is an argument of a launch that is an address.
type patch struct {
	launch *nv.Launch
	arg    int
	at     value
}

// place says where a value of a program lives.
type place uint8

const (
	inOperand place = iota + 1 // operand number index
	inWork                     // the plan's workspace
	inSaved                    // what a pair keeps
	nowhere                    // a null pointer
)

// value is memory that a kernel is told the address of: off bytes into a place.
type value struct {
	place place
	index int
	off   int64
}

// slot is the boundary, in bytes, on which values of a program begin.
const slot = 256

func slots(n int64) int64 { return (n + slot - 1) / slot * slot }

// operand returns operand i, in the order of the operation's Operands.
func (p *program) operand(i int) value { return value{place: inOperand, index: i} }

// temp reserves bytes of scratch, which hold anything when the operation begins.
func (p *program) temp(bytes int64) value {
	v := value{place: inWork, off: p.work}
	p.work += slots(bytes)
	return v
}

// keep reserves bytes that live from the first plan of a pair to the second. Both must keep the same things in the same order.
func (p *program) keep(bytes int64) value {
	v := value{place: inSaved, off: p.saved}
	p.saved += slots(bytes)
	return v
}

// null is an address that the kernel does not use.
func null() value { return value{place: nowhere} }

// arg is an argument of a kernel: a value, or a number of the type that the kernel declares.
type arg interface{ arg() nv.Arg }

type (
	i32 int32   // int
	i64 int64   // i64 (long long)
	f32 float32 // float
	raw []byte  // a structure by value
)

func (v value) arg() nv.Arg { return nv.PtrArg(0) }
func (v i32) arg() nv.Arg   { return nv.Int32Arg(int32(v)) }
func (v i64) arg() nv.Arg   { return nv.Int64Arg(int64(v)) }
func (v f32) arg() nv.Arg   { return nv.Float32Arg(float32(v)) }
func (v raw) arg() nv.Arg   { return nv.BytesArg(v) }

// launch appends a launch of k. The arguments must have the sizes of the kernel's parameters.
func (p *program) launch(k kernel, shape nv.LaunchConfig, args ...arg) {
	if p.err != nil {
		return
	}
	f, err := p.device.function(k, int(shape.Shared))
	if err != nil {
		p.err = err
		return
	}
	numbers := make([]nv.Arg, len(args))
	for i, a := range args {
		numbers[i] = a.arg()
	}
	l, err := p.device.c.NewLaunch(f, shape, numbers...)
	if err != nil {
		p.err = err
		return
	}
	p.launches = append(p.launches, l)
	for i, a := range args {
		if v, ok := a.(value); ok && v.place != nowhere {
			p.patches = append(p.patches, patch{l, i, v})
		}
	}
}

// threads is the size of a block of kernels that walk over elements.
const threads = 256

// waves is how many blocks of such kernels there are at most for each multiprocessor.
const waves = 16

// each is the shape of a kernel that walks over n elements with as many threads as there are (EACH in common.cuh).
func (p *program) each(n int64) nv.LaunchConfig {
	blocks := min((n+threads-1)/threads, int64(waves*p.device.gpu.Multiprocessors))
	return nv.LaunchConfig{Grid: [3]uint32{uint32(max(blocks, 1))}, Block: [3]uint32{threads}}
}

// packs is the shape of a kernel whose threads take 16 bytes of elements of type t each (EACH_PACK in common.cuh).
func (p *program) packs(n int64, t backend.DType) nv.LaunchConfig {
	per := int64(packOf(t))
	return p.each((n + per - 1) / per)
}

// bases are the addresses that a run was given.
type bases struct {
	operands    []nv.DevicePtr
	work, saved nv.DevicePtr
}

// at is where a value is.
func (b bases) at(v value) nv.DevicePtr {
	off := nv.DevicePtr(v.off)
	switch v.place {
	case inOperand:
		return b.operands[v.index] + off
	case inWork:
		return b.work + off
	case inSaved:
		return b.saved + off
	}
	return 0
}

// aim writes addresses into all launches.
func (p *program) aim(b bases) {
	p.aimed = b
	for _, t := range p.patches {
		t.launch.SetPtr(t.arg, b.at(t.at))
	}
}

// steps counts what queue queues.
func (p *program) steps() int { return len(p.launches) + len(p.calls) }

// queue queues all launches, in one crossing but for calls of cuDNN.
func (p *program) queue() error {
	c, s, done := p.device.c, p.device.stream, 0
	for _, call := range p.calls {
		if err := c.QueueAll(s, p.launches[done:call.after]); err != nil {
			return err
		}
		if err := call.run(p.aimed); err != nil {
			return err
		}
		done = call.after
	}
	return c.QueueAll(s, p.launches[done:])
}

// close gives the launches' memory back.
func (p *program) close() {
	for _, l := range p.launches {
		l.Close()
	}
	p.launches, p.calls, p.patches = nil, nil, nil
}
