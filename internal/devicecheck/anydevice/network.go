package anydevice

import (
	"errors"

	"mnv2/backend"
	"mnv2/model"
)

var imageNet = model.Normalization{Mean: []float64{123.675, 116.28, 103.53}, Std: []float64{58.395, 57.12, 57.375}}

// net is a network in training on one device.
type net struct {
	params *model.Parameters
	state  *model.TrainState
	steps  *model.Training
	shape  shape
	mask   []byte // of dropout: nothing is dropped
	losses []float32

	number uint64 // of the pictures below
	images []byte
	labels []int32
}

// newNet returns a network whose initial values move, if nudge is set, by one unit in the last place.
func newNet(b backend.Backend, s shape, nudge bool) (_ *net, err error) {
	a, err := model.New(model.Config{Width: s.width, Classes: s.classes, InChannels: 3})
	if err != nil {
		return nil, err
	}
	n := &net{shape: s, losses: make([]float32, s.batch)}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if n.params, err = model.NewParameters(b, a, nil); err != nil {
		return n, err
	}
	values := a.Init(1)
	if nudge {
		nudged(a, values)
	}
	if err = n.params.Store(values); err != nil {
		return n, err
	}
	if n.state, err = model.NewTrainState(n.params); err != nil {
		return n, err
	}
	if b.Info().DTypes[0] == backend.F16 { // so that small gradients do not vanish
		if err = n.state.StoreHealth(model.Health{Scale: 1024}); err != nil {
			return n, err
		}
	}
	n.steps, err = model.NewTraining(n.state, model.TrainingOptions{Batch: s.batch, Size: s.size, Normalization: imageNet, Rule: backend.Momentum})
	if err == nil {
		n.mask = make([]byte, n.steps.MaskLen())
		for i := range n.mask {
			n.mask[i] = 1
		}
	}
	return n, err
}

// step takes one step on the pictures of that number and returns the mean loss.
func (n *net) step(number uint64, lr float64) (float64, error) {
	if n.images == nil || n.number != number {
		n.number = number
		n.images, n.labels = pictures(number, n.shape.batch, n.shape.size)
	}
	if err := n.steps.Step(n.images, n.labels, n.mask, []model.Hyper{{LR: lr, WeightDecay: 4e-5, Momentum: 0.9}}); err != nil {
		return 0, err
	}
	if err := n.steps.Losses(n.losses); err != nil {
		return 0, err
	}
	sum := 0.0
	for _, l := range n.losses {
		sum += float64(l)
	}
	return sum / float64(len(n.losses)), nil
}

func (n *net) close() error {
	var errs []error
	if n.steps != nil {
		errs = append(errs, n.steps.Close())
	}
	if n.state != nil {
		errs = append(errs, n.state.Close())
	}
	if n.params != nil {
		errs = append(errs, n.params.Close())
	}
	return errors.Join(errs...)
}
