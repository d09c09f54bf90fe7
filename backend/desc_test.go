package backend

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDescIndexReachesEveryElementOnce(t *testing.T) {
	for _, layout := range []Layout{NCHW, NHWC, NCHW8c} {
		for _, c := range []int{1, 7, 8, 9, 16, 17} {
			d := Desc{F32, layout, 2, 3, 5, c}
			t.Run(d.String(), func(t *testing.T) {
				require.NoError(t, d.Check())
				seen := map[int]bool{}
				for n := range d.N {
					for h := range d.H {
						for w := range d.W {
							for c := range d.C {
								i := d.Index(n, h, w, c)
								require.True(t, i >= 0 && i < d.Stored() && !seen[i], "element %d", i)
								seen[i] = true
							}
						}
					}
				}
				assert.Len(t, seen, d.Elements())
			})
		}
	}
}

func TestDescSizes(t *testing.T) {
	d := Desc{F16, NCHW8c, 2, 3, 5, 9}
	assert.Equal(t, 2*3*5*9, d.Elements())
	assert.Equal(t, 2*3*5*16, d.Stored())
	assert.Equal(t, int64(2*3*5*16*2), d.Bytes())
	assert.Equal(t, int64(2*3*5*9*4), d.With(F32, NHWC).Bytes())
	assert.Equal(t, "f16 nchw8c 2x3x5x9", d.String())
	assert.Equal(t, 1, Desc{U8, NHWC, 1, 2, 2, 3}.Index(0, 0, 0, 1))
	assert.Equal(t, 4, Desc{U8, NCHW, 1, 2, 2, 3}.Index(0, 0, 0, 1))
	assert.Equal(t, ((1*2+1)*2+1)*2+1, Filter(F32, 3, 2, 2, 2).Index(1, 1, 1, 1))
	assert.Equal(t, 7, Matrix(F32, 3, 5).Index(1, 0, 0, 2))
	assert.Equal(t, 3, Vec(F32, 5).Index(0, 0, 0, 3))
}

func TestDescCheck(t *testing.T) {
	good := Desc{F32, NHWC, 1, 2, 3, 4}
	for _, c := range []struct {
		change func(*Desc)
		says   string
	}{
		{func(d *Desc) { d.DType = 0 }, "dtype(0)"},
		{func(d *Desc) { d.DType = 99 }, "dtype(99)"},
		{func(d *Desc) { d.Layout = 0 }, "layout(0)"},
		{func(d *Desc) { d.Layout = 4 }, "layout(4)"},
		{func(d *Desc) { d.N = 0 }, "N = 0"},
		{func(d *Desc) { d.W = -1 }, "W = -1"},
		{func(d *Desc) { d.N, d.H = math.MaxInt32, math.MaxInt32 }, "too many elements"},
		{func(d *Desc) { d.N, d.H = math.MaxInt, math.MaxInt }, "too many elements"},
	} {
		d := good
		c.change(&d)
		assert.ErrorContains(t, d.Check(), c.says)
	}
}

func TestDTypes(t *testing.T) {
	for d, want := range map[DType]struct {
		size  int64
		float bool
		name  string
	}{F32: {4, true, "f32"}, F16: {2, true, "f16"}, BF16: {2, true, "bf16"}, U8: {1, false, "u8"}, I32: {4, false, "i32"},
		0: {0, false, "dtype(0)"}, 77: {0, false, "dtype(77)"}} {
		assert.Equal(t, want.size, d.Size())
		assert.Equal(t, want.float, d.IsFloat())
		assert.Equal(t, want.name, d.String())
	}
}

func TestAlign(t *testing.T) {
	for n, want := range map[int64]int64{0: 0, 1: 64, 64: 64, 65: 128} {
		assert.Equal(t, want, Align(n))
	}
}
