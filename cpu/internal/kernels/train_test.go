package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// twins runs f for the set in assembly and the plain Go one, if this machine has the former, and compares what they return.
// f must make the same inputs from the same random numbers. Sums may differ by rounding, relative to terms of size 1.
func twins(t *testing.T, tolerance float64, f func(k *Train, r *rand.Rand) []float32) {
	t.Helper()
	for _, s := range native() {
		for seed := range uint64(3) {
			got := f(s.Train(), rand.New(rand.NewPCG(seed, 1)))
			want := f(genericTrain(), rand.New(rand.NewPCG(seed, 1)))
			require.Len(t, got, len(want))
			for i := range want {
				require.InDelta(t, want[i], got[i], tolerance, "%s seed %d: number %d", s.Name, seed, i)
			}
		}
	}
}

func normal(r *rand.Rand, n int) []float32 { return allValues[0].slice(r, n) }

// narrowed returns float64 sums, rounded, after what was guarded around them was found untouched.
func narrowed(list []float64) []float32 {
	short := make([]float32, len(list))
	for i, v := range list {
		short[i] = float32(v)
	}
	return short
}

func TestTrainPointwise(t *testing.T) {
	for _, s := range native() {
		for vectors := 1; vectors <= 3; vectors++ {
			for _, rows := range []int{1, 5, 16, 64} {
				t.Run(fmt.Sprintf("%s/%dx%d", s.Name, rows, vectors*Lanes), func(t *testing.T) {
					got, want := trainPointwise(t, s, s.Train(), vectors, rows), trainPointwise(t, s, genericTrain(), vectors, rows)
					require.InDeltaSlice(t, want, got, 1e-4)
				})
			}
		}
	}
}

// trainPointwise runs the 1x1 convolution of k, on rows cut as those of s, in place of the numbers that it adds to.
func trainPointwise(t *testing.T, s *Set, k *Train, vectors, rows int) []float32 {
	r := rand.New(rand.NewPCG(1, 1))
	x, w, bias := normal(r, 3*rows*Lanes), normal(r, 24*vectors*Lanes), normal(r, vectors*Lanes)
	y := guarded(vectors * rows * Lanes)
	copy(y, normal(r, len(y)))
	k.Pointwise[vectors](&Pointwise{X: &x[0], XBlock: rows * vecBytes, Blocks: 3, W: &w[0], Bias: &bias[0], Y: &y[0],
		YBlock: rows * vecBytes, Add: &y[0], Rows: s.Split(vectors, rows), Clamp: relu6})
	requireGuards(t, y)
	return y
}

func TestOuter(t *testing.T) {
	for vectors := 1; vectors <= 6; vectors++ {
		for _, c := range []struct{ images, pixels, step int }{{1, 1, 1}, {3, 4, 1}, {2, 9, 2}, {1, 130, 3}} {
			t.Run(fmt.Sprint(vectors, c), func(t *testing.T) {
				twins(t, 1e-3, func(k *Train, r *rand.Rand) []float32 {
					plane := c.pixels * c.step
					dy, x := normal(r, c.images*plane*Lanes), normal(r, (c.images*plane*vectors)*Lanes)
					sum := make([]float64, Lanes*(vectors*Lanes+1))
					sum[3] = 7
					f := k.Outer[vectors]
					if f == nil {
						f = outer(vectors) // the set has no such form; plain Go has all
					}
					f(&Outer{DY: &dy[0], X: &x[0], XBlock: plane * vecBytes, Images: c.images, Pixels: c.pixels,
						DYImage: plane * vecBytes, DYPixel: c.step * vecBytes, XImage: vectors * plane * vecBytes,
						XPixel: c.step * vecBytes, Sum: &sum[0], SumRow: 8 * (vectors*Lanes + 1)})
					return narrowed(sum)
				})
			})
		}
	}
}

// TestOuterTo holds the form that writes its sums to the one that adds them to zero.
func TestOuterTo(t *testing.T) {
	for _, s := range append(native(), Generic()) {
		for vectors, f := range s.Train().Outer {
			if f == nil {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", s.Name, vectors), func(t *testing.T) {
				r, row := rand.New(rand.NewPCG(1, 2)), vectors*Lanes+3
				dy, x := normal(r, 17*Lanes), normal(r, 17*vectors*Lanes)
				sum, to := make([]float64, Lanes*vectors*Lanes), guarded(Lanes*row)
				a := Outer{DY: &dy[0], X: &x[0], XBlock: 17 * vecBytes, Images: 1, Pixels: 17, DYPixel: vecBytes, XPixel: vecBytes,
					Sum: &sum[0], SumRow: 8 * vectors * Lanes}
				f(&a)
				before := append([]float32(nil), to...)
				a.Sum, a.To, a.ToRow = nil, &to[0], 4*row
				f(&a)
				requireGuards(t, to)
				for i, got := range to {
					k, c := i/row, i%row
					if c >= vectors*Lanes {
						require.Equal(t, before[i], got, "number %d of row %d is not part of the sum", c, k)
						continue
					}
					require.Equal(t, float32(sum[k*vectors*Lanes+c]), got)
				}
			})
		}
	}
}

func TestCopy(t *testing.T) {
	for _, rows := range []int{1, 2, 9} {
		for vectors := 1; vectors <= 3; vectors++ {
			for _, sum := range []bool{false, true} {
				twins(t, 0, func(k *Train, r *rand.Rand) []float32 {
					from, plus, to := normal(r, rows*40), normal(r, rows*48), guarded(rows*32)
					a := Copy{From: &from[0], FromRow: 4 * 40, To: &to[0], ToRow: 4 * 32, Rows: rows, Vectors: vectors}
					if sum {
						a.Add, a.AddRow = &plus[0], 4*48
					}
					k.Copy(&a)
					requireGuards(t, to)
					for i := range rows {
						for j := range vectors * Lanes {
							want := from[i*40+j]
							if sum {
								want += plus[i*48+j]
							}
							require.Equal(t, want, to[i*32+j])
						}
					}
					return to
				})
			}
		}
	}
}

func TestTranspose(t *testing.T) {
	twins(t, 0, func(k *Train, r *rand.Rand) []float32 {
		from, to := normal(r, 8*30), guarded(24*17)
		k.Transpose(&Transpose{From: &from[0], FromRow: 4 * 30, To: &to[0], ToRow: 4 * 17, Blocks: 3})
		requireGuards(t, to)
		return to
	})
}

func TestAddUp(t *testing.T) {
	for groups := 1; groups <= 4; groups++ {
		twins(t, 0, func(k *Train, r *rand.Rand) []float32 {
			from, to := make([]float64, 4*30), guarded(16)
			for i := range from {
				from[i] = r.NormFloat64()
			}
			k.AddUp(&AddUp{From: &from[0], Group: 8 * 30, Groups: groups, To: &to[0], Count: 2})
			requireGuards(t, to)
			return to
		})
	}
}

func TestDepthwiseGradWeight(t *testing.T) {
	for stride := 1; stride <= 2; stride++ {
		for width := 1; width <= 9; width++ {
			t.Run(fmt.Sprintf("stride %d width %d", stride, width), func(t *testing.T) {
				twins(t, 1e-4, func(k *Train, r *rand.Rand) []float32 {
					out := (width-1)/stride + 1
					x, dy, zero := normal(r, 2*4*width*Lanes), normal(r, 2*2*out*Lanes), make([]float32, width*Lanes)
					row := width * vecBytes
					table, sum := []int{-1, 0, row, row, 2 * row, 3 * row}, make([]float64, 9*Lanes)
					k.DepthwiseGradWeight[stride](&DepthwiseGradWeight{X: &x[0], Zero: &zero[0], Rows: &table[0], Count: 2, DY: &dy[0],
						Images: 2, XImage: 4 * row, DYImage: 2 * out * vecBytes, Taps: DepthwiseTaps(stride, width), Sum: &sum[0]})
					return narrowed(sum)
				})
			})
		}
	}
}

func TestStemGradWeight(t *testing.T) {
	for width := 1; width <= 9; width++ {
		twins(t, 1e-4, func(k *Train, r *rand.Rand) []float32 {
			out := (width + 1) / 2
			x, dy, sum := normal(r, 2*2*width*Lanes), normal(r, 2*out*Lanes), make([]float64, 9*Lanes)
			k.StemGradWeight(&StemGradWeight{X: &x[0], XRow: 2 * width * vecBytes, DY: &dy[0], Count: 2,
				Taps: DepthwiseTaps(2, width), Sum: &sum[0]})
			return narrowed(sum)
		})
	}
}

// TestDepthwiseGradInput holds both sets to the definition of the gradient.
func TestDepthwiseGradInput(t *testing.T) {
	for _, s := range Sets() {
		for width := 1; width <= 8; width++ {
			t.Run(fmt.Sprintf("%s width %d", s.Name, width), func(t *testing.T) {
				const pairs = 2
				r, out := rand.New(rand.NewPCG(1, 2)), (width+1)/2
				dy, w := normal(r, (pairs+1)*out*Lanes), normal(r, 9*Lanes)
				dx := guarded(2 * pairs * width * Lanes)
				s.Train().DepthwiseGradInput(&DepthwiseGradInput{DY: &dy[0], Next: &dy[out*Lanes], DYRow: out * vecBytes, DX: &dx[0],
					Odd: &dx[width*Lanes], DXRow: 2 * width * vecBytes, Count: pairs, W: &w[0], Middle: out - 1, Even: 1 - width%2})
				requireGuards(t, dx)
				for i := range dx {
					h, c, l := i/Lanes/width, i/Lanes%width, i%Lanes
					var want exact
					for p := range pairs + 1 {
						for q := range out {
							if rr, ss := h-2*p+1, c-2*q+1; rr >= 0 && rr < 3 && ss >= 0 && ss < 3 {
								want.add(float64(dy[(p*out+q)*Lanes+l]), float64(w[(3*rr+ss)*Lanes+l]))
							}
						}
					}
					want.require(t, dx[i], linear, "row %d column %d lane %d", h, c, l)
				}
			})
		}
	}
}

func TestMoments(t *testing.T) {
	for _, pixels := range []int{1, 3, 4, 9, 64} {
		twins(t, 1e-2, func(k *Train, r *rand.Rand) []float32 {
			x, sums, pivot := normal(r, 2*(pixels+1)*Lanes), make([]float64, 2*Lanes), make([]float64, Lanes)
			for i := range x {
				x[i] += 3000
			}
			for l := range pivot {
				pivot[l] = float64(x[l])
			}
			k.Moments(&Moments{X: &x[0], Images: 2, Pixels: pixels, XImage: (pixels + 1) * vecBytes, Count: float64(2 * pixels),
				Inverse: 1 / float64(2*pixels), Pivot: &pivot[0], Sums: &sums[0]})
			return narrowed(sums)
		})
	}
}

func randomCoeffs(r *rand.Rand) *NormCoeffs {
	c := &NormCoeffs{}
	for _, v := range []*vec{&c.Mean, &c.Scale, &c.Shift, &c.Offset, &c.Slope} {
		*v = vec(normal(r, Lanes))
	}
	return c
}

func TestGradSums(t *testing.T) {
	for masked := range 2 {
		for _, pixels := range []int{1, 2, 7, 64} {
			twins(t, 1e-4, func(k *Train, r *rand.Rand) []float32 {
				x, dy, sums := normal(r, 2*pixels*Lanes), normal(r, 2*pixels*Lanes), make([]float64, 2*Lanes)
				k.GradSums[masked](&GradSums{X: &x[0], DY: &dy[0], Images: 2, Pixels: pixels, XImage: pixels * vecBytes,
					DYImage: pixels * vecBytes, Coeffs: randomCoeffs(r), Clamp: Clamp{0, 1}, Sums: &sums[0]})
				return narrowed(sums)
			})
		}
	}
}

func TestNormalize(t *testing.T) {
	for _, pixels := range []int{1, 2, 7, 64} {
		twins(t, 1e-5, func(k *Train, r *rand.Rand) []float32 {
			x, y := normal(r, 2*pixels*Lanes), guarded(2*pixels*Lanes)
			k.Normalize(&Normalize{X: &x[0], Y: &y[0], Images: 2, Pixels: pixels, Image: pixels * vecBytes, Coeffs: randomCoeffs(r), Clamp: relu6})
			requireGuards(t, y)
			return y
		})
		for masked := range 2 {
			twins(t, 1e-5, func(k *Train, r *rand.Rand) []float32 {
				x, dy, dx := normal(r, 2*pixels*Lanes), normal(r, 2*pixels*Lanes), guarded(2*pixels*Lanes)
				k.NormalizeGrad[masked](&NormalizeGrad{X: &x[0], DY: &dy[0], DX: &dx[0], Images: 2, Pixels: pixels,
					Image: pixels * vecBytes, Coeffs: randomCoeffs(r), Clamp: Clamp{0, 1}})
				requireGuards(t, dx)
				return dx
			})
		}
	}
}

func TestElements(t *testing.T) {
	for name, pick := range map[string]func(k *Train) func(*Elements){
		"clamp": func(k *Train) func(*Elements) { return k.Clamp },
		"mask":  func(k *Train) func(*Elements) { return k.Mask },
		"blend": func(k *Train) func(*Elements) { return k.Blend },
		"scale": func(k *Train) func(*Elements) { return k.Scale },
	} {
		for _, v := range allValues {
			t.Run(name+" "+v.name, func(t *testing.T) {
				for _, s := range native() {
					run := func(k *Train) []float32 {
						r := rand.New(rand.NewPCG(4, 5))
						y, z := guarded(7*Lanes), guarded(7*Lanes)
						x := v.slice(r, len(y))
						copy(y, v.slice(r, len(y)))
						pick(k)(&Elements{X: &x[0], Y: &y[0], Z: &z[0], Count: 7, A: 0, B: 2})
						requireGuards(t, y)
						requireGuards(t, z)
						return append(append([]float32(nil), y...), z...)
					}
					got, want := run(s.Train()), run(genericTrain())
					require.InDeltaSlice(t, want, got, 1e-6, "set %s", s.Name)
				}
			})
		}
	}
}

func TestMomentum(t *testing.T) {
	for rule := range 2 {
		twins(t, 1e-6, func(k *Train, r *rand.Rand) []float32 {
			dw, w, v := normal(r, 5*Lanes), guarded(5*Lanes), guarded(5*Lanes)
			copy(w, normal(r, len(w)))
			copy(v, normal(r, len(v)))
			k.Momentum[rule](&Momentum{DW: &dw[0], W: &w[0], V: &v[0], Count: 5, Rate: 0.1, Decay: 0.01, Momentum: 0.9, Scale: 0.5})
			requireGuards(t, w)
			requireGuards(t, v)
			return append(append([]float32(nil), w...), v...)
		})
	}
}
