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
