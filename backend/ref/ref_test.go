package ref_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/ref"
)

func TestBytesRoundTripInEveryLayoutAndType(t *testing.T) {
	for _, dtype := range []backend.DType{backend.F32, backend.F16, backend.BF16, backend.U8, backend.I32} {
		for _, layout := range []backend.Layout{backend.NCHW, backend.NHWC, backend.NCHW8c} {
			d := backend.Desc{DType: dtype, Layout: layout, N: 2, H: 3, W: 1, C: 11}
			t.Run(d.String(), func(t *testing.T) {
				want := ref.New(d)
				for i := range want.V {
					want.V[i] = float64(i)
				}
				raw := want.Bytes()
				require.NoError(t, ref.Padding(d, raw))
				got, err := ref.FromBytes(d, raw)
				require.NoError(t, err)
				assert.Equal(t, want, got)
			})
		}
	}
}

func TestBytesPlacesChannelBlocksOfEight(t *testing.T) {
	d := backend.Desc{DType: backend.U8, Layout: backend.NCHW8c, N: 1, H: 1, W: 2, C: 9}
	x := ref.New(d)
	for w := range 2 {
		for c := range 9 {
			x.V[x.At(0, 0, w, c)] = float64(10*(w+1) + c)
		}
	}
	assert.Equal(t, []byte{
		10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 22, 23, 24, 25, 26, 27,
		18, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0}, x.Bytes())
}

func TestPaddingNamesTheLane(t *testing.T) {
	d := backend.Desc{DType: backend.F32, Layout: backend.NCHW8c, N: 1, H: 1, W: 1, C: 3}
	raw := ref.New(d).Bytes()
	raw[4*5+3] = 0x80 // minus zero is not zero bits
	assert.ErrorContains(t, ref.Padding(d, raw), "element 5")
}

func TestFromBytesRefusesOtherSizes(t *testing.T) {
	_, err := ref.FromBytes(backend.Vec(backend.F32, 3), make([]byte, 11))
	assert.ErrorContains(t, err, "11 bytes, want 12")
}

func TestRoundHalf(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct{ in, want float64 }{
		{0, 0}, {1, 1}, {1 + 1.0/2048, 1}, {1 + 3.0/2048, 1 + 2.0/1024}, {65504, 65504}, {65519, 65504}, {65520, inf},
		{-65520, -inf}, {0x1p-24, 0x1p-24}, {0x1p-25, 0}, {0x1.8p-25, 0x1p-24}, {0x1p-14, 0x1p-14}, {0x1.ff8p-15, 0x1.ff8p-15},
		{0x1.ffcp-15, 0x1p-14}, {inf, inf}, {1e300, inf}, {1e-320, 0}} {
		assert.Equal(t, c.want, ref.Round(backend.F16, c.in), "%v", c.in)
		assert.Equal(t, -c.want, ref.Round(backend.F16, -c.in), "%v", -c.in)
	}
	assert.True(t, math.Signbit(ref.Round(backend.F16, -1e-300)))
	assert.True(t, math.IsNaN(ref.Round(backend.F16, math.NaN())))
}

func TestRoundBrainAgreesWithRoundingTheUpperHalf(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		bits := rng.Uint32()
		v := math.Float32frombits(bits)
		if v != v {
			continue
		}
		upper := (uint64(bits) + 0x7fff + uint64(bits>>16&1)) >> 16 << 16
		want := math.Float32frombits(uint32(upper))
		require.Equal(t, float64(want), ref.Round(backend.BF16, float64(v)), "%x", bits)
	}
}

func TestSmallFloatsDecodeAndEncodeEveryPattern(t *testing.T) {
	for _, dtype := range []backend.DType{backend.F16, backend.BF16} {
		d := backend.Vec(dtype, 1<<16)
		raw := make([]byte, d.Bytes())
		for i := range 1 << 16 {
			binary.LittleEndian.PutUint16(raw[2*i:], uint16(i))
		}
		x, err := ref.FromBytes(d, raw)
		require.NoError(t, err)
		back := x.Bytes()
		for i, v := range x.V {
			if !math.IsNaN(v) {
				require.Equal(t, uint16(i), binary.LittleEndian.Uint16(back[2*i:]), "%v %g", dtype, v)
			}
		}
		require.Equal(t, 1.0, x.V[map[backend.DType]int{backend.F16: 0x3c00, backend.BF16: 0x3f80}[dtype]])
	}
}

func TestRoundIntegers(t *testing.T) {
	assert.Equal(t, 255.0, ref.Round(backend.U8, 300))
	assert.Equal(t, 0.0, ref.Round(backend.U8, -3))
	assert.Equal(t, 2.0, ref.Round(backend.U8, 2.5))
	assert.Equal(t, 0.0, ref.Round(backend.U8, math.NaN()))
	assert.Equal(t, -1.0, ref.Round(backend.I32, -1.2))
	assert.Equal(t, float64(math.MaxInt32), ref.Round(backend.I32, 1e12))
}

func TestRunRefusesWrongOperands(t *testing.T) {
	op := backend.Fill{Desc: backend.Vec(backend.F32, 3), Value: 1}
	assert.ErrorContains(t, ref.Run(op, nil), "got 0 operands, want 1")
	assert.ErrorContains(t, ref.Run(op, []*ref.Tensor{nil}), `operand "y"`)
	assert.ErrorContains(t, ref.Run(op, []*ref.Tensor{ref.New(backend.Vec(backend.F32, 4))}), `operand "y"`)
	assert.Error(t, ref.Run(backend.Fill{}, nil))
	loss := backend.SoftmaxCrossEntropy{Pass: backend.Forward, DType: backend.F32, Layout: backend.NCHW, N: 1, C: 3}
	labels := ref.New(backend.Vec(backend.I32, 1))
	labels.V[0] = 3
	err := ref.Run(loss, []*ref.Tensor{ref.New(loss.In()), labels, ref.New(backend.Vec(backend.F32, 1))})
	assert.ErrorContains(t, err, "labels[0] = 3")
}
