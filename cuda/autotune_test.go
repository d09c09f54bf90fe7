//go:build cgo && linux

package cuda

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/csrc/nv"
	"mnv2/csrc/nv/cubin"
)

// tuned is a device that takes the fastest engines, and what it said.
type tuned struct {
	t *testing.T
	*Device
	told []string
}

func openTuned(t *testing.T) *tuned {
	t.Helper()
	d := &tuned{t: t}
	b, err := Open(0, Options{Convolutions: Fastest, Warn: func(text string) { d.told = append(d.told, text) }})
	require.NoError(t, err)
	d.Device = b.(*Device)
	return d
}

// engine compiles a convolution and tells who computes it, and how many convolutions were measured so far.
func (d *tuned) engine(o backend.Conv2D) (c choice, compared int) {
	d.t.Helper()
	compiled, err := d.Compile(o)
	require.NoError(d.t, err)
	for _, call := range compiled.(*plan).program.calls {
		c = choice{CuDNN: true, Engine: call.plan.Engine(), Rank: call.plan.Rank()}
	}
	require.NoError(d.t, compiled.Close())
	return c, d.engines.compared
}

func (d *tuned) close() { require.NoError(d.t, d.Close()) }

// keep makes c the choice for a convolution, as if it had been measured.
func (d *tuned) keep(o backend.Conv2D, c choice) {
	b, err := json.Marshal(c)
	require.NoError(d.t, err)
	d.choices.Put(d.choiceKey(d.dnnConv(o)), cubin.Entry{Code: b})
}

// keptChoices returns the files of a cache folder.
func keptChoices(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "autotune", "*"))
	require.NoError(t, err)
	return files
}

// TestEnginesAreMeasuredOnce finds the same engine in a process's life, in the next process's, and after another shape.
func TestEnginesAreMeasuredOnce(t *testing.T) {
	standIn(t)
	dir := t.TempDir()
	t.Setenv(cubin.EnvDir, dir)
	d := openTuned(t)
	first, compared := d.engine(pointwise)
	assert.Equal(t, 1, compared)
	again, compared := d.engine(pointwise)
	assert.Equal(t, 1, compared)
	assert.Equal(t, first, again)
	d.close()
	require.Len(t, keptChoices(t, dir), 1)

	d = openTuned(t)
	again, compared = d.engine(pointwise)
	assert.Zero(t, compared)
	assert.Equal(t, first, again)
	wide := pointwise
	wide.K *= 2
	_, compared = d.engine(wide)
	assert.Equal(t, 1, compared)
	assert.Empty(t, d.told)
	d.close()
	assert.Len(t, keptChoices(t, dir), 2)
}

// TestKeptEngines takes what is kept, whichever it is, and only what is kept for these versions.
func TestKeptEngines(t *testing.T) {
	control := standIn(t)
	for name, kept := range map[string]choice{"own": {}, "tensor cores": {CuDNN: true, Engine: 20, Rank: 3}, "plain": {CuDNN: true, Engine: 7, Rank: 4}} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(cubin.EnvDir, t.TempDir())
			control.Reset()
			d := openTuned(t)
			d.keep(pointwise, kept)
			got, compared := d.engine(pointwise)
			assert.Zero(t, compared)
			assert.Equal(t, kept, got)
			assert.Empty(t, d.told)
			d.close()

			t.Setenv("MNV2_FAKE_CUDNN", "91400")
			control.Reset()
			d = openTuned(t)
			_, compared = d.engine(pointwise)
			assert.Equal(t, 1, compared, "a new cuDNN is measured anew")
			d.close()
		})
	}
}

// TestKeptEnginesThatAreOfNoUse measures anew, says so once, and keeps the new choice.
func TestKeptEnginesThatAreOfNoUse(t *testing.T) {
	standIn(t)
	for name, c := range map[string]struct {
		spoil func(t *testing.T, d *tuned, dir string)
		says  string
	}{
		"engine that is not there": {func(t *testing.T, d *tuned, _ string) { d.keep(pointwise, choice{CuDNN: true, Engine: 999}) },
			"the engine that was chosen for it is not there any more: engines are measured anew"},
		"no choice": {func(t *testing.T, d *tuned, _ string) {
			d.choices.Put(d.choiceKey(d.dnnConv(pointwise)), cubin.Entry{Code: []byte("{")})
		}, "engines are measured anew"},
		"torn": {func(t *testing.T, d *tuned, dir string) {
			d.keep(pointwise, choice{})
			require.NoError(t, os.Truncate(keptChoices(t, dir)[0], 40))
		}, "is cut short, or no such file: it is made anew"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv(cubin.EnvDir, dir)
			d := openTuned(t)
			c.spoil(t, d, dir)
			first, compared := d.engine(pointwise)
			assert.Equal(t, 1, compared)
			require.Len(t, d.told, 1)
			assert.Contains(t, d.told[0], c.says)
			d.close()
			d = openTuned(t)
			again, compared := d.engine(pointwise)
			assert.Zero(t, compared)
			assert.Equal(t, first, again)
			d.close()
		})
	}
}

// TestEnginesThatFail are left out, with one note, and the choice without them is not kept.
func TestEnginesThatFail(t *testing.T) {
	control := standIn(t)
	wide := pointwise
	wide.K *= 2
	for name, c := range map[string]struct{ setting, value, says string }{
		"at run time": {"MNV2_FAKE_CUDNN_BROKEN", "1", "cuDNN's engine 20 (3): run conv forward f16"},
		"for memory":  {"MNV2_FAKE_MEMORY", "256", "memory to measure in: allocate "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv(cubin.EnvDir, dir)
			t.Setenv(c.setting, c.value)
			control.Reset()
			d := openTuned(t)
			got, _ := d.engine(pointwise)
			assert.Equal(t, choice{}, got)
			got, compared := d.engine(wide)
			assert.Equal(t, choice{}, got)
			assert.Equal(t, 2, compared)
			require.Len(t, d.told, 1)
			assert.Contains(t, d.told[0], c.says)
			assert.Contains(t, d.told[0], "it is left out of the choice of engines, like others that fail")
			d.close()
			assert.Empty(t, keptChoices(t, dir))
		})
	}
}

// TestMeasuringFails makes every call of choosing an engine fail in turn: an engine of our own, or an error that says what failed,
// and nothing is left.
func TestMeasuringFails(t *testing.T) {
	control := standIn(t)
	for n := 1; ; n++ {
		d := openTuned(t)
		before := control.Calls()
		control.Fail(before+n, 0)
		compiled, err := d.Compile(pointwise)
		done := control.Calls() < before+n // it was never reached
		control.Fail(0, 0)
		if err == nil {
			require.NoError(t, compiled.Close())
		} else {
			assert.ErrorContains(t, err, "compile Conv2D(forward")
		}
		d.close()
		if done {
			assert.NoError(t, err)
			assert.Greater(t, n, 50, "calls were made to fail")
			break
		}
	}
}

// TestChoiceKeyTellsConvolutionsApart changes what may change the times.
func TestChoiceKeyTellsConvolutionsApart(t *testing.T) {
	standIn(t)
	d := openTuned(t)
	defer d.close()
	v := d.dnnConv(pointwise)
	keys := map[cubin.Key]string{d.choiceKey(v): "itself"}
	for name, change := range map[string]func(v *nv.Conv){
		"batch": func(v *nv.Conv) { v.N++ }, "pass": func(v *nv.Conv) { v.Pass = nv.ConvGradInput }, "stride": func(v *nv.Conv) { v.Stride++ },
		"type": func(v *nv.Conv) { v.DType = nv.DNNBFloat16 }, "TF32": func(v *nv.Conv) { v.TF32 = true },
	} {
		changed := v
		change(&changed)
		key := d.choiceKey(changed)
		assert.Empty(t, keys[key], name)
		keys[key] = name
	}
}
