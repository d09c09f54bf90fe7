//go:build cgo && linux

package ascend

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
)

// Two devices add numbers in different orders, so that their steps differ in the last bits. How much they may differ is not
// chosen but measured, by the same steps on the CPU with its plain kernels instead of its best ones, and with weights that are
// off by one unit in the last place: both round every sum differently, as an NPU does.
//
// From one state, the losses and moving statistics of a step depend smoothly on those bits: they must stay within orders times
// what was measured, and so must the gradient of the classifier, which has no ReLU6 behind it. A number that comes out on the
// other side of one of ReLU6's bends, which happens in some steps between any two devices, moves the gradients before it by
// parts in a thousand, or in a hundred where few pictures share a channel. So the better ones of the steps must be as close as the
// CPU's; the worst may be as far off as the CPU's own is when its weights move by many units in the last place, so that more numbers
// than those of any rounding cross a bend. The smooth measures show that this is more than what was allowed above.
//
// Over steps in a row differences grow, by hundreds with each step at this learning rate, until they are as large as
// chaos lets them be. There the distance to the CPU must be that of the CPU to itself.
const (
	orders = 4  // times the largest of a few measured distances
	many   = 16 // units in the last place; the distance of what is smooth grows in proportion
)

// moment is what a network holds between two steps, and the losses of the step before.
type moment struct {
	values, velocity map[string][]float32
	losses           []float32
}

func (n *network) moment(t *testing.T) moment {
	t.Helper()
	m, err := moment{losses: make([]float32, stepBatch)}, error(nil)
	require.NoError(t, n.steps.Losses(m.losses))
	m.values, err = n.params.Load()
	require.NoError(t, err)
	m.velocity, err = n.state.Velocity()
	require.NoError(t, err)
	return m
}

// trajectory returns what is there before and after each step. With from, a step begins at from[i] instead of where the one
// before ended.
func trajectory(t *testing.T, open func() (backend.Backend, error), width float64, from []moment) []moment {
	t.Helper()
	b, err := open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	n := newNetwork(t, b, width)
	defer n.close(t)
	list := []moment{n.moment(t)}
	for i := range stepCount {
		if i < len(from) {
			require.NoError(t, n.params.Store(from[i].values))
			require.NoError(t, n.state.StoreVelocity(from[i].velocity))
		}
		n.take(t, i)
		list = append(list, n.moment(t))
	}
	return list
}

func openCPU() (backend.Backend, error)  { return cpu.Open(cpu.Options{Threads: 1}) }
func openFake() (backend.Backend, error) { return Open(0, Options{}) }

// plainCPU opens the CPU with kernels that add one number after the other.
func plainCPU(t *testing.T) func() (backend.Backend, error) {
	return func() (backend.Backend, error) {
		t.Setenv("MNV2_CPU", "generic")
		b, err := openCPU()
		t.Setenv("MNV2_CPU", "")
		return b, err
	}
}

// nudged returns states whose weights are moved by so many units in their last place at most, up or down.
func nudged(from []moment, units int) []moment {
	rng, list := rand.New(rand.NewPCG(7, 7)), slices.Clone(from)
	for i, m := range from {
		list[i].values = maps.Clone(m.values)
		for _, name := range slices.Sorted(maps.Keys(m.velocity)) {
			v := slices.Clone(m.values[name])
			for j, x := range v {
				size := float32(math.Abs(float64(x)))
				v[j] = x + float32(rng.IntN(2*units+1)-units)*(math.Nextafter32(size, 2*size+1)-size)
			}
			list[i].values[name] = v
		}
	}
	return list
}

// gap is how far two steps from one state are apart: gradients and statistics as parts of how far they moved, and losses.
type gap struct{ gradients, classifier, statistics, losses float64 }

// gaps compares the steps of two trajectories that begin at the states of want.
func gaps(got, want []moment) (list []gap) {
	for i := range stepCount {
		a, b, before := got[i+1], want[i+1], want[i]
		var g gap
		var gradients, classifier, statistics share
		for name, v := range b.velocity {
			for j, x := range v {
				gradients.add(x-a.velocity[name][j], x-stepMomentum*before.velocity[name][j])
				if name == "classifier.1.weight" {
					classifier.add(x-a.velocity[name][j], x-stepMomentum*before.velocity[name][j])
				}
			}
		}
		for name, v := range b.values {
			if _, isTrained := b.velocity[name]; isTrained {
				continue
			}
			for j, x := range v {
				statistics.add(x-a.values[name][j], x-before.values[name][j])
			}
		}
		g.gradients, g.classifier, g.statistics = gradients.root(), classifier.root(), statistics.root()
		for j, x := range b.losses {
			g.losses = max(g.losses, math.Abs(float64(x-a.losses[j])))
		}
		list = append(list, g)
	}
	return list
}

// share is the length of what is off as a part of the length of the whole.
type share struct{ off, whole float64 }

func (s *share) add(off, whole float32) { s.off, s.whole = s.off+square(off), s.whole+square(whole) }
func (s *share) root() float64          { return math.Sqrt(s.off / s.whole) }

func square(x float32) float64 { return float64(x) * float64(x) }

// second returns the second smallest, and worst the largest, of what part finds in the gaps.
func second(list []gap, part func(gap) float64) float64 { return sortedParts(list, part)[1] }
func worst(list []gap, part func(gap) float64) float64  { return slices.Max(sortedParts(list, part)) }

func sortedParts(list []gap, part func(gap) float64) (parts []float64) {
	for _, g := range list {
		parts = append(parts, part(g))
	}
	slices.Sort(parts)
	return parts
}

// distance is the length of the difference over all parameters and statistics.
func distance(a, b moment) float64 {
	sum := 0.0
	for name, v := range a.values {
		for i, x := range v {
			sum += square(x - b.values[name][i])
		}
	}
	return math.Sqrt(sum)
}

// TestTrainingEqualsTheCPU takes five steps with every width of the recipes, and again for the same bits.
func TestTrainingEqualsTheCPU(t *testing.T) {
	standIn(t, "Ascend910B1")
	for _, width := range []float64{0.75, 1.0, 1.4} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			want := trajectory(t, openCPU, width, nil)
			references := [][]gap{gaps(trajectory(t, plainCPU(t), width, want), want), gaps(trajectory(t, openCPU, width, nudged(want, 1)), want)}
			far := gaps(trajectory(t, openCPU, width, nudged(want, many)), want)
			got := gaps(trajectory(t, openFake, width, want), want)
			most := func(measure func([]gap) float64) float64 {
				return orders * max(measure(references[0]), measure(references[1]))
			}
			gradients := func(g gap) float64 { return g.gradients }
			for _, c := range []struct {
				name    string
				measure func([]gap) float64
			}{
				{"statistics", func(l []gap) float64 { return worst(l, func(g gap) float64 { return g.statistics }) }},
				{"losses", func(l []gap) float64 { return worst(l, func(g gap) float64 { return g.losses }) }},
				{"classifier's gradient", func(l []gap) float64 { return worst(l, func(g gap) float64 { return g.classifier }) }},
				{"gradients of the better steps", func(l []gap) float64 { return second(l, gradients) }},
			} {
				t.Logf("%s: apart %.3g, allowed %.3g", c.name, c.measure(got), most(c.measure))
				assert.LessOrEqual(t, c.measure(got), most(c.measure), c.name)
			}
			t.Logf("gradients of the worst step: apart %.3g, allowed %.3g", worst(got, gradients), worst(far, gradients))
			assert.LessOrEqual(t, worst(got, gradients), worst(far, gradients))
			classifier := func(g gap) float64 { return g.classifier }
			assert.Greater(t, second(far, classifier), worst(references[1], classifier), "many units are more than one")
		})
	}
}

// TestFiveStepsInARow goes as far from the CPU's trajectory as the CPU itself does when it adds in another order.
func TestFiveStepsInARow(t *testing.T) {
	standIn(t, "Ascend910B1")
	for _, width := range []float64{0.75, 1.0, 1.4} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			want := trajectory(t, openCPU, width, nil)
			end := want[stepCount]
			own := max(distance(end, trajectory(t, plainCPU(t), width, nil)[stepCount]),
				distance(end, trajectory(t, openCPU, width, nudged(want[:1], 1))[stepCount]))
			got := trajectory(t, openFake, width, nil)
			t.Logf("the parameters are %.3g apart, allowed are %.3g; they moved by %.3g", distance(end, got[stepCount]), orders*own, distance(end, want[0]))
			assert.LessOrEqual(t, distance(end, got[stepCount]), orders*own)
			assert.Equal(t, got, trajectory(t, openFake, width, nil), "again, to the bit")
		})
	}
}
