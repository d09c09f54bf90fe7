//go:build cgo && linux

package nv

/*
#include <stdlib.h>
#include "binding.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"
)

// The conditions that callers act on; test for them with errors.Is.
var (
	// ErrUnavailable means that there is no device to be had: no library, no driver, no GPU, or one that is in use.
	ErrUnavailable = errors.New("no usable NVIDIA device")
	// ErrOutOfMemory means that the device, or the host, lacks memory for what was asked.
	ErrOutOfMemory = errors.New("out of memory")
	// ErrDeviceLost means that the context is dead: every later call fails likewise, and only a new process can help.
	ErrDeviceLost = errors.New("the device's context is lost")
	// ErrCapture means that the call is not allowed while a stream is captured, or that the capture was spoilt.
	ErrCapture = errors.New("not allowed during stream capture")
	// ErrCompile means that the source was refused; the error is a [*CompileError].
	ErrCompile = errors.New("compilation failed")
	// ErrNoEngine means that cuDNN has no engine for a convolution that repeats to the bit.
	ErrNoEngine = errors.New("cuDNN has no deterministic engine for it")
)

// Error is a failed call of one of the vendor's libraries.
type Error struct {
	What    string // what was attempted: "allocate 4096 bytes"
	Library string // "CUDA driver", "NVRTC", "cuDNN"
	Call    string // the vendor's function
	Code    int    // its result
	Name    string // the vendor's name of it: "CUDA_ERROR_OUT_OF_MEMORY"
	Text    string // the vendor's own sentence, if it had one
}

// Error returns "allocate 4096 bytes: cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY (2): out of memory".
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s: %s (%d)", e.What, e.Call, e.Name, e.Code)
	if e.Text != "" {
		text += ": " + strings.Join(strings.Fields(e.Text), " ") // one line
	}
	return text
}

// Is says which of this package's conditions the code stands for.
func (e *Error) Is(target error) bool { return target == e.condition() }

func (e *Error) condition() error {
	switch e.Library {
	case libraryNames[C.NV_DRIVER]:
		return driverCondition(e.Code)
	case libraryNames[C.NV_CUDNN]:
		return dnnCondition(e.Code)
	case libraryNames[C.NV_NVRTC]:
		if e.Code == C.NV_NVRTC_ERROR_OUT_OF_MEMORY {
			return ErrOutOfMemory
		}
	case libraryNames[0]:
		return ErrOutOfMemory
	}
	return nil
}

func driverCondition(code int) error {
	switch code {
	case C.NV_CUDA_ERROR_OUT_OF_MEMORY:
		return ErrOutOfMemory
	case C.NV_CUDA_ERROR_NO_DEVICE, C.NV_CUDA_ERROR_STUB_LIBRARY, C.NV_CUDA_ERROR_DEVICE_UNAVAILABLE,
		C.NV_CUDA_ERROR_INVALID_DEVICE, C.NV_CUDA_ERROR_SYSTEM_NOT_READY, C.NV_CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,
		C.NV_CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, C.NV_CUDA_ERROR_NO_BINARY_FOR_GPU:
		return ErrUnavailable
	case C.NV_CUDA_ERROR_ECC_UNCORRECTABLE, C.NV_CUDA_ERROR_NVLINK_UNCORRECTABLE, C.NV_CUDA_ERROR_ILLEGAL_ADDRESS,
		C.NV_CUDA_ERROR_LAUNCH_TIMEOUT, C.NV_CUDA_ERROR_CONTEXT_IS_DESTROYED, C.NV_CUDA_ERROR_ASSERT,
		C.NV_CUDA_ERROR_HARDWARE_STACK_ERROR, C.NV_CUDA_ERROR_ILLEGAL_INSTRUCTION, C.NV_CUDA_ERROR_MISALIGNED_ADDRESS,
		C.NV_CUDA_ERROR_INVALID_ADDRESS_SPACE, C.NV_CUDA_ERROR_INVALID_PC, C.NV_CUDA_ERROR_LAUNCH_FAILED,
		C.NV_CUDA_ERROR_DEINITIALIZED:
		return ErrDeviceLost
	}
	if code >= C.NV_CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED && code <= C.NV_CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD {
		return ErrCapture
	}
	return nil
}

func dnnCondition(code int) error {
	switch {
	case code == C.NV_CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED,
		code == C.NV_CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED:
		return ErrOutOfMemory
	case code/1000 == 1: // not initialised, sub-libraries missing or of another version
		return ErrUnavailable
	}
	return nil
}

var libraryNames = map[int]string{0: "host", C.NV_DRIVER: "CUDA driver", C.NV_NVRTC: "NVRTC", C.NV_CUDNN: "cuDNN"}

// failure turns the outcome of a call into an error, or nil. Its arguments are those of fmt.Sprintf and say what was
// attempted; they are formatted after a failure only.
func failure(r C.nv_result, what string, args ...any) error {
	if r.code == 0 {
		return nil
	}
	defer C.free(unsafe.Pointer(r.text))
	e := &Error{
		What:    fmt.Sprintf(what, args...),
		Library: libraryNames[int(r.source)],
		Call:    C.GoString(r.call),
		Code:    int(r.code),
		Name:    "unknown error",
	}
	if r.name != nil {
		e.Name = C.GoString(r.name)
	}
	if r.text != nil {
		e.Text = C.GoString(r.text)
	}
	return e
}
