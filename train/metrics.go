package train

import "math"

// Metrics are what a network scores on a data set.
type Metrics struct {
	Top1, Top5   float64 // percent
	Loss         float64 // mean cross-entropy, binary if that is what is trained on
	LossSmoothed float64 // the same with the training's label smoothing
	Images       int
	Seconds      float64
}

// tally adds up the scores of images one by one, in float64.
type tally struct {
	isBinary       bool
	smoothing      float64
	images         int
	top1, top5     int
	loss, smoothed float64
}

// add counts one image by its row of scores. A label outside the row (a class the network does not have) counts as wrong,
// with an infinite loss.
//
//	loss     = log(sum over c of exp(x[c])) - x[label]
//	smoothed = (1-s)*loss + s/C * sum over c of (log(sum exp) - x[c])
func (t *tally) add(row []float32, label int) {
	t.images++
	if label < 0 || label >= len(row) {
		t.loss, t.smoothed = math.Inf(1), math.Inf(1)
		return
	}
	switch rank := rankOf(row, label); {
	case rank == 0:
		t.top1++
		t.top5++
	case rank < 5:
		t.top5++
	}
	if t.isBinary {
		plain, smoothed := binaryLoss(row, label, t.smoothing)
		t.loss, t.smoothed = t.loss+plain, t.smoothed+smoothed
		return
	}
	logSum := logSumExp(row)
	loss := logSum - float64(row[label])
	all := 0.0
	for _, x := range row {
		all += logSum - float64(x)
	}
	t.loss += loss
	t.smoothed += (1-t.smoothing)*loss + t.smoothing*all/float64(len(row))
}

// rankOf counts the scores that stand before the label's: higher ones, equal ones of a lower index, and NaN.
func rankOf(row []float32, label int) int {
	rank := 0
	for c, x := range row {
		if x > row[label] || (x == row[label] && c < label) || x != x {
			rank++
		}
	}
	return rank
}

func logSumExp(row []float32) float64 {
	top := math.Inf(-1)
	for _, x := range row {
		top = max(top, float64(x))
	}
	sum := 0.0
	for _, x := range row {
		sum += math.Exp(float64(x) - top)
	}
	return top + math.Log(sum)
}

func (t *tally) metrics() Metrics {
	n := float64(max(1, t.images))
	return Metrics{Top1: 100 * float64(t.top1) / n, Top5: 100 * float64(t.top5) / n,
		Loss: t.loss / n, LossSmoothed: t.smoothed / n, Images: t.images}
}
