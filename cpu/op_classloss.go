package cpu

import (
	"math"

	"mnv2/backend"
)

// classLoss is a loss other than softmax cross-entropy, and its gradient, in float64 inside. The formulas stand at [backend.ClassLoss].
type classLoss struct {
	*env
	op     backend.ClassLoss
	stored int // numbers in a row of logits, padding lanes included
	task   func(chunk, worker int)
	rows   int
}

func newClassLoss(o backend.ClassLoss, e *env) (program, string) {
	l := &classLoss{env: e, op: o, stored: o.In().Stored() / o.N, rows: o.N}
	tasks := map[backend.LossKind]func(chunk, worker int){backend.BinaryCrossEntropy: l.binary, backend.AsymmetricMulti: l.asymmetricMulti,
		backend.AsymmetricSingle: l.asymmetricSingle, backend.JensenShannon: l.jensenShannon}
	if l.task = tasks[o.Kind]; l.task == nil {
		return nil, "no loss " + o.Kind.String()
	}
	if o.Kind == backend.JensenShannon {
		l.rows /= backend.JensenShannonViews
	}
	return l, needF32(o.DType)
}

func (l *classLoss) workspace() int64 { return 0 }

func (l *classLoss) run() error {
	l.parallel(l.rows, l.task)
	return nil
}

// row returns logits, target and gradient of row n. The padding lanes of the gradient are cleared.
func (l *classLoss) row(n int) (x, wanted, dx []float32) {
	from := n * l.stored
	clear(l.f32(4)[from+l.op.C : from+l.stored])
	return l.f32(0)[from:][:l.op.C], l.f32(1)[n*l.op.C:][:l.op.C], l.f32(4)[from:][:l.op.C]
}

// scale is what gradients are multiplied by: the loss scale, over the rows that a mean is taken of.
func (l *classLoss) scale() float64 {
	scale := float64(l.f32(2)[0])
	if l.op.Mean {
		scale /= float64(l.rows)
	}
	return scale
}

// smooth is the target with label smoothing.
func (l *classLoss) smooth(target float32) float64 {
	s := float64(l.op.Smoothing)
	return (1-s)*float64(target) + s/float64(l.op.C)
}

func (l *classLoss) binary(n, _ int) {
	x, wanted, dx := l.row(n)
	part, scale, loss := 1.0, l.scale(), 0.0
	if l.op.Mean {
		part = 1 / float64(l.op.C)
	}
	for c, logit := range x {
		v, y := float64(logit), l.smooth(wanted[c])
		e := math.Exp(-math.Abs(v))
		loss += max(v, 0) - v*y + math.Log1p(e)
		p := e / (1 + e)
		if v >= 0 {
			p = 1 / (1 + e)
		}
		dx[c] = float32(scale * part * (p - y))
	}
	l.f32(3)[n] = float32(part * loss)
}

func (l *classLoss) asymmetricMulti(n, _ int) {
	x, wanted, dx := l.row(n)
	scale, loss := l.scale(), 0.0
	for c, logit := range x {
		t := float64(wanted[c])
		p, rest := 1/(1+math.Exp(-float64(logit))), 1/(1+math.Exp(float64(logit))) // rest is 1-p
		q, dq := 1.0, 0.0
		if rest+backend.AsymmetricClip < 1 {
			q, dq = rest+backend.AsymmetricClip, -p*rest
		}
		logs := t*math.Log(max(p, backend.AsymmetricEps)) + (1-t)*math.Log(max(q, backend.AsymmetricEps))
		dlogs := (1 - t) * dq / q
		if p > backend.AsymmetricEps {
			dlogs += t * rest
		}
		w, dw := focus(1-p*t-q*(1-t), t)
		loss -= logs * w
		dx[c] = float32(scale * (logs*dw*(p*rest*t+dq*(1-t)) - dlogs*w))
	}
	l.f32(3)[n] = float32(loss)
}

// focus is base^(Positive*t + Negative*(1-t)) and its derivative.
func focus(base, t float64) (w, dw float64) {
	if base <= 0 {
		return 0, 0
	}
	gamma := backend.AsymmetricPositive*t + backend.AsymmetricNegative*(1-t)
	dw = math.Pow(base, gamma-1)
	return base * dw, gamma * dw
}

func (l *classLoss) asymmetricSingle(n, _ int) {
	x, wanted, dx := l.row(n)
	logSum := logSumExp(x)
	// step is the loss of class c and its derivative by log p.
	step := func(c int) (p, loss, d float64) {
		logp, t, y := float64(x[c])-logSum, float64(wanted[c]), l.smooth(wanted[c])
		p = math.Exp(logp)
		w, dw := focus((1-p)*t+p*(1-t), t)
		return p, -y * logp * w, -y * (w + logp*dw*p*(1-2*t))
	}
	total, sum := 0.0, 0.0
	for c := range x {
		_, loss, d := step(c)
		total += loss
		sum += d
	}
	scale := l.scale()
	for c := range x {
		p, _, d := step(c)
		dx[c] = float32(scale * (d - p*sum))
	}
	l.f32(3)[n] = float32(total)
}

// jensenShannon is of one sample, whose pictures are l.rows apart.
func (l *classLoss) jensenShannon(n, _ int) {
	const count = backend.JensenShannonViews
	var v views
	for k := range v.x {
		v.x[k], _, v.dx[k] = l.row(n + k*l.rows)
		v.logSum[k] = logSumExp(v.x[k])
		l.f32(3)[n+k*l.rows] = 0
	}
	_, wanted, _ := l.row(n)
	weight, scale := float64(backend.JensenShannonAlpha)/count, l.scale()
	if !l.op.Mean {
		weight /= float64(l.rows)
	}
	loss, mass := 0.0, 0.0
	var sums [count]float64 // of p times the derivative by p
	for c := range wanted {
		y := l.smooth(wanted[c])
		mass += y
		loss -= y * v.logp(0, c)
		logm, below := v.mean(c)
		for k := range v.x {
			p, d := math.Exp(v.logp(k, c)), v.logp(k, c)-logm
			loss += weight * p * d
			sums[k] += p * weight * (d + below)
		}
	}
	l.f32(3)[n] = float32(loss)
	for c := range wanted {
		logm, below := v.mean(c)
		for k := range v.x {
			p := math.Exp(v.logp(k, c))
			d := p * (weight*(v.logp(k, c)-logm+below) - sums[k])
			if k == 0 {
				d += p*mass - l.smooth(wanted[c])
			}
			v.dx[k][c] = float32(scale * d)
		}
	}
}

// views are the rows of one sample.
type views struct {
	x, dx  [backend.JensenShannonViews][]float32
	logSum [backend.JensenShannonViews]float64
}

func (v *views) logp(k, c int) float64 { return float64(v.x[k][c]) - v.logSum[k] }

// mean is the logarithm of the mean probability of class c. below is 1 where it is held at the smallest, so that it has no gradient.
func (v *views) mean(c int) (logm, below float64) {
	m := 0.0
	for k := range v.x {
		m += math.Exp(v.logp(k, c)) / backend.JensenShannonViews
	}
	if m < backend.JensenShannonEps {
		return math.Log(backend.JensenShannonEps), 1
	}
	return math.Log(m), 0
}
