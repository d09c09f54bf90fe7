package cpu

import "mnv2/cpu/internal/kernels"

// Where z1 is large it is computed again for each use, and so is da, an image at a time in memory of the worker's own: twice
// in each pass, first for the sums over the batch, then to go on. That is more arithmetic, but several times less memory,
// and a good part of it stays in the caches. A chunk is a range of images.

// wideOf returns a worker's memory for z1 or da of one image, whatever its number.
func (r *residual) wideOf(s section[vec], worker int) view {
	size := r.midBlocks * r.inPlane
	return view{v: s.in(r.work)[worker*size : (worker+1)*size], block: r.inPlane}
}

// imagesOf returns the images of a group.
func (r *residual) imagesOf(group int) (from, to int) { return part(group, r.wide.groups, r.op.N) }

// expandImage computes z1 of an image.
func (r *residual) expandImage(worker, image int) view {
	z1 := r.wideOf(r.places.z1, worker)
	r.wide.within(func(first, n int) {
		for i := range r.expand.columns {
			r.multiply(worker, &r.expand, i, z1, r.t.folded, image, first, n)
		}
	})
	return z1
}

// measureImages finds the moments of z1.
func (r *residual) measureImages(group, worker int) {
	n1, z1, args := r.expandNorm, r.scratch(worker), r.args.of(worker)
	for b := range r.midBlocks {
		*n1.part(group, b) = moments{}
	}
	from, to := r.imagesOf(group)
	for image := from; image < to; image++ {
		r.wide.within(func(first, n int) {
			for i, c := range r.expand.columns {
				r.expand.multiply(&args.pointwise, i, z1, n, r.t.folded.at(image, 0, first), r.t.folded.block, n)
				for v := range c.vectors {
					n1.addMoments(worker, n1.part(group, c.block+v), z1[v*n:(v+1)*n])
				}
			}
		})
	}
	for b := range r.midBlocks {
		n1.part(group, b).centre()
	}
	r.forget(worker)
}

// slideImages computes z2, and its moments.
func (r *residual) slideImages(group, worker int) {
	n2 := r.slideNorm
	for b := range r.midBlocks {
		*n2.part(group, b) = moments{}
	}
	from, to := r.imagesOf(group)
	for image := from; image < to; image++ {
		z1 := r.expandImage(worker, image)
		for b := range r.midBlocks {
			x, z := r.source(worker, z1, b, image, 1, r.scratch(worker)), r.t.z2.at(image, b, 0)[:r.outPlane]
			r.slideOver(&r.args.of(worker).slide, z, x, r.slider.weights.in(r.work)[9*b:], 1)
			if used := r.op.E - b*lanes; used < lanes {
				clearLanes(z, used)
			}
			n2.addMoments(worker, n2.part(group, b), z)
		}
	}
	for b := range r.midBlocks {
		n2.part(group, b).centre()
	}
	r.forget(worker)
}

// unslideImages adds up the gradients of the depthwise filters and what batch norm needs of da, which is not kept.
func (r *residual) unslideImages(group, worker int) {
	s, n1, n2 := &r.slider, r.expandNorm, r.slideNorm
	taps := s.parts.in(r.work)[9*group*r.midBlocks : 9*(group+1)*r.midBlocks]
	clear(taps)
	for b := range r.midBlocks {
		*n1.part(group, b) = moments{}
	}
	made, dz := r.scratch(worker)[:r.inPlane], r.scratch(worker)[r.inPlane:r.inPlane+r.outPlane]
	da := r.wideOf(r.places.da, worker).at(0, 0, 0)[:r.inPlane]
	from, to := r.imagesOf(group)
	for image := from; image < to; image++ {
		z1 := r.expandImage(worker, image)
		for b := range r.midBlocks {
			n2.gradientRun(worker, b, dz, r.t.z2.at(image, b, 0)[:r.outPlane], r.t.db.at(image, b, 0))
			r.addTaps(worker, taps[9*b:9*(b+1)], r.source(worker, z1, b, image, 1, made), dz)
			r.spread(worker, b, da, dz, 1)
			n1.addGradients(worker, n1.part(group, b), b, z1.at(image, b, 0)[:r.inPlane], da)
		}
	}
	r.forget(worker)
}

// shrinkImages makes da and of it dz1 again, adds up the gradient of the weights, and computes dx.
func (r *residual) shrinkImages(group, worker int) {
	n1, n2, dz := r.expandNorm, r.slideNorm, r.scratch(worker)[:r.outPlane]
	for b := range r.midBlocks {
		r.expandSums.clear(group, b, 0, len(r.expandSums.tiles)-1)
	}
	da := r.wideOf(r.places.da, worker)
	from, to := r.imagesOf(group)
	for image := from; image < to; image++ {
		z1 := r.expandImage(worker, image)
		for b := range r.midBlocks {
			plane := da.at(image, b, 0)[:r.inPlane]
			n2.gradientRun(worker, b, dz, r.t.z2.at(image, b, 0)[:r.outPlane], r.t.db.at(image, b, 0))
			r.spread(worker, b, plane, dz, 1)
			n1.gradientRun(worker, b, plane, z1.at(image, b, 0)[:r.inPlane], plane)
		}
		r.wide.within(func(first, n int) {
			r.addExpandSums(worker, group, da, image, first, n)
			if r.op.InputGrad {
				r.unexpandTile(worker, da, image, first, n, 0, len(r.unexpand.columns))
			}
		})
	}
	r.forget(worker)
}

// addExpandSums adds a tile to the gradient of the expand convolution's weights.
func (r *residual) addExpandSums(worker, group int, dz view, image, first, n int) {
	s, a := &r.expandSums, &r.args.of(worker).outer
	*a = kernels.Outer{XBlock: r.t.folded.block * vecBytes, Images: 1, Pixels: n, DYPixel: vecBytes, XPixel: vecBytes}
	for b := range r.midBlocks {
		a.DY = &dz.at(image, b, first)[0][0]
		for t := range s.tiles {
			a.X = &r.t.folded.at(image, s.tiles[t].block, first)[0][0]
			s.add(a, group, b, t)
		}
	}
}
