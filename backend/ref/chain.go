package ref

import "mnv2/backend"

// chain is its blocks one after the other. The blocks carry the chain's pass.
func (r *runner) chain(o backend.Chain, x, mask *Tensor, params []*Tensor) (*Tensor, gradient) {
	return r.sequence(o.Blocks[:o.Len], x, mask, params)
}
