package pth

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Limits on one pickle. A state_dict needs about 25 operations per tensor and Python flushes every 1000 items, so that
// these leave room for ten thousand tensors while a hostile file stays below about 100 MB.
const (
	maxPickleBytes = 16 << 20
	maxOperations  = 1 << 19
	maxStack       = 1 << 17
	maxNameBytes   = 256 // module or attribute name
)

// machine runs one pickle.
type machine struct {
	data  []byte
	pos   int
	stack []any
	marks []int // stack heights at which MARK stood
	memo  map[uint32]any
	kinds map[string]storageKind // element type of every storage that the pickle refers to
}

// pickled is what a pickle holds.
type pickled struct {
	root  any
	bytes int // its length
	kinds map[string]storageKind
}

// unpickle runs the pickle at the start of data.
func unpickle(data []byte) (pickled, error) {
	m := &machine{data: data, memo: map[uint32]any{}, kinds: map[string]storageKind{}}
	for range maxOperations {
		at := m.pos
		op, err := m.byte()
		if err != nil {
			return pickled{}, errors.New("pickle: the file is cut before the pickle ends")
		}
		if op == opStop {
			root, err := m.pop()
			return pickled{root, m.pos, m.kinds}, err
		}
		if err := m.step(op); err != nil {
			return pickled{}, fmt.Errorf("pickle, byte %d: %w", at, err)
		}
		if len(m.stack) > maxStack || len(m.marks) > maxStack {
			return pickled{}, fmt.Errorf("pickle, byte %d: stack of more than %d values", at, maxStack)
		}
	}
	return pickled{}, fmt.Errorf("pickle: more than %d operations", maxOperations)
}

// take consumes n bytes. n comes from the file, so it is compared before anything is made of that size.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.data)-m.pos) {
		return nil, fmt.Errorf("wants %d bytes, %d are left", n, len(m.data)-m.pos)
	}
	b := m.data[m.pos : m.pos+int(n)]
	m.pos += int(n)
	return b, nil
}

func (m *machine) byte() (byte, error) {
	if m.pos >= len(m.data) {
		return 0, io.ErrUnexpectedEOF
	}
	m.pos++
	return m.data[m.pos-1], nil
}

// uint consumes a little-endian unsigned number of width bytes.
func (m *machine) uint(width int) (uint64, error) {
	b, err := m.take(uint64(width))
	if err != nil {
		return 0, err
	}
	var full [8]byte
	copy(full[:], b)
	return binary.LittleEndian.Uint64(full[:]), nil
}

// line consumes text up to a newline.
func (m *machine) line() (string, error) {
	rest := m.data[m.pos:min(len(m.data), m.pos+maxNameBytes)]
	end := bytes.IndexByte(rest, '\n')
	if end < 0 {
		return "", errors.New("a name does not end")
	}
	m.pos += end + 1
	return string(rest[:end]), nil
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

func (m *machine) pop() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errors.New("the stack is empty")
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// floor is the height below which nothing may be popped: the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

// popN returns the upper n values, in order, in memory of their own.
func (m *machine) popN(n int) ([]any, error) {
	if len(m.stack)-m.floor() < n {
		return nil, errors.New("the stack is too short")
	}
	cut := len(m.stack) - n
	items := append([]any(nil), m.stack[cut:]...)
	m.stack = m.stack[:cut]
	return items, nil
}

// popMark returns everything above the last mark and removes the mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("no mark on the stack")
	}
	items, err := m.popN(len(m.stack) - m.floor())
	m.marks = m.marks[:len(m.marks)-1]
	return items, err
}

// top returns the uppermost value without removing it.
func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errors.New("the stack is empty")
	}
	return m.stack[len(m.stack)-1], nil
}
