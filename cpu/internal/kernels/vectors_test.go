package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatVec(t *testing.T) {
	forSets(t, func(t *testing.T, s *Set, v values, r *rand.Rand) {
		for _, size := range [][2]int{{8, 1}, {16, 2}, {24, 5}, {16, 16}, {320, 1}, {1280, 3}} {
			k, groups := size[0], size[1]
			columns := groups * MatVecColumns
			x, w, start, y := v.slice(r, k), v.slice(r, k*columns), v.slice(r, columns), guarded(columns)
			copy(y, start)
			s.MatVec(&MatVec{X: &x[0], K: k, W: &w[0], Y: &y[0], Groups: groups})
			for j, got := range y {
				var e exact
				e.add(float64(start[j]))
				for i := range x {
					e.add(float64(x[i]), float64(w[(j/MatVecColumns*k+i)*MatVecColumns+j%MatVecColumns]))
				}
				e.require(t, got, linear, "K = %d, output %d of %d", k, j, columns)
			}
			requireGuards(t, y)
		}
	})
}

func TestMean(t *testing.T) {
	forSets(t, func(t *testing.T, s *Set, v values, r *rand.Rand) {
		for count := 1; count <= 50; count++ {
			x, y := v.slice(r, count*Lanes), guarded(Lanes)
			s.Mean(&Mean{X: &x[0], Count: count, Scale: 0.375, Y: &y[0]})
			for l, got := range y {
				var e exact
				for i := range count {
					e.add(float64(x[i*Lanes+l]), 0.375)
				}
				e.require(t, got, linear, "%d pixels, lane %d", count, l)
			}
			requireGuards(t, y)
		}
	})
}

func TestAccumulate(t *testing.T) {
	forSets(t, func(t *testing.T, s *Set, v values, r *rand.Rand) {
		for count := 1; count <= 21; count++ {
			x, y, start := v.slice(r, count*Lanes), guarded(count*Lanes), v.slice(r, count*Lanes)
			copy(y, start)
			s.Accumulate(&Accumulate{X: &x[0], Y: &y[0], Count: count})
			for i, got := range y {
				var e exact
				e.add(float64(x[i]))
				e.add(float64(start[i]))
				e.require(t, got, linear, "%d pixels, number %d", count, i)
			}
			requireGuards(t, y)
		}
	})
}

// TestPixels wants the same bits from every set.
func TestPixels(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range Sets() {
		for channels := 1; channels <= Lanes; channels++ {
			for count := 1; count <= 21; count++ {
				x, y := make([]uint8, (count-1)*channels+Lanes), guarded(count*Lanes)
				for i := range x {
					x[i] = uint8(r.IntN(256))
				}
				a := Pixels{X: &x[0], Channels: channels, Count: count, Y: &y[0]}
				for l := range Lanes {
					a.Std[l], a.Shift[l] = 50+20*r.Float32(), 2*r.Float32()
					if l < channels {
						a.Mask[l] = math.MaxUint32
					}
				}
				s.Pixels(&a)
				for i := range y {
					l, want := i%Lanes, float32(0)
					if l < channels {
						quotient := float32(x[i/Lanes*channels+l]) / a.Std[l]
						want = quotient - a.Shift[l]
					}
					require.Equal(t, want, y[i], "%s: %d channels, pixel %d of %d, lane %d", s.Name, channels, i/Lanes, count, l)
				}
				requireGuards(t, y)
			}
		}
	}
}

func BenchmarkPixels(b *testing.B) {
	x, y := make([]uint8, 224*224*3+Lanes), make([]float32, 224*224*Lanes)
	for _, s := range Sets() {
		b.Run(s.Name, func(b *testing.B) {
			a := Pixels{X: &x[0], Channels: 3, Count: 224 * 224, Y: &y[0]}
			for l := range 3 {
				a.Std[l], a.Mask[l] = 60, math.MaxUint32
			}
			for b.Loop() {
				s.Pixels(&a)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	for _, s := range Sets() {
		for vectors := 1; vectors <= s.Widest(); vectors++ {
			for rows := 0; rows <= 300; rows++ {
				full, c := s.TileRows[vectors], s.Split(vectors, rows)
				require.Equal(t, rows, c.Total)
				require.Equal(t, rows, c.Full*full+c.Less*(full-1)+c.Tail)
				require.Less(t, c.Tail, full-1)
				if rows >= (full-1)*(full-2) {
					require.Zero(t, c.Tail, "%d rows in tiles of %d", rows, full)
				}
			}
		}
	}
}

func TestBest(t *testing.T) {
	choose := func(name string) (*Set, error) { return Best(func(string) string { return name }) }
	for _, s := range Sets() {
		got, err := choose(s.Name)
		require.NoError(t, err)
		require.Equal(t, s.Name, got.Name)
	}
	for _, name := range []string{"", "auto"} {
		got, err := choose(name)
		require.NoError(t, err)
		require.Equal(t, Sets()[0].Name, got.Name)
	}
	_, err := choose("mmx")
	require.ErrorContains(t, err, `MNV2_CPU="mmx"`)
	require.ErrorContains(t, err, "generic")
}

func TestProbesReturn(t *testing.T) {
	Pause(1)
	Pause(3)
	require.Equal(t, len(Sets()) > 1, Peak(1))
}
