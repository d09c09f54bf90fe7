package model

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
)

// published are the counts of MindCV's networks with 1000 classes, and the multiply-adds at 224 px in millions.
var published = []struct {
	width          float64
	trainable, all int
	macs           float64
}{
	{0.35, 1677128, 1691208, 59.29}, {0.5, 1968680, 1987224, 97.13}, {0.75, 2636424, 2663064, 209.07},
	{1.0, 3504872, 3538984, 300.77}, {1.3, 5386792, 5431048, 509.37}, {1.4, 6108776, 6156712, 582.20},
}

func arch(t *testing.T, width float64, classes int) *Arch {
	t.Helper()
	a, err := New(Config{Width: width, Classes: classes, InChannels: 3, DropRate: 0.2})
	require.NoError(t, err)
	return a
}

func TestCountsAreMindCVs(t *testing.T) {
	for _, p := range published {
		t.Run(fmt.Sprint(p.width), func(t *testing.T) {
			a := arch(t, p.width, 1000)
			trainable, all := a.Count()
			assert.Equal(t, p.trainable, trainable)
			assert.Equal(t, p.all, all)
			assert.InDelta(t, p.macs, float64(a.MACs(224))/1e6, 0.005)
			assert.Len(t, a.Params(), 262)
		})
	}
}

func TestMACsAtOtherSizes(t *testing.T) {
	a := arch(t, 1, 1000)
	for size, want := range map[int]float64{192: 221.3, 160: 154.1, 128: 99.1, 96: 56.3} {
		assert.InDelta(t, want, float64(a.MACs(size))/1e6, 0.06, "at %d px", size)
	}
}

func TestChainTakesTheParametersInOrder(t *testing.T) {
	for _, p := range published {
		a := arch(t, p.width, 10)
		chain, err := a.Blocks(backend.Forward, backend.F32, backend.NCHW, 2, 64)
		require.NoError(t, err)
		params := a.Params()
		want := chain.Params()
		require.Len(t, params, len(want))
		for i, q := range params {
			assert.Equal(t, want[i].Desc, q.desc(), "%s is %s", q.Name, want[i].Name)
			assert.Equal(t, want[i].Trainable, q.Kind.Trainable(), q.Name)
		}
	}
}

func TestChainMultiplyAddsAgreeWithMACs(t *testing.T) {
	a := arch(t, 1, 1000)
	for _, size := range []int{32, 97, 224} {
		chain, err := a.Blocks(backend.Infer, backend.F32, backend.NCHW, 1, size)
		require.NoError(t, err)
		assert.Equal(t, a.MACs(size), chainMACs(chain), "at %d px", size)
	}
}

func chainMACs(c backend.Chain) int64 {
	total := int64(0)
	for _, b := range c.Blocks[:c.Len] {
		switch b := b.(type) {
		case backend.ConvBNAct:
			total += b.Conv(backend.Infer).MACs()
		case backend.InvertedResidual:
			if b.Expand {
				total += b.ExpandConv(backend.Infer).Conv(backend.Infer).MACs()
			}
			total += b.DepthwiseConv(backend.Infer).Conv(backend.Infer).MACs() + b.ProjectConv(backend.Infer).Conv(backend.Infer).MACs()
		case backend.Head:
			total += b.Dense(backend.Infer).MACs()
		}
	}
	return total
}

func TestResiduals(t *testing.T) {
	want := map[int]bool{5: true, 7: true, 8: true, 10: true, 11: true, 12: true, 14: true, 15: true, 17: true, 18: true}
	for _, p := range published {
		for i, b := range arch(t, p.width, 10).blocks {
			assert.Equal(t, want[i+3], b.residual, "width %g features.%d", p.width, i+3)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := Config{Width: 1, Classes: 10, InChannels: 3, DropRate: 0.2}
	for want, change := range map[string]func(*Config){
		"width 0":          func(c *Config) { c.Width = 0 },
		"0 classes":        func(c *Config) { c.Classes = 0 },
		"7 input channels": func(c *Config) { c.InChannels = 7 },
		"drop rate 1":      func(c *Config) { c.DropRate = 1 },
	} {
		c := good
		change(&c)
		_, err := New(c)
		assert.ErrorContains(t, err, want)
	}
}

func TestRegistry(t *testing.T) {
	assert.Len(t, Names(), 22)
	for _, c := range []struct {
		name  string
		width float64
		size  int
	}{
		{"mobilenet_v2_140", 1.4, 0}, {"mobilenet_v2_130_224", 1.3, 224}, {"mobilenet_v2_100_96", 1, 96},
		{"mobilenet_v2_075", 0.75, 0}, {"mobilenet_v2_050_160", 0.5, 160}, {"mobilenet_v2_035_224", 0.35, 224},
		{"mobilenet_v2_075_224", 0.75, 224},
	} {
		width, size, err := Lookup(c.name)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.width, width, c.name)
		assert.Equal(t, c.size, size, c.name)
	}
	for _, name := range Names() {
		_, _, err := Lookup(name)
		assert.NoError(t, err, name)
	}
	_, _, err := Lookup("mobilenet_v3")
	assert.ErrorContains(t, err, "mobilenet_v2_100")
}
