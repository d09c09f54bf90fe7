package ref

import (
	"fmt"
	"math"

	"mnv2/backend"
)

// softmaxCrossEntropy is loss = -sum of t*log softmax(logits), and its gradient, image by image.
func softmaxCrossEntropy(o backend.SoftmaxCrossEntropy, t []*Tensor) error {
	logits, target := t[0], t[1]
	scale, loss := 0.0, t[2]
	var dlogits *Tensor
	if o.Pass == backend.Backward {
		scale, loss, dlogits = t[2].V[0], t[3], t[4]
	}
	if o.Mean {
		scale /= float64(o.N)
	}
	for n := range o.N {
		wanted, err := targetRow(o, target, n)
		if err != nil {
			return err
		}
		row := logits.V[n*o.C : (n+1)*o.C]
		logSum, mass := logSumExp(row), 0.0
		loss.V[n] = 0
		for c, p := range wanted {
			mass += p
			if p != 0 {
				loss.V[n] -= p * (row[c] - logSum)
			}
		}
		for c, p := range wanted {
			if dlogits == nil || mass == 0 {
				continue
			}
			dlogits.V[n*o.C+c] = scale * (math.Exp(row[c]-logSum)*mass - p)
		}
		if dlogits != nil && mass == 0 {
			clear(dlogits.V[n*o.C : (n+1)*o.C])
		}
	}
	return nil
}

// targetRow returns the smoothed target of image n: all zero if it is padding.
func targetRow(o backend.SoftmaxCrossEntropy, target *Tensor, n int) ([]float64, error) {
	row := make([]float64, o.C)
	if o.Soft {
		copy(row, target.V[n*o.C:])
	} else {
		label := int(target.V[n])
		if label < 0 {
			return row, nil
		}
		if label >= o.C {
			return nil, fmt.Errorf("labels[%d] = %d: want less than %d", n, label, o.C)
		}
		row[label] = 1
	}
	smoothing := float64(o.Smoothing)
	for c := range row {
		row[c] = (1-smoothing)*row[c] + smoothing/float64(o.C)
	}
	return row, nil
}

// logSumExp returns log(sum of exp(v)) without overflow.
func logSumExp(row []float64) float64 {
	largest := math.Inf(-1)
	for _, v := range row {
		largest = math.Max(largest, v)
	}
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(v - largest)
	}
	return largest + math.Log(sum)
}
