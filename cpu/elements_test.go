package cpu

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/ref"
)

func TestHalfRoundTrip(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		v := fromHalf(h)
		if v != v {
			require.True(t, math.IsNaN(float64(fromHalf(toHalf(v)))), "%#04x", h)
			continue
		}
		require.Equal(t, h, toHalf(v), "%#04x = %g", h, v)
	}
}

// TestRounding goes along both sides of every halfway point of the half format, and random bits for both formats.
func TestRounding(t *testing.T) {
	check := func(v float32) {
		t.Helper()
		if v != v {
			return
		}
		require.Equal(t, ref.Round(backend.F16, float64(v)), float64(fromHalf(toHalf(v))), "half of %g", v)
		brain := math.Float32frombits(uint32(toBrain(v)) << 16)
		require.Equal(t, ref.Round(backend.BF16, float64(v)), float64(brain), "brain of %g", v)
	}
	for i := range uint16(0x7c00) {
		middle := (fromHalf(i) + fromHalf(i+1)) / 2
		if i == 0x7bff {
			middle = 65520
		}
		for _, v := range []float32{middle, math.Nextafter32(middle, 0), math.Nextafter32(middle, math.MaxFloat32)} {
			check(v)
			check(-v)
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		check(math.Float32frombits(rng.Uint32()))
	}
	nan := math.Float32frombits(0x7f800001)
	require.True(t, math.IsNaN(float64(math.Float32frombits(uint32(toBrain(nan))<<16))))
}
