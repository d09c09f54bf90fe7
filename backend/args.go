package backend

import (
	"fmt"
	"slices"
	"strings"
)

// appendSet appends the tensors that are set.
func appendSet(dst []Tensor, tensors ...Tensor) []Tensor {
	for _, t := range tensors {
		if t.IsSet() {
			dst = append(dst, t)
		}
	}
	return dst
}

// Binder checks and keeps the arguments of one plan. Every device uses it, so that a wrong call gets the same answer
// everywhere. The zero value is not usable; see [NewBinder].
type Binder struct {
	op       Op
	operands []Operand
	bound    []Tensor // what the last successful Bind returned
	next     []Tensor
}

// NewBinder returns a Binder for op.
func NewBinder(op Op) *Binder {
	operands := op.Operands()
	n := len(operands) + 1
	return &Binder{op: op, operands: operands, bound: make([]Tensor, 0, n), next: make([]Tensor, 0, n)}
}

// Bind returns the tensors of args in operand order after checking count, shapes, bounds, alignment and overlap.
// Arguments equal to those of the last call are not checked again. The result is valid until the next call.
// Errors wrap [ErrArgs].
func (b *Binder) Bind(args Args) ([]Tensor, error) {
	b.next = args.Bind(b.next[:0])
	if len(b.bound) == len(b.operands) && slices.Equal(b.next, b.bound) {
		return b.bound, nil
	}
	if err := b.check(b.next); err != nil {
		return nil, fmt.Errorf("%v: %w: %w", b.op, ErrArgs, err)
	}
	b.bound, b.next = b.next, b.bound
	return b.bound, nil
}

func (b *Binder) check(tensors []Tensor) error {
	if len(tensors) != len(b.operands) {
		return fmt.Errorf("got %d tensors, want %d (%s)", len(tensors), len(b.operands), operandNames(b.operands))
	}
	for i, t := range tensors {
		if err := checkTensor(t, b.operands[i].Desc); err != nil {
			return fmt.Errorf("operand %q: %w", b.operands[i].Name, err)
		}
	}
	return b.checkOverlap(tensors)
}

func checkTensor(t Tensor, want Desc) error {
	if t.Desc != want {
		return fmt.Errorf("is %v, want %v", t.Desc, want)
	}
	if !t.IsSet() {
		return fmt.Errorf("names no memory")
	}
	if t.Off%Alignment != 0 || t.Off < 0 {
		return fmt.Errorf("begins at byte %d, want a multiple of %d", t.Off, Alignment)
	}
	if !fits(t.Buf, t.Off, t.Bytes()) {
		return fmt.Errorf("%d bytes from byte %d lie outside a buffer of %d", t.Bytes(), t.Off, t.Buf.Size())
	}
	return nil
}

// fits reports whether n bytes from off lie inside buf. It does not add, so that no offset can overflow.
func fits(buf Buffer, off, n int64) bool { return off >= 0 && off <= buf.Size() && n <= buf.Size()-off }

// checkOverlap refuses an output that shares memory with anything but the input its InPlace names.
func (b *Binder) checkOverlap(tensors []Tensor) error {
	for i, out := range b.operands {
		if out.Role == In {
			continue
		}
		for j, other := range b.operands {
			if i == j || (j < i && other.Role != In) || !overlap(tensors[i], tensors[j]) {
				continue
			}
			if out.InPlace == other.Name && tensors[i].Off == tensors[j].Off {
				continue
			}
			return fmt.Errorf("output %q shares memory with %q", out.Name, other.Name)
		}
	}
	return nil
}

func overlap(a, b Tensor) bool {
	return a.Buf == b.Buf && a.Off < b.Off+b.Bytes() && b.Off < a.Off+a.Bytes()
}

func operandNames(operands []Operand) string {
	names := make([]string, len(operands))
	for i, o := range operands {
		names[i] = o.Name
	}
	return strings.Join(names, ", ")
}

// CheckScratch returns nil if s has the room that p wants. Errors wrap [ErrArgs].
func CheckScratch(p Plan, s Scratch) error {
	for _, need := range []struct {
		name  string
		bytes int64
		t     Tensor
	}{{"workspace", p.Workspace(), s.Workspace}, {"saved", p.Saved(), s.Saved}} {
		if need.bytes == 0 {
			continue
		}
		if !need.t.IsSet() || need.t.Off%Alignment != 0 || !fits(need.t.Buf, need.t.Off, need.bytes) ||
			need.t.Bytes() < need.bytes {
			return fmt.Errorf("%v: %w: %s: want %d bytes on a multiple of %d", p.Op(), ErrArgs, need.name, need.bytes, Alignment)
		}
	}
	return nil
}

// Bytes returns a view of n bytes of buf from byte off, the form in which scratch memory is handed to a plan.
func Bytes(buf Buffer, off, n int64) Tensor { return Tensor{Desc: Vec(U8, int(n)), Buf: buf, Off: off} }
