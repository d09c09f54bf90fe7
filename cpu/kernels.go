package cpu

import "fmt"

// kernelsVariable names the environment variable that chooses the kernel set, for tests and for hunting faults.
const kernelsVariable = "MNV2_CPU"

// kernels is a set of innermost loops. Every set computes the same formulas; the generic one in kernels_generic.go is the
// specification of the others. Steps are counted in vecs.
type kernels struct {
	name string

	// pointwise computes, for i < n,
	//	y[i*yStep] = init + sum over b of x[b*xBlock+i*xStep] . w[b]
	// where . multiplies the vec as a row with the panel.
	pointwise func(y []vec, yStep int, x []vec, xStep, xBlock int, w []panel, init *vec, n int)

	// outer adds outer products: acc[k*8+c] += sum over i < n of a[i*aStep][k] * b[i*bStep][c].
	outer func(acc *panel, a []vec, aStep int, b []vec, bStep, n int)

	// taps3x3 computes a row of a depthwise 3x3 convolution where no tap is outside:
	//	y[q] = sum over s < 3 of x0[q*step+s]*w[s] + x1[q*step+s]*w[3+s] + x2[q*step+s]*w[6+s]
	// lane by lane, for all of y.
	taps3x3 func(y, x0, x1, x2 []vec, step int, w *[9]vec)

	// dot adds lane by lane: acc += sum over i of a[i] * b[i*bStep], for all of a.
	dot func(acc *vec, a, b []vec, bStep int)

	// spread adds lane by lane: y[i*yStep] += x[i] * w, for all of x.
	spread func(y []vec, yStep int, x []vec, w *vec)
}

// kernelSets are the sets that this build has, the best first.
var kernelSets = []*kernels{&genericKernels}

// chooseKernels returns the set called name, or the best one that this machine can run if name is empty or "auto".
func chooseKernels(name string) (*kernels, error) {
	if name == "" || name == "auto" {
		return kernelSets[0], nil
	}
	names := "auto"
	for _, set := range kernelSets {
		if set.name == name {
			return set, nil
		}
		names += ", " + set.name
	}
	return nil, fmt.Errorf("%s = %q: unknown kernel set (want one of %s)", kernelsVariable, name, names)
}
