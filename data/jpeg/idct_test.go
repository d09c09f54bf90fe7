package jpeg

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// reference is the transform as the Independent JPEG Group defines it, a number at a time and without short cuts: columns,
// then rows, each rounded to its fraction.
func reference(in *[64]int32) (out [64]byte) {
	var w [64]int32
	for x := range 8 {
		column := pass(in[x], in[x+8], in[x+16], in[x+24], in[x+32], in[x+40], in[x+48], in[x+56])
		for y, v := range column {
			w[8*y+x] = (v + 1<<10) >> 11
		}
	}
	for y := range 8 {
		row := pass(w[8*y], w[8*y+1], w[8*y+2], w[8*y+3], w[8*y+4], w[8*y+5], w[8*y+6], w[8*y+7])
		for x, v := range row {
			out[8*y+x] = byte(min(max((v+1<<17)>>18+128, 0), 255))
		}
	}
	return out
}

func pass(x0, x1, x2, x3, x4, x5, x6, x7 int32) [8]int32 {
	z := (x2 + x6) * 4433
	t2, t3 := z-x6*15137, z+x2*6270
	t0, t1 := (x0+x4)<<13, (x0-x4)<<13
	even := [4]int32{t0 + t3, t1 + t2, t1 - t2, t0 - t3}
	z5 := (x7 + x3 + x5 + x1) * 9633
	z1, z2, z3, z4 := (x7+x1)*7373, (x5+x3)*20995, z5-(x7+x3)*16069, z5-(x5+x1)*3196
	odd := [4]int32{x1*12299 - z1 + z4, x3*25172 - z2 + z3, x5*16819 - z2 + z4, x7*2446 - z1 + z3}
	var out [8]int32
	for i := range 4 {
		out[i], out[7-i] = even[i]+odd[i], even[i]-odd[i]
	}
	return out
}

func requireTransform(t *testing.T, in *[64]int32) {
	t.Helper()
	var b block
	last := 0
	for k, at := range unzig {
		if v := in[at]; v != 0 {
			last = k
			b[at/2] += uint64(int64(v)) << (32 * (at % 2))
		}
	}
	const stride = 11
	dst := make([]byte, 7*stride+8)
	b.transform(last, dst, stride)
	want := reference(in)
	for y := range 8 {
		require.Equal(t, want[8*y:8*y+8], dst[y*stride:y*stride+8], "row %d, coefficients %v", y, in)
	}
}

// One coefficient at a time, alone and beside a mean.
func TestTransformOfImpulses(t *testing.T) {
	for k := range 64 {
		for _, v := range []int32{1, -1, 7, 100, -555, 1023, -1024, 8191, -8192} {
			for _, mean := range []int32{0, 300, -1024} {
				var in [64]int32
				in[0] = mean
				in[k] += v
				requireTransform(t, &in)
			}
		}
	}
}

// As many coefficients of the zigzag as files have them: every number of them, in every size.
func TestTransformOfNoise(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= 64; n++ {
		for range 40 {
			var in [64]int32
			size := int32(1) << rng.IntN(13)
			for _, at := range unzig[:n] {
				in[at] = rng.Int32N(2*size+1) - size
			}
			requireTransform(t, &in)
		}
	}
}

// What no encoder writes must not panic.
func TestTransformOfExtremes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		var b block
		for i := range b {
			b[i] = rng.Uint64()
		}
		b.transform(rng.IntN(64), make([]byte, 64), 8)
	}
}
