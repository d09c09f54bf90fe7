package train

import (
	"fmt"
	"math"

	"mnv2/backend"
)

// losses are the names of MindCV's losses. CE, softmax cross-entropy, has an operation of its own.
var losses = map[string]struct {
	kind      backend.LossKind
	mean, sum bool // what it is whatever the reduction is
}{
	"CE":               {},
	"BCE":              {kind: backend.BinaryCrossEntropy},
	"asl_single_label": {kind: backend.AsymmetricSingle, mean: true},
	"asl_multi_label":  {kind: backend.AsymmetricMulti, sum: true},
	"jsd":              {kind: backend.JensenShannon},
}

// loss is what a run minimises.
type loss struct {
	kind backend.LossKind // 0 for softmax cross-entropy
	sum  bool             // over the images of a batch, not the mean
}

// newLoss reads the loss of the options. splits is how many pictures there are of a sample.
func newLoss(name string, sum bool, splits int) (loss, error) {
	if name == "" {
		name = "CE"
	}
	known, ok := losses[name]
	switch {
	case !ok:
		return loss{}, fmt.Errorf("loss %q: want CE, BCE, jsd, asl_single_label or asl_multi_label", name)
	case known.kind == backend.JensenShannon && splits != backend.JensenShannonViews:
		return loss{}, fmt.Errorf("loss jsd compares %d pictures of a sample: want aug_splits %d, not %d", backend.JensenShannonViews, backend.JensenShannonViews, splits)
	}
	return loss{kind: known.kind, sum: !known.mean && (sum || known.sum)}, nil
}

// of is the loss of a batch, from that of each row.
func (l loss) of(rows []float32) float64 {
	sum, count := 0.0, len(rows)
	for _, v := range rows {
		sum += float64(v)
	}
	if l.kind == backend.JensenShannon {
		count /= backend.JensenShannonViews
	}
	if l.sum {
		return sum
	}
	return sum / float64(count)
}

// binaryLoss is the binary cross-entropy of a row of scores, the mean over its classes, plain and with smoothed labels.
//
//	max(x, 0) - x*y + log(1 + exp(-|x|)), y = (1-s)*[c = label] + s/C
func binaryLoss(row []float32, label int, smoothing float64) (plain, smoothed float64) {
	classes := float64(len(row))
	for c, v := range row {
		x, y := float64(v), 0.0
		if c == label {
			y = 1
		}
		rest := max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
		plain += (rest - x*y) / classes
		smoothed += (rest - x*((1-smoothing)*y+smoothing/classes)) / classes
	}
	return plain, smoothed
}
