package train

import (
	"context"
	"fmt"
	"math"

	"mnv2/data"
)

// Overfit is what training on a single batch came to.
type Overfit struct {
	First, Last float64 // loss of the first and of the last step
	Floor       float64 // the lowest loss that label smoothing permits
	Steps       int
	Images      int
	Passed      bool
}

// overfitShare is how near the floor the loss must come: this part of its way from the first loss.
const overfitShare = 0.02

// OverfitBatch trains on the first batch alone, at a constant learning rate and without drop-out, until the loss is almost as low as it can be, or for
// the given number of steps. A network, a loss and gradients that are right pass; wrong labels do, too. Nothing is written.
//
//	floor  the cross-entropy of a smoothed label with itself: -(1-s+s/C)*log(1-s+s/C) - (C-1)*(s/C)*log(s/C)
//	pass   loss <= floor + 0.02*(first - floor)
func OverfitBatch(ctx context.Context, o Options, in Inputs, steps int) (result Overfit, err error) {
	rates := make([]float64, steps)
	for i := range rates {
		rates[i] = o.Schedule.LR
	}
	t, err := newTrial(o, in, rates)
	if err != nil {
		return result, err
	}
	batches := &data.Cycle{Loader: in.Train}
	defer func() {
		batches.Close()
		if closeErr := t.close(); err == nil {
			err = closeErr
		}
	}()
	b, err := batches.Next(ctx)
	if err != nil {
		return result, err
	}
	defer batches.Release(b)
	result = Overfit{Images: b.Count, Floor: smoothingFloor(o.Smoothing, in.Arch.Classes)}
	for !result.Passed && result.Steps < steps {
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
		loss, err := t.take(b)
		if err != nil {
			return result, err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return result, fmt.Errorf("train: step %d on one batch: %w (%g at learning rate %g): try a lower --lr",
				result.Steps+1, ErrDiverged, loss, o.Schedule.LR)
		}
		result.add(loss)
	}
	return result, nil
}

// add counts a step.
func (r *Overfit) add(loss float64) {
	if r.Steps == 0 {
		r.First = loss
	}
	r.Steps, r.Last = r.Steps+1, loss
	r.Passed = r.Steps > 1 && loss <= r.Floor+overfitShare*(r.First-r.Floor)
}

// smoothingFloor is the lowest cross-entropy that labels smoothed by s over the given number of classes allow: their entropy.
func smoothingFloor(s float64, classes int) float64 {
	if s == 0 {
		return 0
	}
	rest := s / float64(classes)
	first := 1 - s + rest
	return -first*math.Log(first) - float64(classes-1)*rest*math.Log(rest)
}
