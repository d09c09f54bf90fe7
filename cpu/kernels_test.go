package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachKernelSet runs a test for every set that this machine has.
func eachKernelSet(t *testing.T, f func(t *testing.T, k *kernels)) {
	for _, set := range kernelSets {
		t.Run(set.name, func(t *testing.T) { f(t, set) })
	}
}

func randomVecs(rng *rand.Rand, n int) []vec {
	v := make([]vec, n)
	for i := range v {
		for l := range v[i] {
			v[i][l] = rng.Float32() - 0.5
		}
	}
	return v
}

func randomPanels(rng *rand.Rand, n int) []panel {
	p := make([]panel, n)
	for i := range p {
		for j := range p[i] {
			p[i][j] = rng.Float32() - 0.5
		}
	}
	return p
}

func TestPointwiseKernel(t *testing.T) {
	eachKernelSet(t, func(t *testing.T, k *kernels) {
		rng := rand.New(rand.NewPCG(1, 1))
		for _, c := range []struct{ n, blocks, xStep, xBlock, yStep int }{
			{1, 1, 1, 1, 1}, {7, 3, 1, 7, 1}, {64, 2, 1, 70, 2}, {9, 5, 5, 1, 3}, {8, 1, 1, 8, 1}} {
			t.Run(fmt.Sprint(c), func(t *testing.T) {
				x := randomVecs(rng, (c.n-1)*c.xStep+(c.blocks-1)*c.xBlock+1)
				y := randomVecs(rng, (c.n-1)*c.yStep+1)
				w, init := randomPanels(rng, c.blocks), randomVecs(rng, 1)[0]
				before := append([]vec(nil), y...)
				k.pointwise(y, c.yStep, x, c.xStep, c.xBlock, w, &init, c.n)
				for i := range y {
					if i%c.yStep != 0 {
						require.Equal(t, before[i], y[i], "pixel %d lies between", i)
						continue
					}
					for l := range lanes {
						want := float64(init[l])
						for b := range c.blocks {
							for j, v := range x[b*c.xBlock+i/c.yStep*c.xStep] {
								want += float64(v) * float64(w[b][j*lanes+l])
							}
						}
						require.InDelta(t, want, y[i][l], 1e-5)
					}
				}
			})
		}
	})
}

func TestOuterKernel(t *testing.T) {
	eachKernelSet(t, func(t *testing.T, k *kernels) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, n := range []int{0, 1, 7, 8, 9, 50} {
			for _, step := range []int{1, 3} {
				t.Run(fmt.Sprintf("n=%d step=%d", n, step), func(t *testing.T) {
					a, b := randomVecs(rng, n*step), randomVecs(rng, n*2*step)
					acc := randomPanels(rng, 1)[0]
					start := acc
					k.outer(&acc, a, step, b, 2*step-1, n)
					for i := range acc {
						want := float64(start[i])
						for p := range n {
							want += float64(a[p*step][i/lanes]) * float64(b[p*(2*step-1)][i%lanes])
						}
						require.InDelta(t, want, acc[i], 1e-5)
					}
				})
			}
		}
	})
}

func TestDepthwiseKernels(t *testing.T) {
	eachKernelSet(t, func(t *testing.T, k *kernels) {
		rng := rand.New(rand.NewPCG(1, 3))
		for _, n := range []int{0, 1, 2, 13} {
			for step := 1; step <= 3; step++ {
				t.Run(fmt.Sprintf("n=%d step=%d", n, step), func(t *testing.T) {
					testTaps(t, k, rng, n, step)
					testDotAndSpread(t, k, rng, n, step)
				})
			}
		}
	})
}

func testTaps(t *testing.T, k *kernels, rng *rand.Rand, n, step int) {
	rows := [3][]vec{}
	for r := range rows {
		rows[r] = randomVecs(rng, n*step+3)
	}
	w, y := [9]vec(randomVecs(rng, 9)), randomVecs(rng, n)
	k.taps3x3(y, rows[0], rows[1], rows[2], step, &w)
	for q := range y {
		for l := range lanes {
			want := 0.0
			for tap := range 9 {
				want += float64(rows[tap/3][q*step+tap%3][l]) * float64(w[tap][l])
			}
			require.InDelta(t, want, y[q][l], 1e-6)
		}
	}
}

func testDotAndSpread(t *testing.T, k *kernels, rng *rand.Rand, n, step int) {
	a, b := randomVecs(rng, n), randomVecs(rng, n*step)
	dot, w := randomVecs(rng, 1)[0], randomVecs(rng, 1)[0]
	start, spread := dot, append([]vec(nil), b...)
	k.dot(&dot, a, b, step)
	k.spread(spread, step, a, &w)
	for l := range lanes {
		want := float64(start[l])
		for i := range a {
			want += float64(a[i][l]) * float64(b[i*step][l])
		}
		require.InDelta(t, want, dot[l], 1e-5)
		for i := range spread {
			want := float64(b[i][l])
			if i%step == 0 {
				want += float64(a[i/step][l]) * float64(w[l])
			}
			require.InDelta(t, want, spread[i][l], 1e-6)
		}
	}
}

// TestInside holds the arithmetic to a search, for every small filter.
func TestInside(t *testing.T) {
	for stride := 1; stride <= 3; stride++ {
		for pad := range 4 {
			for in := 1; in <= 6; in++ {
				for out := range 7 {
					for tap := range 6 {
						from, to := inside(tap, pad, stride, in, out)
						for p := range out {
							x := p*stride + tap - pad
							require.Equal(t, x >= 0 && x < in, p >= from && p < to, "stride %d pad %d in %d out %d tap %d p %d",
								stride, pad, in, out, tap, p)
						}
					}
				}
			}
		}
	}
}
