package model

import (
	"errors"
	"fmt"

	"mnv2/backend"
)

// memory is the device memory of one network that is ready to run: an arena for each lifetime, allocated once.
type memory struct {
	device    backend.Backend
	buffers   []backend.Buffer
	tensors   backend.Buffer // inputs, outputs and what runs between whole operations
	size      int64
	workspace int64
	saved     int64
}

// reserve makes room for d in the arena of tensors. The tensor can be used after allocate, through at.
func (m *memory) reserve(d backend.Desc) backend.Tensor {
	t := backend.Tensor{Desc: d, Off: m.size}
	m.size += backend.Align(d.Bytes())
	return t
}

// want makes the workspace large enough for each of the plans.
func (m *memory) want(plans ...backend.Plan) {
	for _, p := range plans {
		m.workspace = max(m.workspace, p.Workspace())
	}
}

// allocate takes the memory from the device and gives the reserved tensors their buffer.
func (m *memory) allocate(use string, tensors ...*backend.Tensor) (backend.Scratch, error) {
	var scratch backend.Scratch
	var err error
	if m.tensors, err = m.alloc(m.size, use+" tensors"); err != nil {
		return scratch, err
	}
	for _, t := range tensors {
		t.Buf = m.tensors
	}
	for _, region := range []struct {
		tensor *backend.Tensor
		bytes  int64
		label  string
	}{{&scratch.Workspace, m.workspace, use + " workspace"}, {&scratch.Saved, m.saved, use + " saved for backward"}} {
		if region.bytes == 0 {
			continue
		}
		buf, err := m.alloc(region.bytes, region.label)
		if err != nil {
			return scratch, err
		}
		*region.tensor = backend.Bytes(buf, 0, region.bytes)
	}
	return scratch, nil
}

func (m *memory) alloc(bytes int64, label string) (backend.Buffer, error) {
	buf, err := m.device.Alloc(bytes, label)
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	m.buffers = append(m.buffers, buf)
	return buf, nil
}

// grain is what devices round an allocation up to.
const grain = 2 << 20

// needed is what allocate takes, rounded up as devices do.
func (m *memory) needed() int64 {
	total := int64(0)
	for _, n := range []int64{m.size, m.workspace, m.saved} {
		total += (n + grain - 1) / grain * grain
	}
	return total
}

// bytes is what has been allocated.
func (m *memory) bytes() int64 {
	total := int64(0)
	for _, b := range m.buffers {
		total += b.Size()
	}
	return total
}

func (m *memory) free() error {
	var errs []error
	for _, b := range m.buffers {
		errs = append(errs, b.Free())
	}
	m.buffers = nil
	return errors.Join(errs...)
}

// closer is a plan or a recording.
type closer interface{ Close() error }

func closeAll[T closer](list ...T) error {
	var errs []error
	for _, c := range list {
		if any(c) != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}
