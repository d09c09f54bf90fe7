// Package ref computes every operation of package backend as plain float64 loops: the oracle that devices are held to.
//
// It is written to be checked by eye, not to be fast, and shares no code with any device. A [Tensor] holds its numbers in
// the order N, H, W, C whatever its layout in device memory is, so that no formula here knows about layouts. [Run] takes the
// operands of an operation in the order of its Operands, reads the inputs and writes the outputs:
//
//	x := ref.New(op.In())
//	...
//	err := ref.Run(op, []*ref.Tensor{x, w, y})
//
// Results are not rounded to the element type: they are what exact arithmetic gives, to about 16 digits. Fused blocks are
// written over the primitives here, and not through the compositions of package backend, which they are there to check.
package ref
