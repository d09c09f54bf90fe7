package golden

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The wanted values were printed by `python testdata/golden/generator.py`.
func TestGeneratorEqualsPython(t *testing.T) {
	t.Run("words", func(t *testing.T) {
		require.Equal(t, []uint64{0xc3817c016ba4ff30, 0x100cdaacc0bc9316, 0x54c3a569ecf61b1b}, Words("", 3))
		require.Equal(t, []uint64{0x5f29c2aadd9b8527, 0xff84f1bdb6d3884f, 0xfdfab147e960346e}, Words("a", 3))
		require.Equal(t, []uint64{0x92194488a3524f1e, 0x101799eeb83f839f, 0x324303cb37c2a9d7}, Words("classifier.1.weight", 3))
	})
	t.Run("fill", func(t *testing.T) {
		want := []float32{0x1.cf53a8p-8, -0x1.661aep-5, -0x1.f1864ep-6, 0x1.08d242p-7}
		require.Equal(t, want, Fill("classifier.1.weight", 4, 0.1))
		require.Equal(t, []float32{0x1.9c1316p-2, 0x1.9df738p+0, 0x1.4961b8p+0}, Around("x", 3, 2, 1))
	})
	t.Run("whole numbers", func(t *testing.T) {
		require.Equal(t, []byte{51, 206, 164, 211, 107, 203, 186, 169}, Bytes("x", 8))
		require.Equal(t, []float64{1, -1, -1, -1, 1, -1, -1, -1}, Signs("x", 8))
		require.Equal(t, []int32{0, 2, 9, 6, 2, 6, 0, 0}, Labels("x", 8, 10))
	})
	t.Run("images", func(t *testing.T) {
		at := (9*16 + 10) * 3
		require.Equal(t, []byte{28, 178, 93}, Images("x", 1, 16)[at:at+3])
	})
}

func TestUniformIsInTheUnitInterval(t *testing.T) {
	sum := 0.0
	for _, u := range Uniform("interval", 4096) {
		require.True(t, u >= 0 && u < 1)
		sum += u
	}
	require.InDelta(t, 0.5, sum/4096, 5/math.Sqrt(12*4096))
}

func TestNormalisedIsChannelFirst(t *testing.T) {
	pictures := []byte{0, 51, 102, 255, 204, 153, 1, 2, 3, 4, 5, 6} // one picture of 2x2
	got := Normalised(pictures, 1, 2)
	require.Equal(t, float32(-1), got[0])
	require.Equal(t, float32(1), got[1])
	require.Equal(t, float32((51-127.5)/127.5), got[4])
	require.Equal(t, float32((102-127.5)/127.5), got[8])
}

func TestWeights(t *testing.T) {
	for _, tt := range []struct {
		name   string
		shape  []int
		centre float64
		reach  float64
	}{
		{"features.0.0.weight", []int{32, 3, 3, 3}, 0, math.Sqrt(24.0/27) / 2},
		{"features.0.1.weight", []int{32}, 1, 0.2},
		{"features.2.conv.1.1.weight", []int{96}, 1, 0.2},
		{"features.2.conv.1.1.bias", []int{96}, 2.8, 0.2},
		{"features.2.conv.3.weight", []int{24}, 1, 0.2},
		{"features.2.conv.3.bias", []int{24}, 0, 0.1},
		{"features.0.1.running_mean", []int{32}, 0, 0.1},
		{"features.0.1.running_var", []int{32}, 1, 0.25},
		{"classifier.1.weight", []int{10, 1280}, 0, 0.05},
		{"classifier.1.bias", []int{10}, 0, 0.05},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Weights(tt.name, tt.shape)
			require.NoError(t, err)
			for _, v := range got {
				require.InDelta(t, tt.centre, v, tt.reach*1.0001)
			}
			require.NotEqual(t, got[0], got[1])
		})
	}
	_, err := Weights("features.0.1.num_batches_tracked", nil)
	require.ErrorContains(t, err, "num_batches_tracked")
}
