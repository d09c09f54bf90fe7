//go:build cgo && linux

package ascend

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/internal/shareddata"
	"mnv2/model"
)

// life opens the stand-in's device, takes one training step, reads the losses, looks at the pictures with the trained network
// and closes everything. It returns every error joined; whatever fails, what was opened is closed.
func life() (err error) {
	b, err := Open(0, Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	a, err := model.New(model.Config{Width: 0.35, Classes: stepClasses, InChannels: 3})
	if err != nil {
		return err
	}
	params, err := model.NewParameters(b, a, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, params.Close()) }()
	if err := params.Store(a.Init(1)); err != nil {
		return err
	}
	state, err := model.NewTrainState(params)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.Close()) }()
	steps, err := model.NewTraining(state, model.TrainingOptions{Batch: 2, Size: stepSize, Normalization: imageNet, Rule: backend.Momentum})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, steps.Close()) }()
	images, labels := make([]byte, 2*stepSize*stepSize*3), make([]int32, 2)
	if err := steps.Step(images, labels, make([]byte, steps.MaskLen()), []model.Hyper{{LR: 0.001, Momentum: 0.9}}); err != nil {
		return err
	}
	if err := steps.Losses(make([]float32, 2)); err != nil {
		return err
	}
	return look(params, images)
}

// look runs inference on two pictures.
func look(params *model.Parameters, images []byte) (err error) {
	net, err := model.NewInference(params, model.InferenceOptions{Batch: 2, Size: stepSize, Normalization: imageNet})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	return net.Logits(make([]float32, 2*stepClasses), images, 2)
}

// TestEveryCallMayFail lets calls of a life fail, one at a time: each of the first and last ones (start-up and shut-down),
// and a spread of those between; with MNV2_REQUIRE=slow many more. Nothing may crash, hang or leak, and the vendor's own text
// must reach the caller, also that of aclrtGetSocName, which returns no code but only no name.
func TestEveryCallMayFail(t *testing.T) {
	control := standIn(t, "Ascend910B1")
	require.NoError(t, life())
	before := control.Count("call")
	require.NoError(t, life())
	calls := control.Count("call") - before
	edge, between := 40, 40
	if shareddata.Required("slow") {
		edge, between = 300, 1000
	}
	seen := 0
	for n := 1; n <= calls; n++ {
		if n > edge && n <= calls-edge && n%(calls/between+1) != 0 {
			continue
		}
		control.FailNth(n)
		err := life()
		control.FailNth(0)
		if err != nil {
			seen++
			assert.ErrorContains(t, err, "the failure was asked for", "call %d", n)
		}
		require.Empty(t, control.Leaks(), "call %d of %d: %v", n, calls, err)
		require.Zero(t, control.Count("misuse"), "call %d of %d: %s", n, calls, control.LastMisuse())
	}
	t.Logf("%d calls; %d failures were reported", calls, seen)
	assert.NotZero(t, seen)
}
