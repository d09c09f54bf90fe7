package tflite

import (
	"encoding/binary"
	"maps"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/internal/tensor"
)

// modelNodes are the parts of a small model that tests change.
type modelNodes struct {
	root, graph, codes0, conv, convOptions, weight, weightQuant, weightBuffer, bias node
}

func int32Bytes(v ...int32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return b
}

// small is a model of three layers: a 1x2 convolution 2 -> 2 with stride 2, a 2x1 depthwise one on 2 channels, a dense
// one 2 -> 1 in float32 without bias, and an operator without weights between them.
func small() modelNodes {
	m := modelNodes{}
	m.weightQuant = node{quantScale: []float32{0.5, 0.25}, quantZero: []int64{0, 1}, quantDimension: int32(0)}
	m.weight = node{tensorShape: []int32{2, 1, 2, 2}, tensorType: int8(typeI8), tensorBuffer: int32(1), tensorQuant: m.weightQuant}
	m.weightBuffer = node{bufferData: []byte{1, 2, 3, 4, 5, 6, 7, 0xff}}
	m.bias = node{tensorShape: []int32{2}, tensorType: int8(typeI32), tensorBuffer: int32(2),
		tensorQuant: node{quantScale: []float32{0.125, 2}}}
	m.convOptions = node{convPadding: int8(0), convStrideW: int32(2), convStrideH: int32(2), convActivation: int8(3)}
	m.conv = node{operatorCode: int32(0), operatorInputs: []int32{0, 1, 2}, operatorOptions: m.convOptions}
	m.codes0 = node{codeOld: int8(opConv)}
	m.graph = node{
		graphTensors: []node{
			{tensorShape: []int32{1, 8, 8, 2}, tensorType: int8(typeU8), tensorQuant: node{quantScale: []float32{0.5}, quantZero: []int64{127}}},
			m.weight,
			m.bias,
			{tensorShape: []int32{1, 2, 1, 2}, tensorType: int8(typeU8), tensorBuffer: int32(3),
				tensorQuant: node{quantScale: []float32{1, 10}, quantZero: []int64{128, 128}, quantDimension: int32(3)}},
			{tensorShape: []int32{1, 2}, tensorBuffer: int32(4)},
		},
		graphInputs: []int32{0},
		graphOperators: []node{
			m.conv,
			{operatorCode: int32(1)},
			{operatorCode: int32(2), operatorInputs: []int32{0, 3, -1}, operatorOptions: node{convPadding: int8(1),
				convStrideW: int32(1), convStrideH: int32(1), depthMultiplier: int32(1)}},
			{operatorCode: int32(3), operatorInputs: []int32{0, 4}},
		},
	}
	m.root = node{
		modelVersion:   int32(3),
		modelCodes:     []node{m.codes0, {codeOld: int8(127), codeNew: int32(200)}, {codeOld: int8(opDepthwise), codeNew: int32(opDepthwise)}, {codeNew: int32(opDense)}},
		modelSubgraphs: []node{m.graph},
		modelBuffers: []node{{}, m.weightBuffer, {bufferData: int32Bytes(8, -1)}, {bufferData: []byte{128, 129, 127, 130}},
			{bufferData: int32Bytes(int32(math.Float32bits(1.5)), int32(math.Float32bits(2.5)))}},
	}
	return m
}

func TestDecodeSmallModel(t *testing.T) {
	f, err := Decode(build(small().root))
	require.NoError(t, err)
	require.Equal(t, tensor.TFLite, f.Format)
	want := []struct {
		name   string
		shape  []int
		values []float32
	}{
		// OHWI [[[1 2] [3 4]]] * 0.5 and ([[[5 6] [7 -1]]] - 1) * 0.25, channels first
		{"layer.0.weight", []int{2, 2, 1, 2}, []float32{0.5, 1.5, 1, 2, 1, 1.5, 1.25, -0.5}},
		{"layer.0.bias", []int{2}, []float32{1, -2}},
		// 1HWC [[0 1] [-1 2]] with scales 1 and 10 per channel
		{"layer.1.weight", []int{2, 1, 2, 1}, []float32{0, -1, 10, 20}},
		{"layer.2.weight", []int{1, 2}, []float32{1.5, 2.5}},
	}
	require.Len(t, f.Tensors, len(want))
	for i, w := range want {
		got := f.Tensors[i]
		require.Equal(t, w.name, got.Name)
		require.Equal(t, w.shape, got.Shape)
		v, err := got.Float32s()
		require.NoError(t, err)
		require.Equal(t, w.values, v, w.name)
	}
	require.Equal(t, map[string]string{
		"input.shape": "[1 8 8 2]", "input.scale": "0.5", "input.zero_point": "127",
		"layer.0.op": "conv", "layer.0.stride": "2", "layer.0.padding": "same", "layer.0.activation": "relu6",
		"layer.1.op": "depthwise", "layer.1.stride": "1", "layer.1.padding": "valid", "layer.1.activation": "none",
		"layer.2.op": "dense", "layer.2.activation": "none",
	}, f.Meta)
}

func TestDecodeErrors(t *testing.T) {
	tests := map[string]struct {
		change func(m modelNodes)
		want   string
	}{
		"version":           {func(m modelNodes) { m.root[modelVersion] = int32(2) }, "version 2"},
		"no graph":          {func(m modelNodes) { delete(m.root, modelSubgraphs) }, "0 subgraphs"},
		"two graphs":        {func(m modelNodes) { m.root[modelSubgraphs] = []node{m.graph, m.graph} }, "2 subgraphs"},
		"no layers":         {func(m modelNodes) { delete(m.graph, graphOperators) }, "no convolution"},
		"code outside":      {func(m modelNodes) { m.conv[operatorCode] = int32(99) }, "outside"},
		"negative code":     {func(m modelNodes) { m.conv[operatorCode] = int32(-1) }, "outside"},
		"tensor outside":    {func(m modelNodes) { m.conv[operatorInputs] = []int32{0, 99, 2} }, "outside"},
		"negative tensor":   {func(m modelNodes) { m.conv[operatorInputs] = []int32{0, -1, 2} }, "outside"},
		"buffer outside":    {func(m modelNodes) { m.weight[tensorBuffer] = int32(99) }, "outside"},
		"input outside":     {func(m modelNodes) { m.graph[graphInputs] = []int32{99} }, "outside"},
		"no weights":        {func(m modelNodes) { m.conv[operatorInputs] = []int32{0} }, "no weights"},
		"weight type":       {func(m modelNodes) { m.weight[tensorType] = int8(17) }, "element type 17"},
		"weight size":       {func(m modelNodes) { m.weight[tensorShape] = []int32{2, 1, 2, 3} }, "does not fit"},
		"negative size":     {func(m modelNodes) { m.weight[tensorShape] = []int32{-2, 1, -2, 2} }, "does not fit"},
		"weight dimensions": {func(m modelNodes) { m.weight[tensorShape] = []int32{2, 4} }, "shape [2 4]"},
		"many dimensions":   {func(m modelNodes) { m.weight[tensorShape] = make([]int32, 9) }, "9 dimensions"},
		"no scales":         {func(m modelNodes) { delete(m.weightQuant, quantScale) }, "0 scales"},
		"scales of no dim":  {func(m modelNodes) { m.weightQuant[quantDimension] = int32(4) }, "2 scales"},
		"scales, wrong dim": {func(m modelNodes) { m.weightQuant[quantDimension] = int32(1) }, "2 scales"},
		"negative dim":      {func(m modelNodes) { m.weightQuant[quantDimension] = int32(-1) }, "2 scales"},
		"zero points":       {func(m modelNodes) { m.weightQuant[quantZero] = []int64{0, 0, 0} }, "3 zero points"},
		"bias shape":        {func(m modelNodes) { m.bias[tensorShape] = []int32{2, 1} }, "bias of shape"},
		"bias type":         {func(m modelNodes) { m.bias[tensorType] = int8(5) }, "bias: element type"},
		"strides differ":    {func(m modelNodes) { m.convOptions[convStrideW] = int32(1) }, "strides"},
		"no stride":         {func(m modelNodes) { delete(m.conv, operatorOptions) }, "strides"},
		"dilation":          {func(m modelNodes) { m.convOptions[convDilationW] = int32(2) }, "dilation"},
		"depth multiplier": {func(m modelNodes) {
			m.codes0[codeOld] = int8(opDepthwise)
			m.weight[tensorShape] = []int32{1, 2, 2, 2}
			m.weightQuant[quantDimension] = int32(3)
		}, "multiplier 3"},
		"depthwise, not 1HWC": {func(m modelNodes) { m.codes0[codeOld] = int8(opDepthwise) }, "convolution weights"},
		"dense dimensions":    {func(m modelNodes) { m.codes0[codeOld] = int8(opDense) }, "two dimensions"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := small()
			tt.change(m)
			_, err := Decode(build(m.root))
			require.ErrorIs(t, err, tensor.ErrFormat)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestEveryCutOrFlipEndsWell(t *testing.T) {
	data := build(small().root)
	for n := range data {
		if f, err := Decode(data[:n]); err != nil {
			require.ErrorIs(t, err, tensor.ErrFormat)
		} else {
			require.NotEmpty(t, f.Tensors)
		}
		for _, bit := range []byte{0x01, 0x80, 0xff} {
			bad := append([]byte(nil), data...)
			bad[n] ^= bit
			if f, err := Decode(bad); err != nil {
				require.ErrorIs(t, err, tensor.ErrFormat)
			} else {
				require.NotEmpty(t, f.Tensors)
			}
		}
	}
}

// repeated is a model whose n operators are all the first one.
func repeated(n int, data []byte, shape []int32) []byte {
	m := small()
	m.weight[tensorShape] = shape
	m.weightBuffer[bufferData] = data
	m.weightQuant[quantScale] = []float32{1}
	m.weightQuant[quantZero] = []int64{0}
	maps.Copy(m.conv, node{operatorInputs: []int32{0, 1}})
	ops := make([]node, n)
	for i := range ops {
		ops[i] = m.conv
	}
	m.graph[graphOperators] = ops
	return build(m.root)
}

func TestSharedBuffersAreBounded(t *testing.T) {
	const size = 1 << 20
	file := repeated(1000, make([]byte, size), []int32{1, 1, 1, size})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Decode(file)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, tensor.ErrFormat)
	require.ErrorContains(t, err, "again and again")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40*size))

	_, err = Decode(repeated(maxLayers+1, []byte{1}, []int32{1, 1, 1, 1}))
	require.ErrorIs(t, err, tensor.ErrFormat)
	require.ErrorContains(t, err, "layers")
}

func FuzzDecode(f *testing.F) {
	f.Add(build(small().root))
	f.Add(repeated(3, []byte{1, 2}, []int32{2, 1, 1, 1}))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err != nil {
			require.ErrorIs(t, err, tensor.ErrFormat)
			return
		}
		for _, x := range got.Tensors {
			require.NoError(t, x.Check())
		}
	})
}
