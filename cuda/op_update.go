//go:build cgo && linux

package cuda

import (
	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// updates are the kernels of the rules that look at each weight alone.
var updates = map[backend.Rule]string{backend.Momentum: "update_momentum", backend.Nesterov: "update_nesterov", backend.Adam: "update_adam",
	backend.Lion: "update_lion", backend.RMSProp: "update_rmsprop", backend.Adagrad: "update_adagrad", backend.Blend: "update_blend"}

func optimizer(name string) kernel {
	return kernel{file: kernels.Update, name: name, dtype: backend.F32}
}

// update takes a step over a flat range. The hyper-parameters stay on the device.
func (p *program) update(o backend.Update) string {
	if o.Rule == backend.Lamb {
		p.lamb(o)
		return ""
	}
	name := updates[o.Rule]
	if name == "" {
		return "no kernel for the rule " + o.Rule.String()
	}
	n := int64(o.Elements)
	states := [2]value{null(), null()}
	for i := range o.Rule.States() {
		states[i] = p.operand(3 + i)
	}
	p.launch(optimizer(name), p.packs(n, backend.F32), p.operand(0), p.operand(1), p.operand(2), states[0], states[1], i64(n))
	return ""
}

// lambSlices is into how many parts Lamb cuts each tensor at most.
const lambSlices = 64

// lamb takes a step with a rate for each tensor: moments and norms, then the weights.
func (p *program) lamb(o backend.Update) {
	slices := min((o.Elements+8*threads-1)/(8*threads), lambSlices)
	shape := nv.LaunchConfig{Grid: [3]uint32{uint32(slices), uint32(min(o.Tensors, maxGridY))}, Block: [3]uint32{threads}}
	partial := p.temp(8 * 3 * int64(slices) * int64(o.Tensors))
	dw, hyper, ends, w, v, s := p.operand(0), p.operand(1), p.operand(2), p.operand(3), p.operand(4), p.operand(5)
	p.launch(optimizer("lamb_moments"), shape, dw, hyper, ends, w, v, s, partial, i32(o.Tensors))
	p.launch(optimizer("lamb_apply"), shape, hyper, ends, w, v, s, partial, i32(o.Tensors))
}

// guard decides on the device whether a step counts.
func (p *program) guard(o backend.Guard) {
	squares, next := null(), 2
	if o.Clip > 0 {
		squares, next = p.operand(2), 3
	}
	p.launch(optimizer("guard"), nv.LaunchConfig{Block: [3]uint32{32}}, p.operand(0), p.operand(1), squares, p.operand(next), p.operand(next+1),
		p.operand(next+2), i32(o.Rows), i32(o.Scaled), f32(o.Clip), i32(o.Window))
}
