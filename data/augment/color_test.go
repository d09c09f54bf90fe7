package augment

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
)

// cube holds all colours whose components are multiples of step; red changes slowest.
func cube(step int) pixel.Image {
	n := (255 + step) / step
	m := pixel.New(n*n, n, 3)
	for i := range m.W * m.H {
		m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2] = byte(i/n/n*step), byte(i/n%n*step), byte(i%n*step)
	}
	return m
}

// testdata/make_color.py computed the checksums with OpenCV 4.6.
func TestColorsEqualOpenCV(t *testing.T) {
	ops := map[string]func(pixel.Image, float64){
		"brightness": Brightness, "contrast": Contrast, "saturation": Saturation, "hue": Hue,
	}
	b, err := os.ReadFile("testdata/color.json")
	require.NoError(t, err)
	var cases []struct {
		Op     string
		Factor float64
		Step   int
		CRC32  uint32
	}
	require.NoError(t, json.Unmarshal(b, &cases))
	require.NotEmpty(t, cases)
	for _, c := range cases {
		t.Run(fmt.Sprint(c.Op, c.Factor), func(t *testing.T) {
			m := cube(c.Step)
			ops[c.Op](m, c.Factor)
			require.Equal(t, c.CRC32, crc32.ChecksumIEEE(m.Pix))
		})
	}
}

func TestNeutralFactorsChangeNothing(t *testing.T) {
	want := cube(15).Pix
	for name, op := range map[string]func(pixel.Image){
		"brightness": func(m pixel.Image) { Brightness(m, 1) },
		"contrast":   func(m pixel.Image) { Contrast(m, 1) },
		"saturation": func(m pixel.Image) { Saturation(m, 1) },
		"off":        func(m pixel.Image) { ColorJitter{}.Apply(m, nil) },
	} {
		m := cube(15)
		op(m)
		require.Equal(t, want, m.Pix, name)
	}
}

func TestSaturate(t *testing.T) {
	for v, want := range map[float32]byte{-300: 0, -0.5: 0, 0.5: 0, 1.5: 2, 2.5: 2, 2.4999: 2, 254.5: 254, 255.5: 255, 700: 255, 51000: 255} {
		assert.Equal(t, want, saturate(v), "%v", v)
	}
}

// Grey must stay grey under every operation: no channel may be treated differently.
func TestGreyStaysGrey(t *testing.T) {
	m := pixel.New(16, 16, 3)
	for i := range m.Pix {
		m.Pix[i] = byte(i / 3)
	}
	for seed := range uint64(50) {
		ColorJitter{0.4, 0.4, 0.4, 0.5}.Apply(m, rand.New(rand.NewPCG(seed, 0)))
		for i := 0; i < len(m.Pix); i += 3 {
			require.Equal(t, m.Pix[i], m.Pix[i+1])
			require.Equal(t, m.Pix[i], m.Pix[i+2])
		}
	}
}

// Over many draws the factors fill [max(0, 1-f), 1+f] evenly, and all orders of the operations occur.
func TestJitterRange(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, f := range []float64{0.4, 1.5} {
		lowest, highest, sum := 9.0, -9.0, 0.0
		const n = 5000
		for range n {
			jitter(pixel.Image{}, f, rng, func(_ pixel.Image, alpha float64) {
				lowest, highest, sum = min(lowest, alpha), max(highest, alpha), sum+alpha
			})
		}
		assert.InDelta(t, max(0, 1-f), lowest, 0.01)
		assert.InDelta(t, 1+f, highest, 0.01)
		assert.InDelta(t, (max(0, 1-f)+1+f)/2, sum/n, 0.03)
	}
}

func TestOneChannelIsLeftAlone(t *testing.T) {
	m := pixel.New(2, 2, 1)
	m.Pix[3] = 77
	ColorJitter{0.4, 0.4, 0.4, 0.1}.Apply(m, rand.New(rand.NewPCG(1, 1)))
	require.Equal(t, []byte{0, 0, 0, 77}, m.Pix)
}
