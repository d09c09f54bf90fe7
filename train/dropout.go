package train

import "math/rand/v2"

// dropMask fills mask with 1 (keep) and 0 (drop, with probability rate) for one step. The stream depends on the seed and the
// step alone, so that a resumed run draws the same.
func dropMask(mask []byte, seed uint64, step int, rate float64) {
	rng := rand.New(rand.NewPCG(seed^0x64726f706f757421, uint64(step)))
	threshold := uint32(rate * (1 << 32))
	for i := 0; i < len(mask); i += 2 {
		bits := rng.Uint64()
		mask[i] = keep(uint32(bits), threshold)
		if i+1 < len(mask) {
			mask[i+1] = keep(uint32(bits>>32), threshold)
		}
	}
}

func keep(bits, threshold uint32) byte {
	if bits < threshold {
		return 0
	}
	return 1
}

// pathMasks fills masks for drop path: for each of the rates one number per image. Each rate has a stream of its own.
func pathMasks(masks []byte, seed uint64, step int, rates []float64, images int) []byte {
	masks = resized(masks, len(rates)*images)
	for i, rate := range rates {
		dropMask(masks[i*images:(i+1)*images], seed+uint64(i+1)<<32, step, rate)
	}
	return masks
}
