package backendtest

import (
	"math/rand/v2"
	"testing"

	"mnv2/backend"
)

// FuzzOps holds random valid operations, and random blocks native and composed, to ref on the device that open opens. A
// device's own test calls it:
//
//	func FuzzOps(f *testing.F) { backendtest.FuzzOps(f, open, backendtest.Options{}) }
func FuzzOps(f *testing.F, open func() (backend.Backend, error), o Options) {
	f.Helper()
	b, err := open()
	if err != nil {
		f.Fatalf("open the device: %v", err)
	}
	f.Cleanup(func() {
		if err := b.Close(); err != nil {
			f.Errorf("close the device: %v", err)
		}
	})
	s := &suite{open: open, options: o, info: b.Info()}
	for seed := range uint64(8) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 8))
		if seed%2 == 0 {
			s.checkOp(&goT{t}, b, randomOp(rng, s.info))
		} else {
			s.checkPair(&goT{t}, b, pairsOf(randomBlock(rng, s.info))[rng.IntN(3)])
		}
	})
}

// randomBlock returns a random valid block of bounded size. Its statistics are over 8 numbers at least: those of two or
// three say nothing, and rounding decides about their sign.
func randomBlock(rng *rand.Rand, info backend.Info) backend.Block {
	t, l := info.DTypes[rng.IntN(len(info.DTypes))], info.Layout
	n, h, w, c := 2+rng.IntN(3), 4+rng.IntN(5), 4+rng.IntN(5), 1+rng.IntN(20)
	switch rng.IntN(5) {
	case 0:
		return backend.Head{DType: t, Layout: l, N: n, H: h, W: w, C: c, K: 1 + rng.IntN(20), DropRate: float32(rng.IntN(2)) * 0.3}
	case 1:
		return backend.ConvBNAct{DType: t, Layout: l, N: n, H: h, W: w, C: c, K: 1 + rng.IntN(20), R: 1, S: 1, Stride: 1, Groups: 1,
			Act: backend.Act(rng.IntN(2)), Eps: blockEps, Momentum: blockMomentum}
	case 2:
		return backend.ConvBNAct{DType: t, Layout: l, N: n, H: h, W: w, C: c, K: c, R: 3, S: 3, Stride: 1 + rng.IntN(2), Pad: 1, Groups: c,
			Act: backend.Act(rng.IntN(2)), Eps: blockEps, Momentum: blockMomentum}
	}
	s := residualShape{n: n, h: h, w: w, c: c, e: c, k: 1 + rng.IntN(20), stride: 1 + rng.IntN(2), expand: rng.IntN(3) > 0}
	if s.expand {
		s.e = 1 + rng.IntN(40)
	}
	if s.stride == 1 && rng.IntN(2) == 0 {
		s.k, s.residual = s.c, true
	}
	return s.op(t, l)
}
