//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"mnv2/csrc/acl"
	"mnv2/internal/devicecheck"
)

// question is something that no document answers, or several do in different ways.
type question struct {
	ask     string
	assumed func(l *lab) string // the stand-in's answer; nil where there is only something to be measured
	answer  func(l *lab) (string, error)
}

func always(text string) func(*lab) string { return func(*lab) string { return text } }

func questions() []question {
	list := []question{
		{"What does BatchNorm save as saveInvstd?", savedAssumed, (*lab).savedStatistic},
		{"BatchNorm of FLOAT16 with parameters of FLOAT", always("accepted, right"), func(l *lab) (string, error) { return l.mixedNorm(acl.Float) }},
		{"BatchNorm of FLOAT16 with parameters of FLOAT16", always("accepted, right"), func(l *lab) (string, error) { return l.mixedNorm(acl.Float16) }},
		{"What becomes of the running variance of one value per channel?", always("its factor is 0"), (*lab).lonelyVariance},
		{"What is the gradient of Hardtanh at 0 and at 6?", always("0 and 0"), (*lab).hardtanhBounds},
		{"ConvolutionBackward with a NULL in place of a gradient that the mask leaves out", always("accepted, right"), (*lab).nullGradient},
		{"Convolution of FLOAT16", always("accepted, right"), func(l *lab) (string, error) { return l.convolve(acl.Float16, acl.KeepType, 1) }},
		{"depthwise Convolution of FLOAT16", always("accepted, right"), func(l *lab) (string, error) { return l.convolve(acl.Float16, acl.KeepType, 16) }},
		{"Does IsFinite see NaN and infinity?", finiteAssumed, (*lab).finite},
		{"OneHot with values of smoothing, and a label of -1", always("rows are right; a label of -1 gives values for off"), (*lab).oneHot},
		{"What is 300 times 300 in FLOAT16?", overflowAssumed, (*lab).overflow},
		{"How does Cast to FLOAT16 round a tie?", always("to even"), (*lab).tie},
		{"Are subnormal numbers of FLOAT16 kept?", always("yes"), (*lab).subnormal},
		{"A view in the middle of its block", always("accepted, right"), (*lab).view},
		{"Which plans cannot be kept?", always("InplaceCopy OneHot"), (*lab).notKept},
		{"On which boundary does device memory begin?", always("64 bytes"), (*lab).alignment},
		{"Does ConvolutionBackward give the same bits without determinism?", always("yes"), (*lab).sameBits},
		{"How long does a 1x1 convolution take, and how long as BatchMatMul?", nil, (*lab).asProduct},
	}
	for cube := acl.KeepType; cube <= acl.UseHF32; cube++ {
		list = append(list, question{fmt.Sprintf("Convolution of FLOAT with cubeMathType %d", cube),
			func(l *lab) string { return cubeAssumed(l, cube) }, func(l *lab) (string, error) { return l.convolve(acl.Float, cube, 1) }})
	}
	return list
}

// ask asks all of them. A refusal is an answer too.
func ask(l *lab, r *devicecheck.Recorder) {
	for _, q := range questions() {
		r.Try(q.ask, func(c *devicecheck.Case) error {
			answer, err := q.answer(l)
			var refused *acl.Error
			var missing *acl.MissingOp
			switch {
			case errors.As(err, &refused) && !refused.IsLost():
				answer = "refused: " + words(refused.Code)
				c.Set("vendor's text", refused.Text)
			case errors.As(err, &missing):
				answer = missing.Error()
			case err != nil:
				return lost(err)
			}
			if q.assumed == nil {
				c.Set("value", answer)
				return nil
			}
			assumed, state := q.assumed(l), devicecheck.Answered
			if answer != assumed {
				state = devicecheck.Differs
			}
			c.Set("assumed", assumed)
			c.End(state, "%s", answer)
			return nil
		})
	}
}

func hasPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func savedAssumed(l *lab) string {
	if hasPrefix(l.soc, "Ascend950") {
		return "the inverse deviation"
	}
	return "the variance"
}

func finiteAssumed(*lab) string { return "FLOAT: NaN, infinity; FLOAT16: NaN, infinity" }

func overflowAssumed(l *lab) string {
	if saturates(l.soc) {
		return "65504"
	}
	return "+Inf"
}

func cubeAssumed(l *lab, cube int) string {
	switch {
	case saturates(l.soc) && (cube == acl.KeepType || cube == acl.UseHF32):
		return "refused: " + words(161002)
	case cube == acl.KeepType:
		return "accepted, right"
	}
	return "accepted, operands rounded"
}

// norm is a training pass of BatchNorm over [n, c, h, w] with momentum 0.1.
func norm(x, params acl.DType, dims ...int64) acl.Spec {
	v := nd(params, dims[1])
	return acl.Spec{Op: acl.BatchNorm, Flags: []bool{true}, Numbers: []float64{normEps, 0.1},
		Inputs: []acl.Tensor{maps(x, dims...), v, v, v, v}, Outputs: []acl.Tensor{maps(x, dims...), v, v}}
}

const normEps = 1e-3

// moments returns mean and variance of the channels of x, which is [2, 2, 3, 3].
func moments(x []float64) (mean, variance [2]float64) {
	const n, per = 18, 9
	for i, v := range x {
		mean[i/per%2] += v / n
	}
	for i, v := range x {
		d := v - mean[i/per%2]
		variance[i/per%2] += d * d / n
	}
	return mean, variance
}

func (l *lab) savedStatistic() (string, error) {
	x := random(acl.Float, 36)
	_, variance := moments(x)
	one, zero := encode(acl.Float, 1, 1), encode(acl.Float, 0, 0)
	after, err := l.call(norm(acl.Float, acl.Float, 2, 2, 3, 3), encode(acl.Float, x...), one, zero, zero, one)
	if err != nil {
		return "", err
	}
	saved := decode(acl.Float, after[7])[0]
	for name, want := range map[string]float64{"the variance": variance[0], "the inverse deviation": 1 / math.Sqrt(variance[0]+normEps),
		"the variance and eps": variance[0] + normEps, "the deviation": math.Sqrt(variance[0] + normEps)} {
		if near(saved, want, 1e-5) {
			return name, nil
		}
	}
	return fmt.Sprintf("%g, of a variance of %g", saved, variance[0]), nil
}

// near reports whether got is want up to a relative error.
func near(got, want, relative float64) bool { return math.Abs(got-want) <= relative*math.Abs(want) }

func (l *lab) mixedNorm(params acl.DType) (string, error) {
	x := random(acl.Float16, 36)
	mean, variance := moments(x)
	one, zero := encode(params, 1, 1), encode(params, 0, 0)
	after, err := l.call(norm(acl.Float16, params, 2, 2, 3, 3), encode(acl.Float16, x...), one, zero, zero, one)
	if err != nil {
		return "", err
	}
	worst := 0.0
	for i, y := range decode(acl.Float16, after[5]) {
		c := i / 9 % 2
		worst = max(worst, math.Abs(y-(x[i]-mean[c])/math.Sqrt(variance[c]+normEps)))
	}
	return right(worst, 4*0x1p-10), nil // numbers up to 4, half a unit in the last place, and as much for the statistics
}

// right says whether an error is within what rounding explains.
func right(worst, allowed float64) string {
	if worst <= allowed {
		return "accepted, right"
	}
	return fmt.Sprintf("accepted, off by %.3g", worst)
}

func (l *lab) lonelyVariance() (string, error) {
	one, zero := encode(acl.Float, 1, 1), encode(acl.Float, 0, 0)
	after, err := l.call(norm(acl.Float, acl.Float, 1, 2, 1, 1), encode(acl.Float, 3, 5), one, zero, zero, one)
	if err != nil {
		return "", err
	}
	switch v := decode(acl.Float, after[4])[0]; {
	case near(v, 0.9, 1e-6):
		return "its factor is 0", nil
	case math.IsNaN(v):
		return "NaN", nil
	default:
		return fmt.Sprint(v), nil
	}
}

func (l *lab) hardtanhBounds() (string, error) {
	v := nd(acl.Float, 8)
	after, err := l.call(acl.Spec{Op: acl.HardtanhBackward, Inputs: []acl.Tensor{v, v}, Outputs: []acl.Tensor{v}, Scalars: []float64{0, 6}},
		encode(acl.Float, 7, 7, 7, 7, 7, 7, 7, 7), encode(acl.Float, 0, 6, 3, -1, 7, 1, 2, 5))
	if err != nil {
		return "", err
	}
	d := decode(acl.Float, after[2])
	if d[2] != 7 || d[3] != 0 || d[4] != 0 {
		return fmt.Sprintf("the gradient is wrong: %v", d), nil
	}
	return fmt.Sprintf("%g and %g", d[0], d[1]), nil
}
