//go:build cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/internal/shareddata"
	"mnv2/model"
)

// life opens the stand-in's device, takes a training step, which is replayed from a recording, reads the losses and closes
// everything. It returns every error joined; whatever fails, what was opened is closed.
func life() (err error) {
	b, err := Open(0, Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	a, err := model.New(model.Config{Width: 0.1, Classes: stepClasses, InChannels: 3})
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
	const batch, size = 1, 32
	steps, err := model.NewTraining(state, model.TrainingOptions{Batch: batch, Size: size, Normalization: imageNet, Rule: backend.Momentum})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, steps.Close()) }()
	images, labels := make([]byte, batch*size*size*3), make([]int32, batch)
	if err := steps.Step(images, labels, make([]byte, steps.MaskLen()), []model.Hyper{{LR: 0.001, Momentum: 0.9}}); err != nil {
		return err
	}
	return steps.Losses(make([]float32, batch))
}

// callsOfALife returns the names of the vendor's functions in the order in which a life calls them.
func callsOfALife(t *testing.T) []string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "calls")
	control := standIn(t, "MNV2_FAKE_LOG="+log)
	require.NoError(t, life())
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	t.Setenv("MNV2_FAKE_LOG", "")
	control.Reset()
	var names []string
	for line := range strings.Lines(string(text)) {
		number, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		require.Equal(t, fmt.Sprint(len(names)+1), number)
		names = append(names, name)
	}
	return names
}

// chosen are the calls that are made to fail: the first and last ones (start-up and shut-down), and of every function the first, the
// last and some between.
func chosen(names []string) []int {
	const edge, each = 25, 2
	places := map[string][]int{}
	var list []int
	for i, name := range names {
		places[name] = append(places[name], i+1)
		if i < edge || i >= len(names)-edge {
			list = append(list, i+1)
		}
	}
	for _, at := range places {
		for k := range each {
			list = append(list, at[k*(len(at)-1)/(each-1)])
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestEveryCallMayFail lets calls of a life fail, one at a time: in a way that the device survives, and in one that it does not. Nothing
// may crash, hang or leak, and the error must name the call.
func TestEveryCallMayFail(t *testing.T) {
	if testing.Short() {
		shareddata.Skip(t, "slow", "left out with -short")
	}
	names := callsOfALife(t)
	list := chosen(names)
	if shareddata.Required("faults") { // make cuda-faults: minutes
		list = nil
		for n := range names {
			list = append(list, n+1)
		}
	}
	t.Logf("%d calls of %d are made to fail", len(list), len(names))
	for _, c := range []struct {
		name string
		code int
		want error
	}{{"survives", 0, nil}, {"lost", 719, backend.ErrDeviceLost}} {
		t.Run(c.name, func(t *testing.T) {
			control := standIn(t)
			silent := map[string]int{}
			for i, n := range list {
				if c.code != 0 && i%3 != 0 {
					continue // what follows a loss is the same whatever the call
				}
				control.Reset()
				control.Fail(n, c.code)
				err := life()
				what := fmt.Sprintf("call %d, %s: %v", n, names[n-1], err)
				require.Empty(t, control.Live(), what)
				require.Empty(t, control.Misuse(), what)
				if err == nil {
					silent[names[n-1]]++
					continue
				}
				assert.ErrorContains(t, err, names[n-1], what)
				if c.want != nil && n > len(names)/4 && strings.HasPrefix(names[n-1], "cu") {
					assert.ErrorIs(t, err, c.want, what)
				}
			}
			t.Logf("failures that stop nothing: %v", silent)
		})
	}
}
