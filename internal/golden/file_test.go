package golden

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

const header = `{"__metadata__":{"made_by":"hand","c":"{\"N\":3}"},` +
	`"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}`

var data = []byte{0, 0, 128, 63, 0, 0, 0, 64, 5, 0, 0, 0, 0, 0, 0, 0}

func file(header string, data []byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func TestParse(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(file(header, data))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for name, content := range map[string][]byte{"plain": file(header, data), "gzip": packed.Bytes()} {
		t.Run(name, func(t *testing.T) {
			f, err := parse(content)
			require.NoError(t, err)
			f.tb = t
			require.Equal(t, []float32{1, 2}, f.Float32("a"))
			require.Equal(t, []float64{1, 2}, f.Float64("a"))
			require.Equal(t, []int64{5}, f.Int64("b"))
			require.Equal(t, []int{2}, f.Shape("a"))
			require.Equal(t, []string{"c"}, f.Cases())
			require.True(t, f.Has("a") && !f.Has("c"))
			var sizes struct{ N int }
			f.Meta("c", &sizes)
			require.Equal(t, 3, sizes.N)
		})
	}
}

func TestParseRefusesDamage(t *testing.T) {
	for name, content := range map[string][]byte{
		"empty":       nil,
		"header size": binary.LittleEndian.AppendUint64(nil, 1<<60),
		"header":      file("{", nil),
		"offsets":     file(header, data[:9]),
		"entry":       file(`{"a":3}`, nil),
		"metadata":    file(`{"__metadata__":3}`, nil),
		"gzip":        {0x1F, 0x8B, 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(content)
			require.Error(t, err)
		})
	}
}

func TestOperationsAreThere(t *testing.T) {
	for op, want := range map[string]int{"conv2d": 16, "batchnorm": 6, "relu6": 1, "globalavgpool": 3,
		"softmaxcrossentropy": 8, "update": 4} {
		t.Run(op, func(t *testing.T) {
			f := Load(t, "ops/"+op+".safetensors")
			require.Len(t, f.Cases(), want)
			for _, name := range f.Names("") {
				require.NotEmpty(t, f.Tensor(name).Data, name)
			}
		})
	}
}

// The input of one case, made here, must be what Python stored.
func TestInputsAreGenerated(t *testing.T) {
	f := Load(t, "ops/conv2d.safetensors")
	stored := f.Float32("3x3_s2_odd/x")
	require.Equal(t, Fill("conv2d/3x3_s2_odd/x", len(stored), 2), stored)
}
