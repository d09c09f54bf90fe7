package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/internal/tensor"
)

// file builds a file by hand: length, header, n data bytes counting up.
func file(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	for i := range n {
		b = append(b, byte(i))
	}
	return b
}

const two = `{"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}`

func TestDecode(t *testing.T) {
	tests := map[string]struct {
		header string
		bytes  int
		want   []tensor.Tensor
	}{
		"order of the data": {two, 11, []tensor.Tensor{
			{Name: "a", DType: tensor.F32, Shape: []int{2, 1}, Data: []byte{0, 1, 2, 3, 4, 5, 6, 7}},
			{Name: "b", DType: tensor.U8, Shape: []int{3}, Data: []byte{8, 9, 10}}}},
		"padding": {two + "   \n", 11, nil},
		"scalar": {`{"a":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}`, 1, []tensor.Tensor{
			{Name: "a", DType: tensor.Bool, Data: []byte{0}}}},
		"empty tensors between": {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"z":{"dtype":"F64","shape":[0,9],"data_offsets":[1,1]},` +
			`"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2, nil},
		"no tensor":      {`{}`, 0, nil},
		"empty metadata": {`{"__metadata__":{}}`, 0, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := Decode(file(tt.header, tt.bytes))
			require.NoError(t, err)
			require.Nil(t, f.Meta)
			if tt.want != nil {
				require.Equal(t, tt.want, f.Tensors)
			}
		})
	}
}

func TestDecodeMetadata(t *testing.T) {
	f, err := Decode(file(`{"__metadata__":{"a":"b","c":"\u00fc"}}`, 0))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "b", "c": "ü"}, f.Meta)
}

func TestDecodeErrors(t *testing.T) {
	one := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"w":{"dtype":%s,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	tests := map[string]struct {
		data []byte
		want string
	}{
		"empty":             {nil, "shorter"},
		"seven bytes":       {make([]byte, 7), "shorter"},
		"header too long":   {append(binary.LittleEndian.AppendUint64(nil, 100_000_001), '{'), "at most"},
		"header overflows":  {append(binary.LittleEndian.AppendUint64(nil, math.MaxUint64), '{'), "at most"},
		"header cut":        {file(two, 11)[:40], "cut"},
		"no header":         {make([]byte, 8), "'{'"},
		"not an object":     {file(`[]`, 0), "'{'"},
		"not UTF-8":         {file("{\"\xff\":{}}", 0), "UTF-8"},
		"header not closed": {file(`{`, 0), "unexpected EOF"},
		"text behind":       {file(`{}x`, 0), "after the end"},
		"second object":     {file(`{}{}`, 0), "after the end"},
		"trailing comma":    {file(`{"__metadata__":{},}`, 0), "invalid"},
		"data cut":          {file(two, 10), "cut"},
		"data behind":       {file(two, 12), "cover 11 of 12"},
		"data, no tensor":   {file(`{}`, 1), "cover 0 of 1"},
		"gap":               {file(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "gaps"},
		"overlap": {file(`{"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3),
			"overlaps"},
		"shared":          {file(`{"v":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "overlaps"},
		"reversed":        {file(one(`"U8"`, `[1]`, `[1,0]`), 1), "outside"},
		"size":            {file(one(`"F32"`, `[1]`, `[0,3]`), 3), "needs 4 bytes"},
		"overflow":        {file(one(`"F32"`, `[4611686018427387904,4]`, `[0,0]`), 0), "overflows"},
		"overflow to fit": {file(one(`"U8"`, `[4294967296,4294967296]`, `[0,0]`), 0), "overflows"},
		"huge dimension":  {file(one(`"U8"`, `[18446744073709551615]`, `[0,0]`), 0), "too large"},
		"negative":        {file(one(`"U8"`, `[-1]`, `[0,0]`), 0), "whole numbers"},
		"fraction":        {file(one(`"U8"`, `[1.0]`, `[0,1]`), 1), "whole numbers"},
		"text as number":  {file(one(`"U8"`, `["1"]`, `[0,1]`), 1), "whole numbers"},
		"three offsets":   {file(one(`"U8"`, `[1]`, `[0,1,2]`), 1), "whole numbers"},
		"one offset":      {file(one(`"U8"`, `[1]`, `[0]`), 1), "two numbers"},
		"many dimensions": {file(one(`"U8"`, `[1`+strings.Repeat(",1", 64)+`]`, `[0,1]`), 1), "at most 64"},
		"dtype":           {file(one(`"F8_E4M3"`, `[1]`, `[0,1]`), 1), `"F8_E4M3"`},
		"dtype not text":  {file(one(`1`, `[1]`, `[0,1]`), 1), "want a string"},
		"missing field":   {file(`{"w":{"dtype":"U8","shape":[1]}}`, 1), "needs dtype"},
		"unknown field":   {file(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1), `"x"`},
		"tensor null":     {file(`{"w":null}`, 0), "found"},
		"empty name":      {file(`{"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "empty name"},
		"duplicate": {file(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2),
			`"w" appears twice`},
		"duplicate, escaped":  {file(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0077":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), `"w" appears twice`},
		"duplicate field":     {file(`{"w":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), `"dtype" appears twice`},
		"duplicate metadata":  {file(`{"__metadata__":{"a":"b","a":"c"}}`, 0), `"a" appears twice`},
		"metadata not text":   {file(`{"__metadata__":{"a":1}}`, 0), "want a string"},
		"metadata not object": {file(`{"__metadata__":[]}`, 0), "found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(tt.data)
			require.ErrorIs(t, err, tensor.ErrFormat)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestIs(t *testing.T) {
	require.True(t, Is(file(two, 11)))
	require.True(t, Is(file(two, 11)[:9]))
	require.False(t, Is(file(two, 11)[:8]))
	require.False(t, Is([]byte("PK\x03\x04aaaa{")))
}

func TestEncodePads(t *testing.T) {
	for n := range 20 {
		var b bytes.Buffer
		x := tensor.FromFloat32s(strings.Repeat("x", n+1), []int{1}, []float32{1})
		require.NoError(t, Encode(&b, &tensor.File{Tensors: []tensor.Tensor{x}}))
		size := binary.LittleEndian.Uint64(b.Bytes())
		require.Zero(t, size%8)
		require.Equal(t, int(size)+8+4, b.Len())
	}
}

func TestEncodeReportsTheWriter(t *testing.T) {
	x := tensor.FromFloat32s("x", nil, []float32{1})
	require.Error(t, Encode(failing{}, &tensor.File{Tensors: []tensor.Tensor{x}}))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }

func TestHostileHeaderAllocatesLittle(t *testing.T) {
	data := append(binary.LittleEndian.AppendUint64(nil, 99_999_999), '{')
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Decode(data)
	runtime.ReadMemStats(&after)
	require.Error(t, err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func FuzzDecode(f *testing.F) {
	f.Add(file(two, 11))
	f.Add(file(`{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}}`, 2))
	f.Add(file(`{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err != nil {
			require.ErrorIs(t, err, tensor.ErrFormat)
			return
		}
		for _, x := range got.Tensors {
			require.NoError(t, x.Check())
		}
		var b bytes.Buffer
		require.NoError(t, Encode(&b, got))
		again, err := Decode(b.Bytes())
		require.NoError(t, err)
		require.Len(t, again.Tensors, len(got.Tensors))
	})
}
