package cpu

import "mnv2/backend"

func (r *residual) run() error {
	r.bind()
	defer r.release()
	for _, s := range r.steps {
		r.parallel(s.chunks, s.task)
	}
	return nil
}

// release forgets the tensors of a Run.
func (r *residual) release() {
	r.t = residualTensors{}
	for _, n := range []*norm{r.expandNorm, r.slideNorm, r.projectNorm} {
		if n != nil {
			n.normTensors = normTensors{}
		}
	}
}

// bind finds the tensors in the operands and in memory:
//
//	Forward   x, params -> y
//	Backward  x, dy, params -> (dx), gradients
func (r *residual) bind() {
	at, t := 1, &r.t
	t.x = nchw8c(r.vecs(0), r.inBlocks, r.inPlane)
	if r.op.Pass == backend.Backward {
		t.dy = nchw8c(r.vecs(1), r.outBlocks, r.outPlane)
		at = 2
	}
	r.bindKept()
	if r.op.Expand {
		t.expandW, at = r.bindParams(r.expandNorm, at, 0)
	}
	t.slideW, at = r.bindParams(r.slideNorm, at, 1)
	t.projectW, at = r.bindParams(r.projectNorm, at, 2)
	if r.op.Pass == backend.Forward {
		t.y = nchw8c(r.vecs(at), r.outBlocks, r.outPlane)
		return
	}
	if r.op.InputGrad {
		t.dx = nchw8c(r.vecs(at), r.inBlocks, r.inPlane)
		at++
	}
	r.bindWork()
	if r.op.Expand {
		t.expandDW, at = r.bindGrads(r.expandNorm, at)
	}
	t.slideDW, at = r.bindGrads(r.slideNorm, at)
	t.projectDW, _ = r.bindGrads(r.projectNorm, at)
}

// bindParams binds a convolution's weights and its batch norm's parameters, from operand at on.
func (r *residual) bindParams(n *norm, at, which int) (w []float32, next int) {
	n.gamma, n.beta, n.runMean, n.runVar = r.f32(at+1), r.f32(at+2), r.f32(at+3), r.f32(at+4)
	n.mean, n.invStd = r.places.stats[which][0].in(r.saved), r.places.stats[which][1].in(r.saved)
	return r.f32(at), at + 5
}

func (r *residual) bindGrads(n *norm, at int) (dw []float32, next int) {
	n.gradGamma, n.gradBeta = r.f32(at+1), r.f32(at+2)
	return r.f32(at), at + 3
}

// view returns a tensor in the folded layout. Where images are folded it counts as one image.
func (r *residual) folded(v []vec, plane int) view { return folded(v, r.op.N, plane) }

// bindKept binds what lives across passes, and the input as the loops want it.
func (r *residual) bindKept() {
	t, p := &r.t, &r.places
	t.z2, t.z3 = r.folded(p.z2.in(r.saved), r.outPlane), r.folded(p.z3.in(r.saved), r.outPlane)
	if r.op.Expand && r.keepWide {
		t.z1 = r.folded(p.z1.in(r.saved), r.inPlane)
	} else if r.op.Expand {
		t.z1 = r.folded(p.z1.in(r.work), r.inPlane)
	}
	if r.byChannel && r.op.Pass == backend.Forward {
		t.b = r.folded(p.b.in(r.work), r.outPlane)
	}
	t.folded = t.x
	if r.fold {
		t.folded = r.folded(p.x.in(r.work), r.inPlane)
	}
}

// bindWork binds gradients. Without an expand convolution da is dx.
func (r *residual) bindWork() {
	t, p := &r.t, &r.places
	t.dz3 = r.folded(p.dz3.in(r.work), r.outPlane)
	t.db = t.dx
	if !r.gradInPlace {
		t.db = r.folded(p.db.in(r.work), r.outPlane)
	}
	t.foldedGrad = t.dx
	if r.fold && r.op.InputGrad && !r.byChannel {
		t.foldedGrad = r.folded(p.dx.in(r.work), r.inPlane)
	}
	t.da = t.foldedGrad
	if r.op.Expand {
		t.da = r.folded(p.da.in(r.work), r.inPlane)
	}
}
