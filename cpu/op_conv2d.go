package cpu

import "mnv2/backend"

// newConv2D chooses the loops for a convolution.
//
//	1x1, stride 1, no padding, one group   pointwise, all passes
//	few channels, 3x3, padding 1, stride 2 stem, all passes but GradInput
//	one group                              dense: patches gathered for the pointwise loops (not GradInput)
//	a filter for every channel             depthwise, all passes; faster if 3x3, padding 1, stride 1 or 2
//	anything else                          general: plain loops
func newConv2D(o backend.Conv2D, e *env) (program, string) {
	if reason := needBlocks(o.In()); reason != "" {
		return nil, reason
	}
	plain := o.Groups == 1 && o.R == 1 && o.S == 1 && o.Stride == 1 && o.Pad == 0
	gradWeight := o.Pass == backend.GradWeight
	switch {
	case plain && gradWeight:
		return newPointwiseGradWeight(o, e), ""
	case plain:
		return newPointwise(o, e), ""
	case isStem3x3(o) && gradWeight:
		return newStemGradWeight(o, e), ""
	case isStem3x3(o):
		return newStem(o, e), ""
	case o.Groups == 1 && gradWeight:
		return newDenseGradWeight(o, e), ""
	case o.Groups == 1 && o.Pass != backend.GradInput:
		return newDense(o, e), ""
	case is3x3(o):
		return newDepthwise3x3(o, e), ""
	case o.IsDepthwise() && gradWeight:
		return newDepthwiseGradWeight(o, e), ""
	case o.IsDepthwise():
		return newDepthwise(o, e), ""
	}
	return newGeneral(o, e), ""
}

// hasBias reports whether the pass reads a bias, which is then operand 2.
func hasBias(o backend.Conv2D) bool {
	return o.Bias && (o.Pass == backend.Forward || o.Pass == backend.Infer)
}
