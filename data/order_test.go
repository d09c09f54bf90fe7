package data

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSplitmix holds the mixing function to the first outputs of SplitMix64 from state 0, as published with the algorithm.
func TestSplitmix(t *testing.T) {
	const golden = 0x9e3779b97f4a7c15
	s := uint64(0)
	for _, want := range []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f, 0xf88bb8a8724c81ec} {
		require.Equal(t, want, splitmix(s))
		s += golden
	}
}

// TestOrderIsFixed keeps the meaning of a seed: these numbers may not change between versions or machines. They
// were computed by another program from the definitions in order.go.
func TestOrderIsFixed(t *testing.T) {
	assert.Equal(t, []int{1, 0, 9, 6, 2, 7, 5, 4, 8, 3}, Permutation(10, 42, 0, true))
	assert.Equal(t, []int{0, 8, 5, 2, 4, 9, 7, 6, 3, 1}, Permutation(10, 42, 1, true))
	assert.Equal(t, []int{5, 9, 7, 0, 1, 3, 2, 6, 8, 4}, Permutation(10, 43, 0, true))
	assert.Equal(t, uint64(0x39c819c5a3988158), SampleRand(42, 3, 7).Uint64())
	sub, err := NewSubset(newFake(20), 5, 42, true)
	require.NoError(t, err)
	assert.Equal(t, []int{4, 7, 13, 17, 18}, sub.indices)
}

func TestPermutation(t *testing.T) {
	require.Equal(t, []int{0, 1, 2, 3}, Permutation(4, 1, 1, false))
	require.Empty(t, Permutation(0, 1, 1, true))
	for n := 1; n < 40; n++ {
		p := Permutation(n, 9, n, true)
		require.Equal(t, Permutation(n, 9, n, true), p)
		slices.Sort(p)
		require.Equal(t, Permutation(n, 0, 0, false), p)
	}
}

// TestPermutationIsFair counts where each element lands over many epochs: chi-squared with 7*7 degrees of freedom.
func TestPermutationIsFair(t *testing.T) {
	const n, epochs = 8, 8000
	var count [n][n]float64
	for e := range epochs {
		for place, element := range Permutation(n, 42, e, true) {
			count[place][element]++
		}
	}
	chi := 0.0
	for _, row := range count {
		for _, c := range row {
			d := c - epochs/n
			chi += d * d / (epochs / n)
		}
	}
	require.Less(t, chi, 95.0, "99.99 %% of fair shuffles stay below")
	require.Greater(t, chi, 17.0)
}

func TestSampleRandIsReseed(t *testing.T) {
	var src rand.PCG
	seen := map[uint64]bool{}
	for epoch := range 5 {
		for index := range 50 {
			reseed(&src, 42, epoch, index, 0)
			v := src.Uint64()
			require.Equal(t, SampleRand(42, epoch, index).Uint64(), v)
			require.False(t, seen[v])
			seen[v] = true
			reseed(&src, 42, epoch, index, 1)
			v = src.Uint64()
			require.False(t, seen[v], "a repeat has its own numbers")
			seen[v] = true
		}
	}
}

// TestShardsCoverTheOrder checks that a step covers the same samples for every number of ranks at equal global batch.
func TestShardsCoverTheOrder(t *testing.T) {
	const global, steps = 12, 5
	for _, world := range []int{1, 2, 3, 4, 6, 12} {
		for step := range steps {
			var places []int
			for rank := range world {
				s := Shard{rank, world}
				for k := range global / world {
					places = append(places, s.Position(step, global/world, k))
				}
			}
			slices.Sort(places)
			for i, p := range places {
				require.Equal(t, step*global+i, p, "world %d", world)
			}
		}
	}
	require.Equal(t, 4, Shard{0, 3}.PerRank(10))
	require.Equal(t, 3, Shard{2, 3}.PerRank(9))
}

func TestSubset(t *testing.T) {
	whole := newFake(20)
	first, err := NewSubset(whole, 3, 42, false)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2}, first.indices)

	some, err := NewSubset(whole, 5, 1, true)
	require.NoError(t, err)
	require.True(t, slices.IsSorted(some.indices))
	require.Equal(t, 5, some.Len())
	require.Equal(t, whole.Classes(), some.Classes())
	for i, at := range some.indices {
		require.Equal(t, whole.Label(at), some.Label(i))
		require.Equal(t, whole.Name(at), some.Name(i))
		img, err := some.Load(i)
		require.NoError(t, err)
		want, err := whole.Load(at)
		require.NoError(t, err)
		require.Equal(t, want, img)
	}
	for _, n := range []int{0, -1, 21} {
		_, err := NewSubset(whole, n, 1, true)
		require.ErrorContains(t, err, "want 1 to 20")
	}
}
