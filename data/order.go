package data

import (
	"math/bits"
	"math/rand/v2"
)

// Random numbers come from PCG (math/rand/v2), one stream per purpose, so that no draw depends on how many others were made
// before it. The 128-bit state of a stream is the pair (h, splitmix(^h)) with
//
//	h = splitmix(splitmix(splitmix(splitmix(purpose) ^ seed) ^ epoch) ^ index)
//
// and splitmix the output function of SplitMix64 (Steele, Lea, Flood 2014) at z + 0x9e3779b97f4a7c15.

// The purposes of streams. They are part of the meaning of a seed: never renumber them.
const (
	streamOrder  = 1 // the order of an epoch; index 0
	streamSample = 2 // the augmentation of one sample in one epoch
	streamSubset = 3 // the choice of a Subset; epoch and index 0
	streamMix    = 4 // mixing: of a step's batch, or of the pair whose first picture has a place in the global order
)

// state is the start of a stream.
type state struct{ hi, lo uint64 }

func stream(purpose, seed, epoch, index uint64) state {
	h := splitmix(splitmix(splitmix(splitmix(purpose)^seed)^epoch) ^ index)
	return state{h, splitmix(^h)}
}

func splitmix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Permutation returns the order in which epoch visits n samples: 0 to n-1 shuffled, or as they are if shuffle is false. The
// result depends on n, seed and epoch alone.
//
// Shuffling is Fisher-Yates from the end: for i = n-1 down to 1, swap i with the high 64 bits of (i+1) times the next number
// of the stream.
func Permutation(n int, seed uint64, epoch int, shuffle bool) []int {
	return permutation(n, stream(streamOrder, seed, uint64(epoch), 0), shuffle)
}

func permutation(n int, s state, shuffle bool) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	if !shuffle {
		return p
	}
	src := rand.NewPCG(s.hi, s.lo)
	for i := n - 1; i > 0; i-- {
		j, _ := bits.Mul64(src.Uint64(), uint64(i+1))
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// SampleRand returns the random numbers for augmenting sample index (its number in the data set, not its place in the
// order) in one epoch.
func SampleRand(seed uint64, epoch, index int) *rand.Rand {
	s := stream(streamSample, seed, uint64(epoch), uint64(index))
	return rand.New(rand.NewPCG(s.hi, s.lo))
}

// reseed turns src into the stream of SampleRand without allocating; for a sample that comes again in the epoch, the repeat-th time, into
// another one.
func reseed(src *rand.PCG, seed uint64, epoch, index, repeat int) {
	s := stream(streamSample, seed, uint64(epoch), uint64(index)|uint64(repeat)<<48)
	src.Seed(s.hi, s.lo)
}

// Shard says which part of the global order one rank takes: of every World positions the one at Rank. At equal global
// batch, Batch*World, a step covers the same samples for every World.
type Shard struct{ Rank, World int }

// Position returns the place in the global order of slot k of the rank's batch in a step: (step*batch + k)*World + Rank.
// It may lie beyond the end of the order: each rank gets ceil(n/World) places, of which the last may wrap round.
func (s Shard) Position(step, batch, k int) int { return (step*batch+k)*s.World + s.Rank }

// PerRank is the number of places each rank gets of n samples, ceil(n/World).
func (s Shard) PerRank(n int) int { return (n + s.World - 1) / s.World }
