package pth

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// The pickle operations that PyTorch files contain (Python's pickletools.py describes all). Names as there.
const (
	opMark       = '('
	opStop       = '.'
	opPop        = '0'
	opBinFloat   = 'G'
	opBinInt     = 'J'
	opBinInt1    = 'K'
	opBinInt2    = 'M'
	opNone       = 'N'
	opBinPersID  = 'Q'
	opReduce     = 'R'
	opBinString  = 'T'
	opShortStr   = 'U'
	opBinUnicode = 'X'
	opAppend     = 'a'
	opBuild      = 'b'
	opGlobal     = 'c'
	opAppends    = 'e'
	opBinGet     = 'h'
	opLongBinGet = 'j'
	opBinPut     = 'q'
	opLongBinPut = 'r'
	opSetItem    = 's'
	opTuple      = 't'
	opSetItems   = 'u'
	opEmptyTuple = ')'
	opEmptyList  = ']'
	opEmptyDict  = '}'
	opBinBytes   = 'B'
	opShortBytes = 'C'
	opProto      = 0x80
	opTuple1     = 0x85
	opTuple2     = 0x86
	opTuple3     = 0x87
	opNewTrue    = 0x88
	opNewFalse   = 0x89
	opLong1      = 0x8a
	opShortUni   = 0x8c
	opBinUni8    = 0x8d
	opStackGlob  = 0x93
	opMemoize    = 0x94
	opFrame      = 0x95
)

// step executes one operation.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		return m.proto()
	case opFrame: // a hint for streaming readers
		_, err := m.take(8)
		return err
	case opMark:
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opPop:
		_, err := m.pop()
		return err
	case opBinPut, opLongBinPut, opBinGet, opLongBinGet, opMemoize:
		return m.memoStep(op)
	case opTuple, opTuple1, opTuple2, opTuple3:
		return m.tupleStep(op)
	case opAppend, opAppends, opSetItem, opSetItems, opBuild:
		return m.fillStep(op)
	case opGlobal, opStackGlob, opReduce, opBinPersID:
		return m.callStep(op)
	}
	v, err := m.constant(op)
	if err != nil {
		return err
	}
	m.push(v)
	return nil
}

func (m *machine) proto() error {
	v, err := m.byte()
	if err == nil && v > 5 {
		err = fmt.Errorf("pickle protocol %d is not known (2 to 5 are)", v)
	}
	return err
}

// constant reads the operations that push one plain value.
func (m *machine) constant(op byte) (any, error) {
	switch op {
	case opNone:
		return nil, nil
	case opNewTrue, opNewFalse:
		return op == opNewTrue, nil
	case opEmptyTuple:
		return tuple{}, nil
	case opEmptyList:
		return &list{}, nil
	case opEmptyDict:
		return &dict{}, nil
	case opBinInt, opBinInt1, opBinInt2, opLong1, opBinFloat:
		return m.number(op)
	case opBinUnicode, opShortUni, opBinUni8, opBinString, opShortStr, opBinBytes, opShortBytes:
		return m.text(op)
	}
	return nil, fmt.Errorf("operation %#x does not occur in PyTorch files", op)
}

func (m *machine) number(op byte) (any, error) {
	switch op {
	case opBinInt:
		n, err := m.uint(4)
		return int64(int32(n)), err
	case opBinInt1:
		n, err := m.uint(1)
		return int64(n), err
	case opBinInt2:
		n, err := m.uint(2)
		return int64(n), err
	case opBinFloat: // the one big-endian number
		b, err := m.take(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return m.long()
}

// long reads LONG1: a length byte and that many bytes of little-endian two's complement.
func (m *machine) long() (any, error) {
	n, err := m.uint(1)
	if err != nil {
		return nil, err
	}
	b, err := m.take(n)
	if err != nil || n > 8 {
		return opaque{b}, err
	}
	var v int64
	for i, x := range b {
		v |= int64(x) << (8 * i)
	}
	if unused := 64 - 8*len(b); unused < 64 {
		v = v << unused >> unused
	}
	return v, nil
}

// text reads strings. Python 2 wrote names as byte strings: those that are UTF-8 count as text, others are carried along.
func (m *machine) text(op byte) (any, error) {
	width := map[byte]int{opBinUni8: 8, opShortUni: 1, opShortStr: 1, opShortBytes: 1}[op]
	if width == 0 {
		width = 4
	}
	n, err := m.uint(width)
	if err != nil {
		return nil, err
	}
	b, err := m.take(n)
	if err != nil {
		return nil, err
	}
	switch {
	case op == opBinBytes || op == opShortBytes:
		return opaque{b}, nil
	case utf8.Valid(b):
		return string(b), nil
	case op == opBinString || op == opShortStr:
		return opaque{b}, nil
	}
	return nil, errors.New("text is not UTF-8")
}

func (m *machine) memoStep(op byte) error {
	index := uint64(len(m.memo))
	var err error
	switch op {
	case opBinPut, opBinGet:
		index, err = m.uint(1)
	case opLongBinPut, opLongBinGet:
		index, err = m.uint(4)
	}
	if err != nil {
		return err
	}
	if op == opBinGet || op == opLongBinGet {
		v, ok := m.memo[uint32(index)]
		if !ok {
			return fmt.Errorf("nothing was stored under number %d", index)
		}
		m.push(v)
		return nil
	}
	v, err := m.top()
	if err == nil {
		m.memo[uint32(index)] = v
	}
	return err
}

func (m *machine) tupleStep(op byte) error {
	var items []any
	var err error
	if op == opTuple {
		items, err = m.popMark()
	} else {
		items, err = m.popN(int(op) - opTuple1 + 1)
	}
	if err == nil {
		m.push(tuple(items))
	}
	return err
}
