package model

import (
	"errors"
	"fmt"
	"slices"

	"mnv2/backend"
)

// Parameters are the values of a network in the memory of one device. What is trained lies in one flat arena, so that one
// launch per group updates it; the moving statistics lie in another.
type Parameters struct {
	arch       *Arch
	device     backend.Backend
	values     backend.Buffer // trainable
	statistics backend.Buffer
	tensors    []backend.Tensor // in the order of arch.params
	groups     []Range
	elements   int // of the trainable arena, gaps included
	count      int // of the arena of statistics, gaps included
}

// Range is a stretch of the trainable arena, in elements.
type Range struct{ Off, Len int }

// slotElements is the boundary, in elements, on which every parameter begins, in float32 and in a copy in half precision; the
// gaps stay zero.
const slotElements = backend.Alignment / 2

// Frozen is the group of trainable parameters that are not trained.
const Frozen = -1

// NewParameters makes room for the parameters of a on device b. group says to which optimizer group, counted from 0, a
// trainable parameter belongs, or that it is [Frozen]; nil puts all in group 0. The values are zero until Store.
func NewParameters(b backend.Backend, a *Arch, group func(Param) int) (*Parameters, error) {
	p := &Parameters{arch: a, device: b, tensors: make([]backend.Tensor, len(a.params))}
	if group == nil {
		group = func(Param) int { return 0 }
	}
	trainable := p.placeTrainable(group)
	statistics := p.place(0, func(q Param) bool { return !q.Kind.Trainable() })
	p.elements, p.count = trainable, statistics
	if err := p.allocate("parameters", "moving statistics"); err != nil {
		return nil, err
	}
	return p, nil
}

// allocate takes the memory for both arenas.
func (p *Parameters) allocate(values, statistics string) (err error) {
	if p.values, err = p.device.Alloc(int64(p.elements)*4, values); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	if p.statistics, err = p.device.Alloc(int64(p.count)*4, statistics); err != nil {
		return errors.Join(fmt.Errorf("model: %w", err), p.values.Free())
	}
	for i, q := range p.arch.params {
		p.tensors[i].Buf = p.values
		if !q.Kind.Trainable() {
			p.tensors[i].Buf = p.statistics
		}
	}
	return nil
}

// like returns parameters of the same network that lie in the same way in memory of their own. The label is for messages about memory.
func (p *Parameters) like(label string) (*Parameters, error) {
	q := *p
	q.tensors = slices.Clone(p.tensors)
	if err := q.allocate(label, label+" of moving statistics"); err != nil {
		return nil, err
	}
	return &q, nil
}

// placeTrainable lays the groups out one after the other and returns the elements in all.
func (p *Parameters) placeTrainable(group func(Param) int) int {
	count := 0
	for _, q := range p.arch.params {
		if q.Kind.Trainable() {
			count = max(count, group(q)+1)
		}
	}
	end := 0
	for g := range count {
		begin := end
		end = p.place(begin, func(q Param) bool { return q.Kind.Trainable() && group(q) == g })
		p.groups = append(p.groups, Range{begin, end - begin})
	}
	return p.place(end, func(q Param) bool { return q.Kind.Trainable() && group(q) == Frozen })
}

// place puts the parameters that pass one after the other from element at on, and returns where they end.
func (p *Parameters) place(at int, pass func(Param) bool) int {
	for i, q := range p.arch.params {
		if pass(q) {
			p.tensors[i] = backend.Tensor{Desc: q.desc(), Off: int64(at) * 4}
			at += (q.Elements() + slotElements - 1) / slotElements * slotElements
		}
	}
	return at
}

// desc is how a block sees the parameter.
func (p Param) desc() backend.Desc {
	switch p.Kind {
	case ConvWeight:
		return backend.Filter(backend.F32, p.Shape[0], p.Shape[1], p.Shape[2], p.Shape[3])
	case DenseWeight:
		return backend.Filter(backend.F32, p.Shape[0], p.Shape[1], 1, 1)
	}
	return backend.Vec(backend.F32, p.Shape[0])
}

// Arch returns the network whose parameters these are.
func (p *Parameters) Arch() *Arch { return p.arch }

// Groups returns the stretches of the trainable arena, one for each optimizer group.
func (p *Parameters) Groups() []Range { return p.groups }

// Store copies values, by MindCV name, to the device. Names must be those of the network and lengths must fit; parameters
// that are not named keep what they have.
func (p *Parameters) Store(values map[string][]float32) error {
	known := 0
	for i, q := range p.arch.params {
		v, ok := values[q.Name]
		if !ok {
			continue
		}
		known++
		if len(v) != q.Elements() {
			return fmt.Errorf("model: store %q: got %d values, want %d", q.Name, len(v), q.Elements())
		}
		if err := p.device.Upload(p.tensors[i].Buf, p.tensors[i].Off, bytesOf(v)); err != nil {
			return fmt.Errorf("model: store %q: %w", q.Name, err)
		}
	}
	if known != len(values) {
		return fmt.Errorf("model: store: %d of %d names are not parameters of the network", len(values)-known, len(values))
	}
	return nil
}

// Load copies all values from the device, by MindCV name.
func (p *Parameters) Load() (map[string][]float32, error) {
	return p.load(func(Param) bool { return true }, func(i int) backend.Tensor { return p.tensors[i] })
}

// loadTrainable copies what lies in buf, an arena like that of the trainable parameters (gradients, velocity), by name.
func (p *Parameters) loadTrainable(buf backend.Buffer) (map[string][]float32, error) {
	return p.load(func(q Param) bool { return q.Kind.Trainable() }, func(i int) backend.Tensor { return p.inArena(i, buf) })
}

func (p *Parameters) load(pass func(Param) bool, tensor func(i int) backend.Tensor) (map[string][]float32, error) {
	values := make(map[string][]float32, len(p.arch.params))
	for i, q := range p.arch.params {
		if !pass(q) {
			continue
		}
		v := make([]float32, q.Elements())
		t := tensor(i)
		if err := p.device.Download(bytesOf(v), t.Buf, t.Off); err != nil {
			return nil, fmt.Errorf("model: load %q: %w", q.Name, err)
		}
		values[q.Name] = v
	}
	return values, nil
}

// trained is the stretch of all groups: what is trained at all.
func (p *Parameters) trained() Range {
	last := p.groups[len(p.groups)-1]
	return Range{0, last.Off + last.Len}
}

// allValues are the trainable parameters as one vector, gaps included.
func (p *Parameters) allValues() backend.Tensor { return Range{0, p.elements}.arena(p.values) }

// allStatistics are the moving statistics as one vector, gaps included.
func (p *Parameters) allStatistics() backend.Tensor { return Range{0, p.count}.arena(p.statistics) }

// inArena is parameter i as it lies in buf, an arena like that of the trainable parameters.
func (p *Parameters) inArena(i int, buf backend.Buffer) backend.Tensor {
	t := p.tensors[i]
	t.Buf = buf
	return t
}

// arena returns elements of buf from r on as one vector.
func (r Range) arena(buf backend.Buffer) backend.Tensor {
	return backend.Tensor{Desc: backend.Vec(backend.F32, r.Len), Buf: buf, Off: int64(r.Off) * 4}
}

// Close frees the memory.
func (p *Parameters) Close() error { return errors.Join(p.values.Free(), p.statistics.Free()) }
