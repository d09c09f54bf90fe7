package netplan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"mnv2/cpu/internal/kernels"
	"mnv2/cpu/internal/pages"
	"mnv2/internal/shareddata"
)

// setup is a prepared plan with its memory.
type setup struct {
	net                    Net
	plan                   *Plan
	params                 *Params
	planes                 [][]float32
	x, y, weights, scratch []float32
}

func newSetup(t testing.TB, net Net, set *kernels.Set, threads int) *setup {
	t.Helper()
	pool := NewPool(threads)
	t.Cleanup(pool.Close)
	plan, err := New(net, set, pool)
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(11, 12))
	s := &setup{net: net, plan: plan, params: randomParams(net, r)}
	s.planes, s.x = randomImages(net, r)
	s.y = junk(plan.OutputFloats())
	s.weights, s.scratch = junk(plan.WeightFloats()), junk(plan.ScratchFloats())
	require.NoError(t, plan.Prepare(s.params, s.weights))
	return s
}

// junk is memory in which a number that nobody wrote shows.
func junk(n int) []float32 {
	list := make([]float32, n)
	if n > 0 {
		pages.PreferHuge(unsafe.Slice((*byte)(unsafe.Pointer(&list[0])), 4*n))
	}
	for i := range list {
		list[i] = float32(math.NaN())
	}
	return list
}

func (s *setup) run(t testing.TB) { require.NoError(t, s.plan.Run(s.x, s.y, s.weights, s.scratch)) }

// logits returns those of image n, and checks what lies after them.
func (s *setup) logits(t *testing.T, n int) []float32 {
	outputs := len(s.y) / s.net.N
	y := s.y[n*outputs : (n+1)*outputs]
	for _, v := range y[s.net.Classes:] {
		require.Zero(t, v, "a lane after the last class")
	}
	return y[:s.net.Classes]
}

// distance is the relative error of got in the Euclidean norm.
func distance[T float](got []T, want []float64) float64 {
	var d, size float64
	for i := range want {
		d += (float64(got[i]) - want[i]) * (float64(got[i]) - want[i])
		size += want[i] * want[i]
	}
	return math.Sqrt(d / size)
}

// requireLikeReference holds every image to the network in float64. The plan may be as far off as plain loops in float32
// are, which round as often, times four because a few logits are a small sample; and 32 units in the last place, because
// plain loops may be right by luck.
func (s *setup) requireLikeReference(t *testing.T) {
	for n := range s.planes {
		want, allowed := s.expected(n)
		require.Less(t, allowed, 1e-4, "the reference is too inexact for this test")
		require.LessOrEqual(t, distance(s.logits(t, n), want), allowed, "image %d: first logit %g, want %g", n, s.logits(t, n)[0], want[0])
	}
}

// expectation is what the reference says of an image.
type expectation struct {
	logits  []float64
	allowed float64
}

var expectations = map[string]expectation{} // by net and image, since setups of one net have the same numbers

func (s *setup) expected(n int) (want []float64, allowed float64) {
	key := fmt.Sprint(s.net, n)
	e, known := expectations[key]
	if !known {
		e.logits = reference[float64](s.net, s.params, s.planes[n])
		e.allowed = max(32*0x1p-24, 4*distance(reference[float32](s.net, s.params, s.planes[n]), e.logits))
		expectations[key] = e
	}
	return e.logits, e.allowed
}

func TestPlan(t *testing.T) {
	nets := map[string]Net{
		"32 px":           mobileNet(1, 32, 32, 1, 10),
		"33x47":           mobileNet(1, 33, 47, 0.35, 7),
		"2 images":        mobileNet(2, 40, 40, 0.5, 11),
		"5 images":        mobileNet(5, 32, 32, 0.75, 3),
		"48 px wide":      mobileNet(1, 48, 48, 1.4, 100),
		"80 px":           mobileNet(1, 80, 80, 0.75, 65),
		"1 class":         mobileNet(1, 35, 32, 0.35, 1),
		"tall":            mobileNet(1, 150, 32, 0.35, 64),
		"broad":           mobileNet(1, 32, 203, 0.5, 8),
		"one channel":     {N: 1, H: 32, W: 32, C: 1, Stem: 24, Blocks: []Block{{E: 24, K: 40, Stride: 2}, {E: 48, K: 40, Stride: 1, Residual: true}}, Last: 56, Classes: 5},
		"four channels":   {N: 3, H: 21, W: 20, C: 4, Stem: 8, Blocks: []Block{{E: 8, K: 8, Stride: 1}}, Last: 8, Classes: 5},
		"least":           {N: 1, H: 3, W: 3, C: 3, Stem: 8, Blocks: []Block{{E: 8, K: 8, Stride: 2}}, Last: 8, Classes: 2},
		"odd panel stems": {N: 1, H: 67, W: 61, C: 3, Stem: 40, Blocks: []Block{{E: 40, K: 24, Stride: 1}, {E: 144, K: 32, Stride: 2}}, Last: 64, Classes: 9},
	}
	for name, net := range nets {
		for _, set := range kernels.Sets() {
			for _, threads := range []int{1, 2, 3} {
				if raceDetector && threads == 2 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%d threads", name, set.Name, threads), func(t *testing.T) {
					s := newSetup(t, net, set, threads)
					s.run(t)
					s.requireLikeReference(t)
				})
			}
		}
	}
}

func TestPlan224(t *testing.T) {
	if raceDetector && !shareddata.Required("slow") {
		t.Skip("slow under the race detector: MNV2_REQUIRE=slow runs it")
	}
	s := newSetup(t, mobileNet(1, 224, 224, 1, 1000), kernels.Sets()[0], 2)
	s.run(t)
	s.requireLikeReference(t)
}

// TestSameBits: the number of threads does not change a logit, whether they share an image or not.
func TestSameBits(t *testing.T) {
	for _, set := range kernels.Sets() {
		for _, net := range []Net{mobileNet(1, 102, 90, 0.35, 20), mobileNet(3, 64, 50, 0.5, 20)} {
			first := newSetup(t, net, set, 1)
			first.run(t)
			for _, threads := range []int{2, 3, 4, 5, 9, 30} {
				other := newSetup(t, net, set, threads)
				for range 3 {
					clear(other.y)
					other.run(t)
					require.Equal(t, first.y, other.y, "%d images, %s, %d threads", net.N, set.Name, threads)
				}
			}
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, n := range []int{1, 4} {
		s := newSetup(t, mobileNet(n, 64, 64, 0.5, 10), kernels.Sets()[0], 2)
		require.Zero(t, testing.AllocsPerRun(20, func() { s.run(t) }), "%d images", n)
	}
}

func TestNewRefuses(t *testing.T) {
	pool := NewPool(1)
	defer pool.Close()
	good := mobileNet(1, 32, 32, 0.35, 10)
	for _, c := range []struct {
		text   string
		change func(n *Net)
	}{
		{"0 images", func(n *Net) { n.N = 0 }},
		{"2x32", func(n *Net) { n.H = 2 }},
		{"9 input channels", func(n *Net) { n.C = 9 }},
		{"first block", func(n *Net) { n.Blocks = nil }},
		{"first block", func(n *Net) { n.Stem = 32 }},
		{"0 classes", func(n *Net) { n.Classes = 0 }},
		{"block 1: stride 3", func(n *Net) { n.Blocks[1].Stride = 3 }},
		{"block 1: residual", func(n *Net) { n.Blocks[1].Residual = true }},
		{"block 0: residual", func(n *Net) { n.Blocks[0].Residual = true }},
		{"12 channels", func(n *Net) { n.Last = 12 }},
		{"4 channels", func(n *Net) { n.Blocks[3].K = 4; n.Blocks[4].Residual = false }},
	} {
		net := good
		net.Blocks = slices.Clone(good.Blocks)
		c.change(&net)
		_, err := New(net, kernels.Generic(), pool)
		require.ErrorContains(t, err, c.text)
		require.ErrorContains(t, err, "netplan: ")
	}
}

func TestPrepareAndRunRefuse(t *testing.T) {
	s := newSetup(t, mobileNet(1, 32, 32, 0.35, 10), kernels.Generic(), 1)
	prepare := func(text string, change func(p *Params)) {
		p := *s.params
		p.Convs = slices.Clone(p.Convs)
		change(&p)
		require.ErrorContains(t, s.plan.Prepare(&p, s.weights), text)
	}
	prepare("51 convolutions: want 52", func(p *Params) { p.Convs = p.Convs[1:] })
	prepare("convolution 3: ", func(p *Params) { p.Convs[3].W = p.Convs[3].W[1:] })
	prepare("convolution 51: batch norm of", func(p *Params) { p.Convs[51].Var = nil })
	prepare("classifier", func(p *Params) { p.DenseB = nil })
	require.ErrorContains(t, s.plan.Prepare(s.params, s.weights[1:]), "packed weights")
	require.ErrorContains(t, s.plan.Run(s.x[1:], s.y, s.weights, s.scratch), "images")
	require.ErrorContains(t, s.plan.Run(s.x, s.y[1:], s.weights, s.scratch), "logits")
	require.ErrorContains(t, s.plan.Run(s.x, s.y, s.weights[1:], s.scratch), "packed weights")
	require.ErrorContains(t, s.plan.Run(s.x, s.y, s.weights, s.scratch[1:]), "scratch")
}
