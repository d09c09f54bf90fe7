package train

import (
	"fmt"
	"math"

	"mnv2/backend"
	"mnv2/data"
	"mnv2/model"
)

// step takes one training step and reports it.
func (r *run) step(batch *data.Batch) error {
	t, err := r.training(batch.Rows())
	if err != nil {
		return err
	}
	lr, place := r.rate(), r.place()
	if err := t.Take(r.input(t, batch, lr, place)); err != nil {
		return err
	}
	r.at.Step++
	r.at.GlobalStep++
	return r.reportStep(t, batch.Count, lr)
}

// input is what step number GlobalStep works on.
func (r *run) input(t *model.Training, batch *data.Batch, lr float64, place int) model.Input {
	rows := batch.Rows()
	in := model.Input{Images: batch.Images[:len(batch.Images)/len(batch.Labels)*rows],
		First: place == 0, Last: place == r.accumulate()-1, Decay: emaDecay(r.EMA, r.at.GlobalStep+1)}
	if r.soft {
		r.targets.fill(batch, r.in.Arch.Classes)
		in.Target = r.targets.rows
	} else {
		in.Labels = batch.Labels[:rows]
	}
	r.mask = resized(r.mask, t.MaskLen())
	dropMask(r.mask, r.Seed, r.at.GlobalStep, r.in.Arch.DropRate)
	in.Mask = r.mask
	r.paths = pathMasks(r.paths, r.Seed, r.at.GlobalStep, t.PathRates(), rows)
	in.Paths = r.paths
	if in.Last {
		in.Hyper = r.hyper(lr)
	}
	return in
}

// hyper are the numbers of the update that this step ends with, for each group.
func (r *run) hyper(lr float64) []model.Hyper {
	list := make([]model.Hyper, len(r.params.Groups()))
	for i, g := range r.groups.list {
		decay := 0.0
		if g.decays {
			decay = r.WeightDecay
		}
		list[i] = r.Optimizer.hyper(r.at.GlobalStep/r.accumulate()+1, lr*g.share, decay)
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
	loss, err := r.readLoss(t)
	if err != nil {
		return err
	}
	health, err := r.state.Health()
	if err != nil {
		return err
	}
	if !math.IsNaN(loss) && !math.IsInf(loss, 0) { // of a step that was skipped
		r.at.LastLoss = loss
	}
	r.pace.step(&stepped)
	r.Report(Logged{Stepped: stepped, Loss: loss, Elapsed: r.pace.sinceLog(), LossScale: health.Scale, Skipped: health.Skipped, GradientNorm: health.Norm, Gauges: r.gauges()})
	return r.examine(t, health, loss, lr)
}

// readLoss is the loss of the last step.
func (r *run) readLoss(t *model.Training) (float64, error) {
	r.losses = resized(r.losses, t.Batch())
	if err := t.Losses(r.losses); err != nil {
		return 0, fmt.Errorf("read the loss: %w", err)
	}
	return r.loss.of(r.losses), nil
}

// gauges asks the device how it is.
func (r *run) gauges() []backend.Gauge {
	m, tells := backend.As[backend.Monitor](r.in.Device)
	if !tells {
		return nil
	}
	return m.Gauges()
}
