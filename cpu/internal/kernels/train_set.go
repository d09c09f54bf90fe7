package kernels

// Train is the innermost loops of training for one kind of processor. Forms are indexed as in [Set]. Convolutions forward are
// those of the set, except that the plain Go ones are faster here and round differently.
type Train struct {
	Pointwise           [forms]func(*Pointwise)
	Depthwise           [3]func(*Depthwise) // by stride: 1, 2
	Outer               [7]func(*Outer)     // by columns/8; nil beyond what the set has
	Transpose           func(*Transpose)
	Copy                func(*Copy)
	AddUp               func(*AddUp)
	DepthwiseGradWeight [3]func(*DepthwiseGradWeight) // by stride: 1, 2
	DepthwiseGradInput  func(*DepthwiseGradInput)     // stride 2
	StemGradWeight      func(*StemGradWeight)
	Moments             func(*Moments)
	GradSums            [2]func(*GradSums) // plain, masked
	Normalize           func(*Normalize)
	NormalizeGrad       [2]func(*NormalizeGrad) // plain, masked

	Clamp    func(*Elements)    // z = min(max(x, A), B); NaN stays NaN
	Mask     func(*Elements)    // z = x where A < y < B, else 0
	Blend    func(*Elements)    // y = A*x + B*y
	Scale    func(*Elements)    // y = A*x
	Momentum [2]func(*Momentum) // plain, Nesterov

	Adam, Lion, RMSProp, Adagrad func(*Optimizer)

	Largest    func(*Largest)
	SumSquares func(*SumSquares)
}

// OuterMost is the most vectors of columns for which there is an Outer.
func (t *Train) OuterMost() int {
	most := 0
	for vectors, f := range t.Outer {
		if f != nil {
			most = vectors
		}
	}
	return most
}

// Train returns the loops of training that belong to s.
func (s *Set) Train() *Train {
	if t := nativeTrain(s.Name); t != nil {
		t.Pointwise, t.Depthwise = s.Pointwise, s.Depthwise
		return t
	}
	return genericTrain()
}
