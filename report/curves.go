package report

import "time"

// Colours of the curves, by what they show.
const (
	hueTrain = iota
	hueVal
	hueThird
)

// smoothing is how much of the moving average stays from step to step.
const smoothing = 0.9

// figures are the charts of one run.
func (h History) figures() []Figure {
	var list []Figure
	if loss := h.lossFigure(); len(loss.Curves) > 0 {
		list = append(list, loss)
	}
	if top1, top5 := h.accuracy(func(e Epoch) float64 { return e.Top1 }), h.accuracy(func(e Epoch) float64 { return e.Top5 }); len(top1.X) > 0 {
		top1.Name, top5.Name, top1.Hue, top5.Hue = "top-1", "top-5", hueVal, hueThird
		list = append(list, Figure{Title: "Validation accuracy", X: "epoch", Unit: "%", Curves: []Curve{top1, top5}})
	}
	if len(h.Steps) > 0 {
		list = append(list,
			Figure{Title: "Learning rate", X: "step", Zero: true, Curves: []Curve{h.steps("learning rate", hueTrain, func(s Step) float64 { return s.LR })}},
			Figure{Title: "Speed", X: "step", Unit: "img/s", Zero: true, Curves: []Curve{
				h.steps("images a second", hueThird, func(s Step) float64 { return s.ImagesPerSec })}},
			Figure{Title: "Waiting for images", X: "step", Unit: "%", Zero: true, Curves: []Curve{
				h.steps("share of the time", hueVal, func(s Step) float64 { return 100 * s.InputWait })}})
	}
	return list
}

func (h History) lossFigure() Figure {
	f := Figure{Title: "Loss", X: "step", Log: true}
	if len(h.Steps) > 0 {
		raw := h.steps("each step", hueTrain, func(s Step) float64 { return s.Loss })
		raw.Pale = true
		smooth := raw
		smooth.Name, smooth.Pale, smooth.Y = "training, smoothed", false, smoothed(raw.Y, smoothing)
		f.Curves = append(f.Curves, raw, smooth)
	}
	val := Curve{Name: "validation", Hue: hueVal, Dots: true}
	for _, e := range h.Epochs {
		if e.Validated {
			val.X, val.Y = append(val.X, float64(e.GlobalStep)), append(val.Y, e.ValLoss)
		}
	}
	if len(val.X) > 0 {
		f.Curves = append(f.Curves, val)
	}
	return f
}

func (h History) steps(name string, hue int, value func(Step) float64) Curve {
	c := Curve{Name: name, Hue: hue}
	for _, s := range h.Steps {
		c.X, c.Y = append(c.X, float64(s.GlobalStep)), append(c.Y, value(s))
	}
	return c
}

// accuracy is a value of each validation over epochs.
func (h History) accuracy(value func(Epoch) float64) Curve {
	c := Curve{Dots: true}
	for _, e := range h.Epochs {
		if e.Validated {
			c.X, c.Y = append(c.X, float64(e.Epoch)), append(c.Y, value(e))
		}
	}
	return c
}

// best is the epoch of the highest top-1, the first of equals; nil if nothing was validated.
func (h History) best() *Epoch {
	var best *Epoch
	for i := range h.Epochs {
		if e := &h.Epochs[i]; e.Validated && (best == nil || e.Top1 > best.Top1) {
			best = e
		}
	}
	return best
}

func (h History) trainTime() time.Duration {
	seconds := 0.0
	for _, e := range h.Epochs {
		seconds += e.TrainSeconds
	}
	return time.Duration(seconds * float64(time.Second))
}
