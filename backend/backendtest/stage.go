package backendtest

import (
	"bytes"
	"fmt"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// guardByte fills what lies between tensors, poisonByte the memory that an operation has to write: NaN in every format.
const (
	guardByte  = 0xA5
	poisonByte = 0xFF
)

// guardSize is the least count of guard bytes before and after each tensor.
const guardSize = 2 * backend.Alignment

// tensors are arguments in operand order.
type tensors []backend.Tensor

// Bind implements backend.Args.
func (t tensors) Bind(dst []backend.Tensor) []backend.Tensor { return append(dst, t...) }

// named is a tensor to be placed on a stage.
type named struct {
	name string
	desc backend.Desc
}

// stage is the memory of one operation or pair: named tensors in one device buffer, each between guards, and a copy of it
// all on the host.
type stage struct {
	b     backend.Backend
	buf   backend.Buffer
	host  []byte
	names []string
	at    map[string]backend.Tensor

	anyPadding bool // padding lanes of outputs may hold anything
}

// newStage allocates room for list. Everything is poisoned until it is put.
func newStage(b backend.Backend, list []named) (*stage, error) {
	s := &stage{b: b, at: map[string]backend.Tensor{}}
	end := int64(0)
	for _, n := range list {
		off := backend.Align(end + guardSize)
		s.names = append(s.names, n.name)
		s.at[n.name] = backend.Tensor{Desc: n.desc, Off: off}
		end = off + n.desc.Bytes()
	}
	s.host = bytes.Repeat([]byte{guardByte}, int(backend.Align(end+guardSize)))
	buf, err := b.Alloc(int64(len(s.host)), "stage")
	if err != nil {
		return nil, err
	}
	s.buf = buf
	for name, t := range s.at {
		t.Buf = buf
		s.at[name] = t
		s.poison(name)
	}
	return s, nil
}

// scratchTensor describes n bytes of scratch; at least one, so that a plan that wants none may be handed some.
func scratchTensor(name string, n int64) named {
	return named{name, backend.Vec(backend.U8, int(max(n, 1)))}
}

// bytes returns the host's copy of a tensor.
func (s *stage) bytes(name string) []byte {
	t := s.at[name]
	return s.host[t.Off : t.Off+t.Bytes()]
}

func (s *stage) poison(name string) {
	raw := s.bytes(name)
	for i := range raw {
		raw[i] = poisonByte
	}
}

// put sets the host's copy of a tensor.
func (s *stage) put(name string, v *ref.Tensor) { copy(s.bytes(name), v.Bytes()) }

// value returns the numbers of the host's copy of a tensor.
func (s *stage) value(name string) *ref.Tensor {
	v, err := ref.FromBytes(s.at[name].Desc, s.bytes(name))
	if err != nil {
		panic("backendtest: stage holds a tensor of another size: " + err.Error()) // sizes come from the same Desc
	}
	return v
}

// upload writes the host's copy to the device, download reads it back.
func (s *stage) upload() error   { return s.b.Upload(s.buf, 0, s.host) }
func (s *stage) download() error { return s.b.Download(s.host, s.buf, 0) }

// free gives the memory back.
func (s *stage) free() error { return s.buf.Free() }

// args returns the tensors called names.
func (s *stage) args(names []string) tensors {
	list := make(tensors, len(names))
	for i, n := range names {
		list[i] = s.at[n]
	}
	return list
}

// guards returns nil if nothing between the tensors changed, and otherwise beside which one.
func (s *stage) guards() error {
	end := int64(0)
	last := "the beginning"
	for _, name := range append(s.names, "") {
		next := int64(len(s.host))
		if name != "" {
			next = s.at[name].Off
		}
		for i, v := range s.host[end:next] {
			if v != guardByte {
				return fmt.Errorf("memory outside the operands was written: %d bytes after %s, %d before %q", i, last, next-end-int64(i), name)
			}
		}
		if name != "" {
			end = next + s.at[name].Bytes()
			last = fmt.Sprintf("%q", name)
		}
	}
	return nil
}
