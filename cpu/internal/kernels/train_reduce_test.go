package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLargest puts the largest magnitude of a lane, of every kind, at every place.
func TestLargest(t *testing.T) {
	for _, s := range Sets() {
		k := s.Train()
		for _, v := range []float32{2, -3, math.MaxFloat32, -math.MaxFloat32, 0x1p-140, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())} {
			for _, count := range []int{1, 3, 4, 9} {
				for at := range count * Lanes {
					x := make([]float32, count*Lanes)
					x[at] = v
					bits := [Lanes]uint32{5: 7} // what was there before does not count
					k.Largest(&Largest{X: &x[0], Count: count, Bits: &bits[0]})
					want := [Lanes]uint32{}
					want[at%Lanes] = math.Float32bits(v) & math.MaxInt32
					require.Equal(t, want, bits, "%s: %v at %d of %d eights", s.Name, v, at, count)
					require.Equal(t, !(math.Abs(float64(v)) <= math.MaxFloat32), bits[at%Lanes] >= InfinityBits)
				}
			}
		}
	}
}

func TestSumSquares(t *testing.T) {
	for _, s := range Sets() {
		for count := 1; count <= 9; count++ {
			x, sums := normal(rand.New(rand.NewPCG(6, 7)), count*Lanes), [Lanes]float64{2: 0.5}
			want := sums
			for i, v := range x {
				want[i%Lanes] += float64(v) * float64(v)
			}
			s.Train().SumSquares(&SumSquares{X: &x[0], Count: count, Sums: &sums[0]})
			require.Equal(t, want, sums, "%s, %d eights", s.Name, count)
		}
	}
}
