package train

import (
	"fmt"
	"math"

	"mnv2/data"
	"mnv2/model"
)

// step takes one training step and reports it.
func (r *run) step(batch *data.Batch) error {
	t, err := r.training(batch.Count)
	if err != nil {
		return err
	}
	r.mask = resized(r.mask, t.MaskLen())
	dropMask(r.mask, r.Seed, r.at.GlobalStep, r.in.Arch.DropRate)
	lr := r.rates[r.at.GlobalStep]
	images := len(batch.Images) / r.Batch * batch.Count
	if err := t.Step(batch.Images[:images], batch.Labels[:batch.Count], r.mask, r.hyper(lr)); err != nil {
		return err
	}
	r.at.Step++
	r.at.GlobalStep++
	return r.reportStep(t, batch.Count, lr)
}

func (r *run) hyper(lr float64) []model.Hyper {
	list := make([]model.Hyper, len(r.params.Groups()))
	for g := range list {
		decay := 0.0
		if g == groupDecay {
			decay = r.WeightDecay
		}
		list[g] = r.Optimizer.hyper(r.at.GlobalStep+1, lr, decay)
	}
	return list
}

// reportStep tells of the step, with its loss if it is one that is logged: reading it waits for the device.
func (r *run) reportStep(t *model.Training, images int, lr float64) error {
	stepped := Stepped{Epoch: r.at.Epoch, Step: r.at.Step, LR: lr, Images: images, StepsPerEpoch: r.at.StepsPerEpoch, Epochs: r.Epochs}
	isLast := r.at.Step == r.at.StepsPerEpoch
	if r.at.Step != 1 && r.at.Step%max(1, r.LogInterval) != 0 && !isLast {
		r.pace.step(&stepped)
		r.Report(stepped)
		return nil
	}
	loss, err := r.readLoss(t, images)
	if err != nil {
		return err
	}
	r.at.LastLoss = loss
	r.pace.step(&stepped)
	r.Report(Logged{Stepped: stepped, Loss: loss, Elapsed: r.pace.sinceLog()})
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("%w (%g at learning rate %g): try a lower --lr or a longer --warmup_epochs", ErrDiverged, loss, lr)
	}
	return nil
}

// readLoss is the loss of the last step: the mean over its images, or their sum with reduction sum.
func (r *run) readLoss(t *model.Training, images int) (float64, error) {
	r.losses = resized(r.losses, images)
	if err := t.Losses(r.losses); err != nil {
		return 0, err
	}
	sum := 0.0
	for _, l := range r.losses {
		sum += float64(l)
	}
	if r.SumLoss {
		return sum, nil
	}
	return sum / float64(images), nil
}
