package checkpoint

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/shareddata"
)

func readShared(t *testing.T, name string) *File {
	t.Helper()
	f, err := Read(shareddata.Path(t, name))
	require.NoError(t, err)
	return f
}

// goldenTensor holds the first values of a tensor as PyTorch 1.13 prints them (torch.load, then tolist).
type goldenTensor struct {
	name  string
	dtype DType
	shape []int
	first []float32
}

func TestSharedPyTorchFiles(t *testing.T) {
	tests := map[string][]goldenTensor{
		"rd_bfloat16": {{"tensor", BF16, []int{3}, []float32{1.5, -2.5, 3.5}}},
		"rd_bool":     {{"tensor", Bool, []int{5}, []float32{1, 0, 1, 1, 0}}},
		"rd_float16":  {{"tensor", F16, []int{3}, []float32{1.5, -2.25, 3.125}}},
		"rd_float64":  {{"tensor", F64, []int{3}, []float32{1.1, 2.2, 3.3}}},
		"rd_int64":    {{"tensor", I64, []int{4}, []float32{100, -200, 300, 0}}},
		"rd_scalar":   {{"tensor", F32, []int{}, []float32{42}}},
		"rd_parameter": {{"param", F32, []int{3, 3}, []float32{1.0249119, 0.22231829, -0.7380724, -0.92582947,
			-1.3516519, 1.0651454}}},
		"rd_legacy_with_offsets": {
			{"tensor1", F32, []int{10}, []float32{1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.0699999, 1.08, 1.09}},
			{"tensor2", F32, []int{5}, []float32{2, 2.1, 2.2, 2.3, 2.4}},
			{"tensor3", F32, []int{5}, []float32{3, 3.1, 3.2, 3.3, 3.4}},
		},
		"rd_simple_legacy": {
			{"weight", F32, []int{2, 3}, []float32{-1.812955, 1.1972814, -1.259396, -0.6564882, -1.4788749, 2.0878928}},
			{"bias", F32, []int{2}, []float32{1, 1}},
			{"running_mean", F32, []int{2}, []float32{0, 0}},
		},
		"rd_nested_dict": {
			{"layer1.weight", F32, []int{2, 3}, []float32{0.01915081, 0.105173014, 0.96034014}},
			{"layer1.bias", F32, []int{2}, []float32{0.11148621, -0.0391967}},
			{"layer2.weight", F32, []int{4, 2}, []float32{1.4111539, -0.655611, 0.8576057}},
			{"layer2.bias", F32, []int{4}, []float32{-0.93160295, -0.13348687, 0.34148848, -0.07157138}},
		},
		"rd_state_dict": {
			{"weight", F32, []int{3, 4}, []float32{0.46790305, -0.20493191, -0.74090713}},
			{"bias", F32, []int{3}, []float32{1.1351023, 0.7592452, -3.5944688}},
			{"running_mean", F32, []int{3}, []float32{0, 0, 0}},
			{"running_var", F32, []int{3}, []float32{1, 1, 1}},
		},
		"rd_checkpoint": {
			{"model_state_dict.fc1.weight", F32, []int{10, 5}, []float32{1.041401, -0.39973062, -2.2933345}},
			{"model_state_dict.fc1.bias", F32, []int{10}, []float32{-0.09089038, -0.5790548, -0.85045755}},
			{"model_state_dict.fc2.weight", F32, []int{3, 10}, []float32{0.17869195, -0.12930897, -0.9291302}},
			{"model_state_dict.fc2.bias", F32, []int{3}, []float32{1.4371334, -0.44006175, 0.49959478}},
			{"optimizer_state_dict.state.0.momentum_buffer", F32, []int{10, 5}, []float32{0.9732941, -1.0150788}},
		},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			f := readShared(t, "formats/pytorch/"+name+".pt")
			require.Len(t, f.Tensors, len(want))
			for i, w := range want {
				compareGolden(t, w, f.Tensors[i])
			}
		})
	}
}

func compareGolden(t *testing.T, want goldenTensor, got Tensor) {
	t.Helper()
	require.Equal(t, want.name, got.Name)
	assert.Equal(t, want.dtype, got.DType)
	assert.Equal(t, want.shape, got.Shape)
	v, err := got.Float32s()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(v), len(want.first))
	assert.Equal(t, want.first, v[:len(want.first)])
}

func TestSharedPyTorchTrainingValues(t *testing.T) {
	f := readShared(t, "formats/pytorch/rd_checkpoint.pt")
	require.Equal(t, map[string]string{"epoch": "42", "loss": "0.123"}, f.Meta)
	require.Len(t, Unwrap(f).Tensors, 4)
	require.Equal(t, "fc1.weight", Unwrap(f).Tensors[0].Name)
}

func TestSharedBrokenPyTorch(t *testing.T) {
	_, err := Read(shareddata.Path(t, "formats/pytorch/rd_broken.pt"))
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "unknown format")
}

// TestSharedMNIST reads one architecture from two formats. The two files were trained separately (3752 and 7504 batches,
// so PyTorch says too): names, types and shapes agree, values do not.
func TestSharedMNIST(t *testing.T) {
	pt := readShared(t, "formats/pytorch/mnist.pt")
	st := readShared(t, "formats/safetensors/mnist.safetensors")
	require.Len(t, pt.Tensors, 20)
	require.Len(t, st.Tensors, 20)
	for _, a := range pt.Tensors {
		b, ok := st.Find(a.Name)
		require.True(t, ok, a.Name)
		require.Equal(t, a.DType, b.DType, a.Name)
		require.Equal(t, append([]int{}, a.Shape...), append([]int{}, b.Shape...), a.Name)
	}
	find := func(f *File, name string) Tensor {
		x, ok := f.Find(name)
		require.True(t, ok, name)
		return x
	}
	compareGolden(t, goldenTensor{"conv1.weight", F32, []int{8, 1, 3, 3}, []float32{0.16227688, -0.23659371}}, find(pt, "conv1.weight"))
	compareGolden(t, goldenTensor{"conv1.weight", F32, []int{8, 1, 3, 3}, []float32{0.16581726, -0.22399443}}, find(st, "conv1.weight"))
	compareGolden(t, goldenTensor{"norm2.running_var", F32, []int{10}, []float32{86.59009, 47.100452}}, find(pt, "norm2.running_var"))
	compareGolden(t, goldenTensor{"norm2.running_var", F32, []int{10}, []float32{54.639168, 27.290674}}, find(st, "norm2.running_var"))
	compareGolden(t, goldenTensor{"norm2.num_batches_tracked", I64, []int{}, []float32{3752}}, find(pt, "norm2.num_batches_tracked"))
	compareGolden(t, goldenTensor{"norm2.num_batches_tracked", I64, nil, []float32{7504}}, find(st, "norm2.num_batches_tracked"))
}

func TestSharedMultiLayerSafetensors(t *testing.T) {
	f := readShared(t, "formats/safetensors/multi_layer.safetensors")
	require.Len(t, f.Tensors, 9)
	compareGolden(t, goldenTensor{"norm1.num_batches_tracked", I64, nil, []float32{1}}, f.Tensors[0])
	conv, ok := f.Find("conv1.weight")
	require.True(t, ok)
	require.Equal(t, []int{4, 3, 3, 3}, conv.Shape)
}

func TestSharedMindSpore(t *testing.T) {
	classifier := readShared(t, "formats/mindspore/FADA-tgt-classifier.ckpt")
	require.Len(t, classifier.Tensors, 2)
	// First bytes of the file: ab da 5a 3e, 1f af 61 bd.
	compareGolden(t, goldenTensor{"train_for_CE.classifier.fc.weight", F32, []int{10, 64},
		[]float32{math.Float32frombits(0x3e5adaab), math.Float32frombits(0xbd61af1f)}}, classifier.Tensors[0])
	require.Equal(t, []int{10}, classifier.Tensors[1].Shape)

	encoder := readShared(t, "formats/mindspore/FADA-source-encoder.ckpt")
	require.Len(t, encoder.Tensors, 8)
	for _, x := range encoder.Tensors {
		require.NoError(t, x.Check())
		v, err := x.Float32s()
		require.NoError(t, err)
		require.Less(t, maxAbs(v), 10.0, x.Name)
	}
}

func TestSharedMindIRIsExplained(t *testing.T) {
	_, err := Read(shareddata.Path(t, "formats/mindspore/fada-net.mindir"))
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "MindIR")
}

func TestSharedONNXIsExplained(t *testing.T) {
	_, err := Read(shareddata.Path(t, "formats/onnx/fada-net-by-mindspore.onnx"))
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "ONNX")
}

// TestSharedTFLiteEqualsPyTorch compares all 53 layers of the two files that hold the same network. The .pth has its
// batch norms unfolded, so that w*gamma/sqrt(var+eps) and beta-mean*gamma/sqrt(var+eps) must be what .tflite stores.
func TestSharedTFLiteEqualsPyTorch(t *testing.T) {
	lite := readShared(t, "weights/mobilenet_v2_100-imagenet-int8.tflite")
	full := readShared(t, "weights/mobilenet_v2_100-imagenet.pth")
	require.Len(t, full.Tensors, 314)
	layers := torchvisionLayers()
	require.Len(t, layers, 53)
	require.Len(t, lite.Tensors, 2*len(layers))
	for i, l := range layers {
		w, b := folded(t, full, l)
		compareLayer(t, lite, fmt.Sprintf("layer.%d.weight", i), w)
		compareLayer(t, lite, fmt.Sprintf("layer.%d.bias", i), b)
		require.Equal(t, l.op, lite.Meta[fmt.Sprintf("layer.%d.op", i)], "layer %d", i)
	}
	for i, stride := range map[int]string{0: "2", 1: "1", 4: "2", 7: "1", 10: "2", 19: "2", 40: "2"} {
		require.Equal(t, stride, lite.Meta[fmt.Sprintf("layer.%d.stride", i)], "layer %d", i)
	}
	require.Equal(t, "relu6", lite.Meta["layer.0.activation"])
	require.Equal(t, "none", lite.Meta["layer.2.activation"])
	require.Equal(t, "[1 224 224 3]", lite.Meta["input.shape"])
	require.Equal(t, "127", lite.Meta["input.zero_point"])
}

type layer struct{ op, weight, norm string } // norm "" for the classifier

// torchvisionLayers lists the 53 layers in running order under torchvision's names.
func torchvisionLayers() []layer {
	out := []layer{{"conv", "features.0.0", "features.0.1"}}
	for b := 1; b <= 17; b++ {
		p, k := fmt.Sprintf("features.%d.conv.", b), 0
		if b > 1 {
			out = append(out, layer{"conv", p + "0.0", p + "0.1"})
			k = 1
		}
		out = append(out, layer{"depthwise", fmt.Sprintf("%s%d.0", p, k), fmt.Sprintf("%s%d.1", p, k)},
			layer{"conv", fmt.Sprintf("%s%d", p, k+1), fmt.Sprintf("%s%d", p, k+2)})
	}
	return append(out, layer{"conv", "features.18.0", "features.18.1"}, layer{"dense", "classifier.1", ""})
}

func folded(t *testing.T, f *File, l layer) (w, b Tensor) {
	t.Helper()
	get := func(name string) ([]float32, []int) {
		x, ok := f.Find(name)
		require.True(t, ok, name)
		v, err := x.Float32s()
		require.NoError(t, err)
		return v, x.Shape
	}
	weight, shape := get(l.weight + ".weight")
	if l.norm == "" {
		bias, _ := get(l.weight + ".bias")
		return FromFloat32s("", shape, weight), FromFloat32s("", []int{len(bias)}, bias)
	}
	gamma, _ := get(l.norm + ".weight")
	beta, _ := get(l.norm + ".bias")
	mean, _ := get(l.norm + ".running_mean")
	variance, _ := get(l.norm + ".running_var")
	per := len(weight) / len(gamma)
	bias := make([]float32, len(gamma))
	for c := range gamma {
		scale := float64(gamma[c]) / math.Sqrt(float64(variance[c])+1e-5)
		for i := c * per; i < (c+1)*per; i++ {
			weight[i] = float32(float64(weight[i]) * scale)
		}
		bias[c] = float32(float64(beta[c]) - float64(mean[c])*scale)
	}
	return FromFloat32s("", shape, weight), FromFloat32s("", []int{len(bias)}, bias)
}

// compareLayer allows 2e-6 of the largest value: folding and unfolding round a handful of times at 6e-8 each, and the
// bias is a difference of two larger numbers.
func compareLayer(t *testing.T, f *File, name string, want Tensor) {
	t.Helper()
	got, ok := f.Find(name)
	require.True(t, ok, name)
	require.Equal(t, want.Shape, got.Shape, name)
	g, err := got.Float32s()
	require.NoError(t, err)
	want.Name = name
	w, err := want.Float32s()
	require.NoError(t, err)
	limit := 2e-6 * math.Max(1, maxAbs(w))
	if strings.HasSuffix(name, "weight") {
		limit = 2e-6 * maxAbs(w)
	}
	for i := range g {
		if d := math.Abs(float64(g[i]) - float64(w[i])); !(d <= limit) {
			require.Failf(t, "differs", "%s[%d]: %v, want %v (limit %v)", name, i, g[i], w[i], limit)
		}
	}
}
