package train

import (
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/model"
	"mnv2/weights"
)

// smallSnapshot is a training state of the smallest network.
func smallSnapshot(t *testing.T) weights.Snapshot {
	t.Helper()
	a, err := model.New(model.Config{Width: 0.1, Classes: 2, InChannels: 3})
	require.NoError(t, err)
	s := weights.Snapshot{Arch: a, Values: a.Init(1), State: weights.State{Velocity: map[string][]float32{}}, Momentum: 0.9, Rates: []float64{0.1}}
	for _, p := range a.Params() {
		if p.Kind.Trainable() {
			s.Velocity[p.Name] = make([]float32, p.Elements())
		}
	}
	return s
}

func checkpoints(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		if filepath.Ext(f) == ".ckpt" && filepath.Base(f) != "optim_m.ckpt" {
			names = append(names, filepath.Base(f))
		}
	}
	sort.Strings(names)
	return names
}

func TestKeeperPolicies(t *testing.T) {
	accuracies := []float64{10, 30, 20, 25, 5}
	for _, c := range []struct {
		policy string
		most   int
		want   []string
	}{
		{"latest_k", 2, []string{"m-4_9.ckpt", "m-5_9.ckpt"}},
		{"latest_k", 0, []string{"m-1_9.ckpt", "m-2_9.ckpt", "m-3_9.ckpt", "m-4_9.ckpt", "m-5_9.ckpt"}},
		{"top_k", 2, []string{"m-2_9.ckpt", "m-4_9.ckpt", "m-5_9.ckpt"}},
		{"", 2, []string{"m-1_9.ckpt", "m-2_9.ckpt", "m-3_9.ckpt", "m-4_9.ckpt", "m-5_9.ckpt"}},
	} {
		t.Run(c.policy, func(t *testing.T) {
			dir, s := t.TempDir(), smallSnapshot(t)
			var events []Event
			k := keeper{dir: dir, name: "m", policy: c.policy, most: c.most, report: func(e Event) { events = append(events, e) }}
			for i, top1 := range accuracies {
				s.Run = &weights.RunState{Epoch: i + 1, Step: 9, StepsPerEpoch: 9}
				passes, err := k.epoch(s, top1)
				require.NoError(t, err)
				assert.Equal(t, c.policy == "top_k" && i == 4, passes, "epoch %d", i+1)
			}
			assert.Equal(t, c.want, checkpoints(t, dir))
			assert.FileExists(t, filepath.Join(dir, "optim_m.ckpt"))
			leftOver, err := filepath.Glob(filepath.Join(dir, "*.json"))
			require.NoError(t, err)
			assert.Len(t, leftOver, len(c.want), "what stands beside a checkpoint goes with it")
			assert.Contains(t, events, Saved{filepath.Join(dir, "m-2_9.ckpt")})
		})
	}
}

func TestKeeperSavesBest(t *testing.T) {
	dir, s := t.TempDir(), smallSnapshot(t)
	s.Run = &weights.RunState{Epoch: 1, Step: 9}
	k := keeper{dir: dir, name: "m", report: func(Event) {}}
	require.NoError(t, k.best(s))
	assert.FileExists(t, BestPath(dir, "m"))
}

func TestKeeperNamesWhatItCannotWrite(t *testing.T) {
	s := smallSnapshot(t)
	s.Run = &weights.RunState{Epoch: 1, Step: 9}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	k := keeper{dir: filepath.Join(file, "below"), name: "m", report: func(Event) {}}
	_, err := k.epoch(s, 1)
	assert.ErrorContains(t, err, "m-1_9.ckpt")
}

func TestCheckPolicy(t *testing.T) {
	assert.NoError(t, checkPolicy("top_k"))
	assert.ErrorContains(t, checkPolicy("best"), "latest_k")
}
