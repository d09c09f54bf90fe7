package train

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/checkpoint"
	"mnv2/model"
	"mnv2/weights"
)

// saved writes s as name in a new folder and opens it again.
func saved(t *testing.T, name string, s weights.Snapshot) *weights.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, weights.Save(path, checkpoint.CKPT, model.MindCV, s))
	f, err := weights.Open(path)
	require.NoError(t, err)
	return f
}

func TestResume(t *testing.T) {
	s := smallSnapshot(t)
	s.Run = &weights.RunState{Epoch: 2, Step: 4, StepsPerEpoch: 9, GlobalStep: 13, Seed: 42}
	f := saved(t, "m-2_4.ckpt", s)
	dir := filepath.Dir(f.Path)
	t.Run("its own run", func(t *testing.T) {
		r, err := Resume(f, dir, s.Arch, 9, 42)
		require.NoError(t, err)
		require.NotNil(t, r.Position)
		assert.Equal(t, *s.Run, *r.Position)
		assert.Equal(t, s.Velocity, r.State.Velocity)
	})
	for name, c := range map[string]struct {
		dir   string
		steps int
		seed  uint64
		want  string
	}{
		"another folder":     {t.TempDir(), 9, 42, "--ckpt_save_dir"},
		"another batch size": {dir, 10, 42, "9 steps"},
		"another seed":       {dir, 9, 43, "--seed 42"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Resume(f, c.dir, s.Arch, c.steps, c.seed)
			require.NoError(t, err)
			assert.Nil(t, r.Position)
			assert.Nil(t, r.State)
			assert.Contains(t, r.Reason, c.want)
		})
	}
}

func TestResumeFromWeightsAlone(t *testing.T) {
	s := smallSnapshot(t)
	s.Velocity = nil
	f := saved(t, "m_best.ckpt", s)
	r, err := Resume(f, filepath.Dir(f.Path), s.Arch, 9, 42)
	require.NoError(t, err)
	assert.Equal(t, Resumption{}, r)
}

func TestPositionFromName(t *testing.T) {
	want := weights.RunState{Epoch: 30, Step: 625, EpochDone: true, StepsPerEpoch: 625, GlobalStep: 18750, Seed: 1}
	assert.Equal(t, want, *positionFromName("dir/mobilenet_v2_100-30_625.ckpt", 18750, 625, 1))
	assert.False(t, positionFromName("m-30_600.ckpt", 18725, 625, 1).EpochDone)
	for _, name := range []string{"m_best.ckpt", "mobilenet_v2_100-d5532038.ckpt", "m-0_625.ckpt", "m-3_626.ckpt", "m-3_.ckpt"} {
		assert.Nil(t, positionFromName(name, 1, 625, 1), name)
	}
}

func TestDropMask(t *testing.T) {
	mask := make([]byte, 100001)
	dropMask(mask, 42, 7, 0.2)
	kept := 0
	for _, m := range mask {
		kept += int(m)
	}
	assert.InDelta(t, 0.8, float64(kept)/float64(len(mask)), 0.005)
	again := make([]byte, len(mask))
	dropMask(again, 42, 7, 0.2)
	assert.Equal(t, mask, again)
	dropMask(again, 42, 8, 0.2)
	assert.NotEqual(t, mask, again)
	assert.NotPanics(t, func() { dropMask(nil, 1, 1, 0.5) })
}
