package model

import (
	"fmt"

	"mnv2/backend"
)

// endsRoom is the room, in numbers, for where the tensors of one group end.
const endsRoom = 256

// updateOp returns the optimizer's operation for a group.
func (t *Training) updateOp(g Range) backend.Update {
	op := backend.Update{Rule: t.options.Rule, Elements: g.Len}
	if op.Rule == backend.Lamb {
		op.Tensors = len(t.state.params.endsOf(g))
	}
	return op
}

// endsOf returns where the tensors of a group end, gaps included, counted from its beginning.
func (p *Parameters) endsOf(g Range) []int32 {
	var ends []int32
	for i, q := range p.arch.params {
		at := int(p.tensors[i].Off / 4)
		if !q.Kind.Trainable() || at < g.Off || at >= g.Off+g.Len {
			continue
		}
		if at > g.Off {
			ends = append(ends, int32(at-g.Off))
		}
	}
	return append(ends, int32(g.Len))
}

// storeEnds copies where tensors end to the device, for Lamb.
func (t *Training) storeEnds() error {
	if t.options.Rule != backend.Lamb {
		return nil
	}
	for i, g := range t.state.params.groups {
		ends := t.state.params.endsOf(g)
		if len(ends) > endsRoom {
			return fmt.Errorf("model: %d tensors in an optimizer group: want %d at most", len(ends), endsRoom)
		}
		if err := t.state.params.device.Upload(t.ends.Buf, t.ends.Off+int64(i*endsRoom)*4, bytesOf(ends)); err != nil {
			return err
		}
	}
	return nil
}

// updateCalls move the weights of each group. With gradients that are added up they take the sums.
func (t *Training) updateCalls() []call {
	var list []call
	gradients := t.state.gradients
	if t.state.Accumulate > 1 {
		gradients = t.state.accumulated
	}
	for i, g := range t.state.params.groups {
		args := &backend.UpdateArgs{DW: g.arena(gradients), Hyper: t.hyperRow(t.rows.groups + i), W: g.arena(t.state.params.values)}
		if op := t.updateOp(g); op.Tensors > 0 {
			args.Ends = t.ends
			args.Ends.Desc = backend.Vec(backend.I32, op.Tensors)
			args.Ends.Off += int64(i*endsRoom) * 4
		}
		for slot, to := range []*backend.Tensor{&args.V, &args.S}[:len(t.state.slots)] {
			*to = g.arena(t.state.slots[slot])
		}
		list = append(list, call{plan: t.updates[i], args: args})
	}
	return list
}
