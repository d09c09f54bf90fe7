package train

import (
	"context"
	"fmt"
	"math"

	"mnv2/data"
)

// Sweep says over which learning rates [FindLR] goes.
type Sweep struct {
	From, To float64 // first and last learning rate, both above 0
	Steps    int     // training steps between them, at least 10
}

// Tried is one step of a sweep.
type Tried struct {
	LR, Loss float64
	Smoothed float64 // moving average of the losses, corrected for its start
}

// LRCurve is what a sweep found.
type LRCurve struct {
	Points   []Tried
	Diverged bool    // the sweep ended early because the loss rose too far
	Lowest   Tried   // where the smoothed loss is lowest
	Fell     float64 // by which share of itself the smoothed loss fell, from where the average has settled
	Suggest  float64 // where the smoothed loss falls fastest over log(lr); 0 if Fell is too small to tell
}

// How a sweep judges its losses, after Smith 2015 (arXiv:1506.01186) and Gugger's finder.
const (
	sweepSmoothing = 0.95 // share of the moving average that stays
	sweepExplodes  = 4.0  // times the lowest smoothed loss at which a sweep ends
	sweepSkip      = 0.05 // share of the steps at the start that the suggestion ignores: the average has not settled
	sweepFalls     = 0.05 // share by which the loss must fall; less is what batches differ by
)

func (s Sweep) check() error {
	if !(s.From > 0) || !(s.To > s.From) || math.IsInf(s.To, 0) || s.Steps < 10 {
		return fmt.Errorf("learning rates from %g to %g in %d steps: want 0 < from < to and at least 10 steps", s.From, s.To, s.Steps)
	}
	return nil
}

// rates are From*(To/From)^(i/(Steps-1)).
func (s Sweep) rates() []float64 {
	rates := make([]float64, s.Steps)
	for i := range rates {
		rates[i] = s.From * math.Pow(s.To/s.From, float64(i)/float64(s.Steps-1))
	}
	return rates
}

// FindLR trains with a learning rate that grows with every step, and looks where the loss falls fastest. It ends when the loss
// explodes. Nothing is written; the parameters are lost.
func FindLR(ctx context.Context, o Options, in Inputs, s Sweep) (curve LRCurve, err error) {
	if err := s.check(); err != nil {
		return LRCurve{}, err
	}
	t, err := newTrial(o, in, s.rates())
	if err != nil {
		return LRCurve{}, err
	}
	batches := &data.Cycle{Loader: in.Train}
	defer func() {
		batches.Close()
		if closeErr := t.close(); err == nil {
			err = closeErr
		}
	}()
	for range s.Steps {
		b, err := batches.Next(ctx)
		if err != nil {
			return curve, err
		}
		loss, err := t.take(b)
		batches.Release(b)
		if err != nil {
			return curve, err
		}
		if curve.add(t.logged.LR, loss); curve.Diverged {
			break
		}
	}
	curve.judge(s.Steps)
	return curve, nil
}

// add appends a step, or ends the sweep.
//
//	m_i = d*m_(i-1) + (1-d)*loss_i,  smoothed_i = m_i/(1-d^(i+1))
func (c *LRCurve) add(lr, loss float64) {
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		c.Diverged = true
		return
	}
	n := len(c.Points)
	m := (1 - sweepSmoothing) * loss
	if n > 0 {
		m += sweepSmoothing * c.Points[n-1].Smoothed * (1 - math.Pow(sweepSmoothing, float64(n)))
	}
	p := Tried{LR: lr, Loss: loss, Smoothed: m / (1 - math.Pow(sweepSmoothing, float64(n+1)))}
	c.Points = append(c.Points, p)
	if n == 0 || p.Smoothed < c.Lowest.Smoothed {
		c.Lowest = p
	}
	c.Diverged = p.Smoothed > sweepExplodes*c.Lowest.Smoothed
}

// judge looks for the steepest fall, between the first steps and the lowest loss.
func (c *LRCurve) judge(steps int) {
	settled := max(1, int(sweepSkip*float64(steps)))
	if settled >= len(c.Points) || c.Lowest.LR <= c.Points[settled].LR {
		return
	}
	if c.Fell = 1 - c.Lowest.Smoothed/c.Points[settled].Smoothed; c.Fell < sweepFalls {
		return
	}
	steepest := 0.0
	for i := settled; i+1 < len(c.Points); i++ {
		before, after := c.Points[i-1], c.Points[i+1]
		if after.LR > c.Lowest.LR {
			return
		}
		slope := (after.Smoothed - before.Smoothed) / (math.Log(after.LR) - math.Log(before.LR))
		if slope < steepest {
			steepest, c.Suggest = slope, c.Points[i].LR
		}
	}
}
