package data

import (
	"math/rand/v2"

	"mnv2/data/augment"
)

// mix mixes the pictures of a batch in pairs: sample k with sample k + Count/2. MindCV takes k with Count-1-k; here both are on the same rank
// for every number of ranks that divides half of the global batch, so that the pairs do not depend on it. A last odd one stays as it is.
// Nor do the draws depend on it: they belong to the step, or to the place in the global order of a pair's first sample.
func (l *Loader) mix(b *Batch, epoch int) {
	for row := range b.Lambda {
		b.Partners[row], b.Lambda[row] = b.Labels[row], 1
	}
	half := b.Count / 2
	if half == 0 || !l.cfg.Mix.IsOnIn(epoch) {
		return
	}
	var src rand.PCG
	rng := rand.New(&src)
	seed := func(index uint64) {
		s := stream(streamMix, l.cfg.Seed, uint64(epoch), index)
		src.Seed(s.hi, s.lo)
	}
	seed(uint64(b.Step))
	all := l.cfg.Mix.Draw(rng, l.cfg.Size)
	for k := range half {
		first, second := all, all
		if l.cfg.Mix.Mode != augment.MixBatch {
			seed(1<<48 | uint64(l.shard.Position(b.Step, l.cfg.Batch, k)))
			first = l.cfg.Mix.Draw(rng, l.cfg.Size)
			second = first
		}
		if l.cfg.Mix.Mode == augment.MixElem {
			second = l.cfg.Mix.Draw(rng, l.cfg.Size)
		}
		for split := range b.splits {
			l.mixPair(b, split*b.Count+k, split*b.Count+k+half, first, second)
		}
	}
}

// mixPair mixes two rows and says so in the labels.
func (l *Loader) mixPair(b *Batch, i, k int, first, second augment.Mixture) {
	p, q := l.image(b, i), l.image(b, k)
	if first == second {
		first.Pair(p, q, l.cfg.Size)
	} else {
		b.fill.spare = append(b.fill.spare[:0], p...)
		first.One(p, q, l.cfg.Size)
		second.One(q, b.fill.spare, l.cfg.Size)
	}
	b.Partners[i], b.Partners[k] = b.Labels[k], b.Labels[i]
	b.Lambda[i], b.Lambda[k] = first.Lambda, second.Lambda
}
