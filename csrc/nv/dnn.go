//go:build cgo && linux

package nv

/*
#include <stdlib.h>
#include "binding.h"
#cgo nocallback nv_plan_run
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// DNN is a cuDNN handle that works in one stream. It may be used by one goroutine at a time, and outlives its plans.
type DNN struct {
	c *Context
	d *C.nv_dnn
}

// NewDNN makes a handle whose work goes to s. Without cuDNN the error is [ErrUnavailable].
func (c *Context) NewDNN(s Stream) (*DNN, error) {
	if c.libs.dnn == 0 {
		return nil, fmt.Errorf("open cuDNN: %w: %s", ErrUnavailable, c.libs.noDNN)
	}
	d := &DNN{c: c}
	if err := failure(C.nv_dnn_open(c.c, s.c(), &d.d), "open cuDNN"); err != nil {
		return nil, err
	}
	return d, nil
}

// SetStream sends later work to s.
func (d *DNN) SetStream(s Stream) error {
	return failure(C.nv_dnn_set_stream(d.d, s.c()), "set cuDNN's stream")
}

// Close gives the handle back. Its plans must have been closed.
func (d *DNN) Close() error {
	err := failure(C.nv_dnn_close(d.d), "close cuDNN")
	d.d = nil
	return err
}

// ConvPass is one of a convolution's three computations.
type ConvPass int

const (
	ConvForward    ConvPass = C.NV_CONV_FORWARD     // y = x * w
	ConvGradInput  ConvPass = C.NV_CONV_GRAD_INPUT  // x = the gradient of x, from w and the gradient y
	ConvGradWeight ConvPass = C.NV_CONV_GRAD_WEIGHT // w = the gradient of w, from x and the gradient y
)

// String returns "forward", "grad-input" or "grad-weight".
func (p ConvPass) String() string {
	return [...]string{ConvForward: "forward", ConvGradInput: "grad-input", ConvGradWeight: "grad-weight"}[p]
}

// DNNType is an element type of cuDNN's.
type DNNType int

const (
	DNNFloat32  DNNType = C.NV_CUDNN_DATA_FLOAT
	DNNFloat16  DNNType = C.NV_CUDNN_DATA_HALF
	DNNBFloat16 DNNType = C.NV_CUDNN_DATA_BFLOAT16
)

// Conv is a two-dimensional convolution: x is N·H·W·C, w is K·R·S·(C/Groups), y is N·P·Q·K, packed in this order and all of
// one type, but that the gradient of w is float32 always. Sums are float32. P = (H + PadTop + PadBottom - Dilation·(R-1) - 1) / Stride + 1, rounded down; Q likewise.
type Conv struct {
	Pass                                 ConvPass
	DType                                DNNType
	N, C, H, W, K, R, S                  int
	PadTop, PadLeft, PadBottom, PadRight int
	Stride, Dilation, Groups             int  // zeros count as one
	TF32                                 bool // float32 may be rounded to TF32 for the tensor cores
}

func (v Conv) normal() Conv {
	v.Stride, v.Dilation, v.Groups = max(v.Stride, 1), max(v.Dilation, 1), max(v.Groups, 1)
	return v
}

// Output returns the height and width of y.
func (v Conv) Output() (p, q int) {
	v = v.normal()
	return (v.H+v.PadTop+v.PadBottom-v.Dilation*(v.R-1)-1)/v.Stride + 1,
		(v.W+v.PadLeft+v.PadRight-v.Dilation*(v.S-1)-1)/v.Stride + 1
}

// String returns "conv forward f16 n=32 56x56 64->128 3x3 s=1 g=1".
func (v Conv) String() string {
	v = v.normal()
	dtype := map[DNNType]string{DNNFloat32: "f32", DNNFloat16: "f16", DNNBFloat16: "bf16"}[v.DType]
	return fmt.Sprintf("conv %s %s n=%d %dx%d %d->%d %dx%d s=%d g=%d", v.Pass, dtype, v.N, v.H, v.W, v.C, v.K, v.R, v.S, v.Stride, v.Groups)
}

// Check reports the first field that makes no sense.
func (v Conv) Check() error {
	v = v.normal()
	p, q := v.Output()
	switch {
	case v.N < 1 || v.C < 1 || v.H < 1 || v.W < 1 || v.K < 1 || v.R < 1 || v.S < 1:
		return fmt.Errorf("%s: every size must be positive", v)
	case v.C%v.Groups != 0 || v.K%v.Groups != 0:
		return fmt.Errorf("%s: the groups do not divide the channels", v)
	case v.PadTop < 0 || v.PadLeft < 0 || v.PadBottom < 0 || v.PadRight < 0:
		return fmt.Errorf("%s: padding cannot be negative", v)
	case p < 1 || q < 1:
		return fmt.Errorf("%s: the filter is larger than the padded input", v)
	case v.Pass < ConvForward || v.Pass > ConvGradWeight:
		return fmt.Errorf("convolution: there is no pass %d", int(v.Pass))
	}
	return nil
}

func (v Conv) c() C.nv_conv {
	v = v.normal()
	p, q := v.Output()
	tf32 := C.int(0)
	if v.TF32 {
		tf32 = 1
	}
	weights := v.DType
	if v.Pass == ConvGradWeight {
		weights = DNNFloat32
	}
	i := func(n int) C.int64_t { return C.int64_t(n) }
	return C.nv_conv{
		pass: C.int(v.Pass), dtype: C.int(v.DType), w_dtype: C.int(weights), tf32: tf32,
		n: i(v.N), c: i(v.C), h: i(v.H), w: i(v.W), k: i(v.K), r: i(v.R), s: i(v.S), p: i(p), q: i(q),
		pad_top: i(v.PadTop), pad_left: i(v.PadLeft), pad_bottom: i(v.PadBottom), pad_right: i(v.PadRight),
		stride_h: i(v.Stride), stride_w: i(v.Stride), dilation_h: i(v.Dilation), dilation_w: i(v.Dilation), groups: i(v.Groups),
	}
}

// ConvPlan is a convolution with an engine of cuDNN's chosen for it.
type ConvPlan struct {
	conv Conv
	p    *C.nv_plan
}

// Plans returns up to most plans for a convolution, the best first by cuDNN's own estimate. Engines whose results differ
// from run to run, or that sum in less than float32, are left out. If none is left the error is [ErrNoEngine].
func (d *DNN) Plans(v Conv, most int) ([]*ConvPlan, error) {
	if err := v.Check(); err != nil {
		return nil, err
	}
	if most < 1 {
		return nil, errors.New("cuDNN plans: at least one must be asked for")
	}
	var m cMemory
	defer m.free()
	list := unsafe.Slice((**C.nv_plan)(m.alloc(C.size_t(most)*C.size_t(unsafe.Sizeof(uintptr(0))))), most)
	conv := v.c()
	var n C.int
	if err := failure(C.nv_conv_plans(d.d, &conv, &list[0], C.int(most), &n), "plan %s", v); err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fmt.Errorf("plan %s: %w", v, ErrNoEngine)
	}
	plans := make([]*ConvPlan, n)
	for i := range plans {
		plans[i] = &ConvPlan{conv: v, p: list[i]}
	}
	return plans, nil
}

// Conv returns what the plan computes.
func (p *ConvPlan) Conv() Conv { return p.conv }

// Workspace returns the bytes of scratch memory that Run needs, aligned to 16 bytes.
func (p *ConvPlan) Workspace() int64 { return int64(p.p.workspace) }

// Engine returns the engine's number, which means something to one version of cuDNN only.
func (p *ConvPlan) Engine() int { return int(p.p.engine) }

// Rank returns which of cuDNN's proposals the plan is; with the engine's number it names the plan again, for one version of cuDNN
// and one kind of GPU.
func (p *ConvPlan) Rank() int { return int(p.p.rank) }

// TensorCores says whether the engine uses them.
func (p *ConvPlan) TensorCores() bool { return p.p.tensor_cores != 0 }

// Run queues the convolution. Of x, w and y the pass writes one and reads the others; all are aligned to 16 bytes.
func (p *ConvPlan) Run(x, w, y, workspace DevicePtr) error {
	r := C.nv_plan_run(p.p, x.c(), w.c(), y.c(), workspace.c())
	if r.code == 0 {
		return nil
	}
	return failure(r, "run %s", p.conv)
}

// Close gives the plan back. No queued run may still use it.
func (p *ConvPlan) Close() error {
	err := failure(C.nv_plan_free(p.p), "close a plan")
	p.p = nil
	return err
}
