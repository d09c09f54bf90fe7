package backendtest

import (
	"math"

	"mnv2/backend"
	"mnv2/backend/ref"
)

// spoilOp returns op as a faulty mock understands it.
func (m *mock) spoilOp(op backend.Op) backend.Op {
	if norm, ok := op.(backend.BatchNorm); ok && m.faults.momentum {
		norm.Momentum = 1 - norm.Momentum
		return norm
	}
	return op
}

// spoilValues makes results wrong.
func (p *mockPlan) spoilValues(old, values []*ref.Tensor) {
	f := p.device.faults
	for i, o := range p.op.Operands() {
		if o.Role == backend.In {
			continue
		}
		for j := range values[i].V {
			values[i].V[j] *= 1 + f.relative + f.threads
			if f.random && p.device.runs%2 == 0 {
				values[i].V[j] *= 1 + 0x1p-23
			}
			if _, ok := p.op.(backend.Conv2D); ok && f.adds && o.Name == "dw" {
				values[i].V[j] += old[i].V[j]
			}
		}
	}
	norm, ok := p.op.(backend.BatchNorm)
	if !ok || norm.Pass != backend.Forward {
		return
	}
	if f.biased {
		m := float64(norm.N * norm.H * norm.W)
		for c, v := range values[4].V {
			before := old[4].V[c] * (1 - float64(norm.Momentum))
			values[4].V[c] = before + (v-before)*max(m-1, 1)/m
		}
	}
	if f.naiveVariance {
		naiveVariance(norm, old, values)
	}
}

// naiveVariance sets invstd and y as the difference of two large sums gives them in float32.
func naiveVariance(o backend.BatchNorm, old, values []*ref.Tensor) {
	for c := range o.C {
		var sum, squares, count float32
		for i := c; i < len(old[0].V); i += o.C {
			v := float32(old[0].V[i])
			sum, squares, count = sum+v, squares+v*v, count+1
		}
		mean := sum / count
		variance := max(squares/count-mean*mean, 0)
		invstd := 1 / math.Sqrt(float64(variance)+float64(o.Eps))
		values[6].V[c] = invstd
		for i := c; i < len(old[0].V); i += o.C {
			values[7].V[i] = old[1].V[c]*(old[0].V[i]-float64(mean))*invstd + old[2].V[c]
		}
	}
}

// store writes an output, as wrongly as the faults say.
func (p *mockPlan) store(raw []byte, v *ref.Tensor, t backend.Tensor) {
	f := p.device.faults
	fresh := v.Bytes()
	if f.dirtyPadding || f.nanPadding {
		keepPadding(t.Desc, fresh, raw, f.nanPadding)
	}
	n := len(fresh)
	if f.lastElement {
		n = v.Desc.Index(v.Desc.N-1, v.Desc.H-1, v.Desc.W-1, v.Desc.C-1) * int(t.DType.Size())
	}
	copy(raw[:n], fresh)
	if f.overrun {
		whole := t.Buf.(*mockBuffer).raw
		if end := t.Off + t.Bytes(); end < int64(len(whole)) {
			whole[end] = 0
		}
	}
}

// keepPadding puts what old holds, or NaN, into the padding lanes of fresh.
func keepPadding(d backend.Desc, fresh, old []byte, nan bool) {
	ones := ref.New(d)
	for i := range ones.V {
		ones.V[i] = 1
	}
	size := int(d.DType.Size())
	mask := ones.Bytes()
	for lane := 0; lane < len(fresh); lane += size {
		if mask[lane+size-1] != 0 {
			continue // an element
		}
		copy(fresh[lane:lane+size], old[lane:])
		if nan {
			copy(fresh[lane:lane+size], []byte{0xff, 0xff, 0xff, 0xff})
		}
	}
}
