package acl

import (
	"fmt"
	"strings"
)

// Error is a failed call of a vendor function.
type Error struct {
	Call  string // the vendor's function
	Code  int    // its result
	Text  string // the vendor's own sentence, or ""
	Index int    // of a batch: which call failed
}

// Error implements error.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s = %d", e.Call, e.Code)
	if name := CodeName(e.Code); name != "" {
		s += " (" + name + ")"
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// oneLine returns the vendor's text, which may have many lines, as one.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// MissingOp says that the installed toolkit lacks an operator.
type MissingOp struct{ Name, Since string }

// Error implements error.
func (e *MissingOp) Error() string {
	return fmt.Sprintf("the installed CANN has no %s, which came with %s", e.Name, e.Since)
}

// codeNames are results worth words: the vendor's name without its prefix and the usual cause.
var codeNames = map[int]string{
	100000: "invalid parameter",
	100001: "not initialised",
	100003: "a configuration or version file is missing",
	100039: "link stub: a library of a devlib folder was loaded in place of the real one",
	107000: "invalid runtime parameter",
	107001: "no such device, or no driver that works",
	107002: "no context on this thread",
	107003: "stream of another context",
	107017: "invalid handle",
	107019: "wait timed out",
	107020: "task timed out",
	161001: "a pointer is null",
	161002: "invalid data type, format, shape or attribute",
	200000: "out of host memory",
	200001: "not supported",
	207000: "not supported by this chip",
	207001: "out of device memory",
	207003: "overflow in a matrix unit",
	207004: "no device",
	207005: "out of resources",
	207006: "no permission: the user must be in the group that owns /dev/davinci*, usually HwHiAiUser",
	207008: "no stream left",
	207016: "overflow in a vector unit",
	207017: "overflow",
	207018: "out of device memory",
	361001: "a runtime call failed",
	500000: "internal error; from aclInit: no device can be read",
	507008: "the driver is too old for the chip or the toolkit",
	507010: "the device does not answer any more",
	507014: "an AI core timed out",
	507015: "an AI core stopped with an exception",
	507016: "an AI core trapped",
	507017: "an AI CPU timed out",
	507018: "an AI CPU stopped with an exception",
	507033: "the device cannot be set up: driver and toolkit do not fit, or it is busy",
	507034: "a vector core timed out",
	507035: "a vector core stopped with an exception",
	507036: "a vector core trapped",
	507046: "waiting for the stream timed out",
	507053: "device memory error",
	507054: "device memory has an uncorrectable error",
	561000: "internal error of an operator",
	561002: "an operator found no tiling",
	561003: "an operator has no kernel for this chip or data type",
	561101: "an operator's plan could not be made",
	561103: "an operator has no kernel for these arguments, or the kernel package is of another chip or version",
	561107: "ASCEND_OPP_PATH is not set: source set_env.sh",
	561112: "the kernel package is not installed for this chip",
}

// CodeName returns words for a result, or "".
func CodeName(code int) string { return codeNames[code] }

// IsOutOfMemory reports whether the result says that the device has no memory left.
func (e *Error) IsOutOfMemory() bool { return e.Code == 207001 || e.Code == 207018 || e.Code == 200000 }

// IsLost reports whether the device cannot be used any more after the result: a kernel fault breaks the context, and
// hardware faults break the device.
func (e *Error) IsLost() bool {
	switch e.Code {
	case 507010, 507014, 507015, 507016, 507017, 507018, 507034, 507035, 507036, 507053, 507054:
		return true
	}
	return false
}
