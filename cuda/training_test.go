//go:build cgo && linux

package cuda

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/cpu"
	"mnv2/internal/shareddata"
	"mnv2/model"
)

const (
	stepCount   = 5
	stepClasses = 10
)

var imageNet = model.Normalization{Mean: []float64{123.675, 116.28, 103.53}, Std: []float64{58.395, 57.12, 57.375}}

// shape says what is trained.
type shape struct {
	width       float64
	size, batch int
}

func (s shape) arch(t *testing.T) *model.Arch {
	t.Helper()
	a, err := model.New(model.Config{Width: s.width, Classes: stepClasses, InChannels: 3, DropRate: 0.2})
	require.NoError(t, err)
	return a
}

// values are what a training leaves: parameters and the optimizer's velocity, by name.
type values struct{ params, velocity map[string][]float32 }

// network is a small MobileNetV2 on one device.
type network struct {
	shape
	params *model.Parameters
	state  *model.TrainState
	steps  *model.Training
}

func newNetwork(t *testing.T, b backend.Backend, s shape, from values) *network {
	t.Helper()
	a := s.arch(t)
	n := &network{shape: s}
	var err error
	n.params, err = model.NewParameters(b, a, nil)
	require.NoError(t, err)
	if from.params == nil {
		from.params = a.Init(1)
	}
	require.NoError(t, n.params.Store(from.params))
	n.state, err = model.NewTrainState(n.params)
	require.NoError(t, err)
	if from.velocity != nil {
		require.NoError(t, n.state.StoreVelocity(from.velocity))
	}
	n.steps, err = model.NewTraining(n.state, model.TrainingOptions{Batch: s.batch, Size: s.size, Normalization: imageNet,
		Smoothing: 0.1, Rule: backend.Momentum})
	require.NoError(t, err)
	return n
}

func (n *network) close(t *testing.T) {
	t.Helper()
	assert.NoError(t, n.steps.Close())
	assert.NoError(t, n.state.Close())
	assert.NoError(t, n.params.Close())
}

// pictures returns a batch of random pictures that depends on seed alone.
func pictures(s shape, seed int) (images []byte, rng *rand.Rand) {
	rng = rand.New(rand.NewPCG(uint64(seed), 5))
	images = make([]byte, s.batch*s.size*s.size*3)
	for i := range images {
		images[i] = byte(rng.Uint32())
	}
	return images, rng
}

// take makes step number i, whose inputs depend on i alone.
func (n *network) take(t *testing.T, i int) {
	t.Helper()
	images, rng := pictures(n.shape, i)
	labels, mask := make([]int32, n.batch), make([]byte, n.steps.MaskLen())
	for j := range labels {
		labels[j] = int32(rng.IntN(stepClasses))
	}
	for j := range mask {
		mask[j] = byte(min(rng.IntN(5), 1))
	}
	require.NoError(t, n.steps.Step(images, labels, mask, []model.Hyper{{LR: 0.001, WeightDecay: 4e-5, Momentum: 0.9}}))
}

// train opens a device and makes steps from to to. It returns what is there after every one of them.
func train(t *testing.T, open opener, s shape, start values, from, to int) []values {
	t.Helper()
	b, err := open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	n := newNetwork(t, b, s, start)
	defer n.close(t)
	var after []values
	for i := from; i < to; i++ {
		n.take(t, i)
		after = append(after, n.values(t))
	}
	return after
}

func (n *network) values(t *testing.T) (v values) {
	t.Helper()
	var err error
	v.params, err = n.params.Load()
	require.NoError(t, err)
	v.velocity, err = n.state.Velocity()
	require.NoError(t, err)
	return v
}

// logits classifies a batch of pictures with what a training left.
func logits(t *testing.T, open opener, s shape, v values) []float32 {
	t.Helper()
	b, err := open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	p, err := model.NewParameters(b, s.arch(t), nil)
	require.NoError(t, err)
	defer func() { assert.NoError(t, p.Close()) }()
	require.NoError(t, p.Store(v.params))
	net, err := model.NewInference(p, model.InferenceOptions{Batch: s.batch, Size: s.size, Normalization: imageNet})
	require.NoError(t, err)
	defer func() { assert.NoError(t, net.Close()) }()
	images, _ := pictures(s, 1000)
	out := make([]float32, s.batch*stepClasses)
	require.NoError(t, net.Logits(out, images, s.batch))
	return out
}

type opener func() (backend.Backend, error)

func openCPU() (backend.Backend, error)  { return cpu.Open(cpu.Options{Threads: 1}) }
func openFake() (backend.Backend, error) { return Open(0, Options{Convolutions: forced}) }

// nudged returns the initial values, every weight moved by one unit in its last place, up or down.
func nudged(t *testing.T, s shape) values {
	t.Helper()
	return nudge(values{params: s.arch(t).Init(1)})
}

// nudge returns v with every number moved by one unit in the last place, or none, up or down.
func nudge(v values) values {
	rng := rand.New(rand.NewPCG(7, 7))
	moved := values{params: map[string][]float32{}}
	for _, name := range slices.Sorted(maps.Keys(v.params)) {
		for _, x := range v.params[name] {
			moved.params[name] = append(moved.params[name], math.Nextafter32(x, x+float32(rng.IntN(3)-1)))
		}
	}
	return moved
}

// distance is the length of the difference over all parameters.
func distance(a, b values) float64 {
	sum := 0.0
	for name, v := range a.params {
		for i, x := range v {
			d := float64(x) - float64(b.params[name][i])
			sum += d * d
		}
	}
	return math.Sqrt(sum)
}

// roundings is by how much two runs that round every operation differently may differ more than two that differ in the last bit
// of the initial weights alone: both kinds of difference are as large as the rounding of the first layers, and grow alike.
const roundings = 4

// trainings are the widths of the recipes, two sizes of pictures, and batches of even and odd size.
var trainings = []shape{{0.35, 32, 7}, {0.75, 32, 4}, {1.0, 32, 5}, {1.4, 32, 3}, {0.35, 96, 3}, {0.75, 96, 2}, {1.0, 96, 1}, {1.4, 96, 1}}

// TestTrainingEqualsTheCPU takes five steps on both devices and classifies pictures with the result on both. Each device then goes on
// from what the other has made of the first steps. The smallest network does all steps again, for the same bits.
func TestTrainingEqualsTheCPU(t *testing.T) {
	standIn(t)
	testTraining(t, openFake, trainings)
}

// testTraining holds the GPU that open opens to the CPU.
func testTraining(t *testing.T, open opener, list []shape) {
	for i, s := range list {
		t.Run(fmt.Sprintf("width %g size %d batch %d", s.width, s.size, s.batch), func(t *testing.T) {
			if testing.Short() && i > 0 {
				shareddata.Skip(t, "slow", "with -short the first alone")
			}
			want := train(t, openCPU, s, values{}, 0, stepCount)
			last, middle := stepCount-1, stepCount-3
			allowed := roundings * distance(want[last], train(t, openCPU, s, nudged(t, s), 0, stepCount)[last])
			near := func(what string, v values) {
				t.Helper()
				t.Logf("%s: the parameters differ by %.3g, allowed are %.3g", what, distance(want[last], v), allowed)
				assert.Less(t, distance(want[last], v), allowed, what)
			}
			got := train(t, open, s, values{}, 0, stepCount)
			near("on the GPU", got[last])
			sameLogits(t, logits(t, openCPU, s, got[last]), logits(t, open, s, got[last]), logits(t, openCPU, s, nudge(got[last])))
			near("resumed on the CPU", train(t, openCPU, s, got[middle], middle+1, stepCount)[last-middle-1])
			if s.size == 32 {
				near("resumed on the GPU", train(t, open, s, want[middle], middle+1, stepCount)[last-middle-1])
			}
			if i == 0 {
				assert.Equal(t, got, train(t, open, s, values{}, 0, stepCount), "again, to the bit")
			}
		})
	}
}

// sameLogits compares in units of the deviation of all logits: 53 layers round to 24 bits, each relative to its largest sums. What a
// network makes of that depends on its statistics, which three pictures leave all but singular in the widest one: it is allowed what
// moving its parameters by a unit in the last place does, a few times.
func sameLogits(t *testing.T, want, got, nudged []float32) {
	t.Helper()
	var sum, squares float64
	for _, v := range want {
		sum, squares = sum+float64(v), squares+float64(v)*float64(v)
	}
	n := float64(len(want))
	deviation := math.Sqrt(squares/n - sum/n*sum/n)
	worst, moved := 0.0, 0.0
	for i, v := range want {
		worst = max(worst, math.Abs(float64(got[i]-v))/deviation)
		moved = max(moved, math.Abs(float64(nudged[i]-v))/deviation)
	}
	allowed := max(1e-4, roundings*moved)
	t.Logf("the logits are off by %.3g deviations, allowed are %.3g", worst, allowed)
	assert.Less(t, worst, allowed)
}

// TestWorkOfAStep counts what one training step asks of the driver.
func TestWorkOfAStep(t *testing.T) {
	standIn(t)
	b, err := openFake()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	n := newNetwork(t, b, shape{1, 32, 2}, values{})
	defer n.close(t)
	n.take(t, 0)
	before, _ := backend.CountsOf(b)
	n.take(t, 1)
	after, _ := backend.CountsOf(b)
	t.Logf("a step: %d launches", after.Since(before).Launches)
	assert.Zero(t, after.Since(before).Syncs, "nothing waits for the device")
	assert.Zero(t, after.Since(before).Allocs, "nothing is allocated")
	losses := make([]float32, n.batch)
	require.NoError(t, n.steps.Losses(losses))
	waited, _ := backend.CountsOf(b)
	assert.EqualValues(t, 1, waited.Since(after).Syncs, "reading the losses waits once")
}
