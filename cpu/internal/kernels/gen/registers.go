package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const vecBytes = 32 // one pixel of one channel block, one YMM register

// arguments is the register that holds a kernel's only argument, a pointer to a struct.
type arguments struct{ Register }

// begin starts a kernel func(a *typ).
func begin(name, typ, doc string) arguments {
	TEXT(name, NOSPLIT, fmt.Sprintf("func(a *%s)", typ))
	Doc(fmt.Sprintf("%s %s", name, doc))
	Pragma("noescape")
	return arguments{Load(Param("a"), GP64())}
}

// end returns from a kernel. Without VZEROUPPER the Go code that follows would run its SSE instructions slowly.
func end() {
	VZEROUPPER()
	RET()
}

// at is the memory of the field at an offset.
func (a arguments) at(offset uintptr) Mem { return Mem{Base: a.Register, Disp: int(offset)} }

// load returns a new register with the field at an offset.
func (a arguments) load(offset uintptr) GPVirtual {
	r := GP64()
	MOVQ(a.at(offset), r)
	return r
}

// clamp clamps values to the limits at an offset, and needs two registers. The value is the second source of x86's MAX and
// MIN, the one that they return when either is not a number.
func (a arguments) clamp(offset uintptr, values []VecVirtual) {
	low, high := YMM(), YMM()
	VBROADCASTSS(a.at(offset), low)
	VBROADCASTSS(a.at(offset+4), high)
	for _, v := range values {
		VMAXPS(v, low, v)
		VMINPS(v, high, v)
	}
}

// ymms returns n new registers.
func ymms(n int) []VecVirtual {
	list := make([]VecVirtual, n)
	for i := range list {
		list[i] = YMM()
	}
	return list
}

// mem is memory at a constant distance from a register.
func mem(base Register, disp int) Mem { return Mem{Base: base, Disp: disp} }

// add adds a constant, with the operand size that ADDQ has for it.
func add(n int, r Register) {
	if n < 128 {
		ADDQ(I8(int8(n)), r)
		return
	}
	ADDQ(I32(int32(n)), r)
}

// copyOf returns a new register with the value of r.
func copyOf(r Op) GPVirtual {
	c := GP64()
	MOVQ(r, c)
	return c
}

// repeat runs body as often as the register says, at least once, and leaves 0 in it.
func repeat(label string, count Register, body func()) {
	Label(label)
	body()
	DECQ(count)
	JNZ(LabelRef(label))
}

// repeatMaybe is repeat for a count that may be 0.
func repeatMaybe(label string, count Register, body func()) {
	TESTQ(count, count)
	JZ(LabelRef(label + "_none"))
	repeat(label, count, body)
	Label(label + "_none")
}
