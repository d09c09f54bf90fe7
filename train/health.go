package train

import (
	"errors"
	"fmt"
	"math"

	"mnv2/model"
)

// ErrDiverged is returned by Run when step after step has a loss or gradients that are not finite.
var ErrDiverged = errors.New("the loss or its gradients are not finite")

// How many steps in a row may be skipped before a run ends. A loss scale that is found on the way may have to be halved from its largest to its smallest first.
const (
	maxSkipped        = 5
	maxSkippedDynamic = maxSkipped + 32
)

// named is how many times a run looks for the layer that is at fault: it takes the time of a few steps.
const named = 3

// examine looks at how the steps up to a logged one went. Steps that were skipped are told of; a run of them ends the training.
func (r *run) examine(t *model.Training, h model.Health, loss, lr float64) error {
	if !t.Guarded() {
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("%w (loss %g at learning rate %g): try a lower --lr or a longer --warmup_epochs", ErrDiverged, loss, lr)
		}
		return nil
	}
	limit := maxSkipped
	if r.DynamicScale {
		limit = maxSkippedDynamic
	}
	isOver := h.Run >= limit
	if h.Skipped > r.skipped {
		e := Skipped{Epoch: r.at.Epoch, Step: r.at.Step, Steps: h.Skipped - r.skipped, Total: h.Skipped, LossScale: h.Scale}
		if h.Run > 0 && (isOver || !r.DynamicScale && r.named < named) {
			r.named++
			e.Layer = r.faultOf(t)
		}
		e.Expected = r.DynamicScale && !isOver
		r.skipped = h.Skipped
		r.Report(e)
		r.layer = e.Layer
	}
	if isOver {
		return r.diverged(h, lr)
	}
	return nil
}

// faultOf names where the numbers of the last step stopped being finite. It helps the reader only: if it cannot be found out, that is said.
func (r *run) faultOf(t *model.Training) string {
	layer, err := t.FirstNotFinite()
	if err != nil {
		return fmt.Sprintf("(not found: %v)", err)
	}
	return layer
}

// diverged is the error that ends a run. The weights are those of the last step that counted; what led there may be in them already, so that the last checkpoint is
// named to go on from.
func (r *run) diverged(h model.Health, lr float64) error {
	text := fmt.Sprintf("in the last %d steps, at learning rate %g", h.Run, lr)
	if r.layer != "" {
		text += ", first in " + r.layer
	}
	last := "no checkpoint was written before"
	if r.keeper.last != "" {
		last = "the last good checkpoint is " + r.keeper.last
	}
	return fmt.Errorf("%w %s; %s; try a lower --lr or a longer --warmup_epochs", ErrDiverged, text, last)
}
