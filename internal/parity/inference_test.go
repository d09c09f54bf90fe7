package parity

import (
	"context"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/checkpoint"
	"mnv2/data"
	"mnv2/data/augment"
	"mnv2/data/decode"
	"mnv2/data/resize"
	"mnv2/internal/golden"
	"mnv2/internal/shareddata"
	"mnv2/model"
	"mnv2/train"
	"mnv2/weights"
)

// picture is what the golden file says of one picture.
type picture struct {
	File   string  `json:"file"`
	CRC32  uint32  `json:"crc32"` // of the 224 x 224 x 3 bytes that Pillow makes of it
	Spread float64 `json:"spread"`
}

// closeness is how far logits may be from float64 PyTorch's, in units of their standard deviation over the classes.
const closeness = 1e-4

// published are the ImageNet weights in torchvision's layout.
const published = "weights/mobilenet_v2_100-imagenet.pth"

// open returns the network in the file at path, ready for batches of n pictures of 224 x 224.
func open(t *testing.T, path string, n int) *model.Inference {
	t.Helper()
	f, err := weights.Open(path)
	require.NoError(t, err)
	a, err := model.New(f.Config)
	require.NoError(t, err)
	fit, err := f.Fit(a, false)
	require.NoError(t, err)
	return place(t, a, fit.Values, n, 224)
}

// place puts a network on the CPU, ready for batches of n pictures of size x size.
func place(t *testing.T, a *model.Arch, values map[string][]float32, n, size int) *model.Inference {
	t.Helper()
	params, err := model.NewParameters(openCPU(t), a, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, params.Close()) })
	require.NoError(t, params.Store(values))
	net, err := model.NewInference(params, model.InferenceOptions{Batch: n, Size: size, Normalization: midGrey})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, net.Close()) })
	return net
}

func TestLogitsEqualPyTorch(t *testing.T) {
	net := open(t, shareddata.Path(t, published), 1)
	g := golden.Load(t, "inference.safetensors")
	t.Run("generated", func(t *testing.T) {
		var meta struct {
			Stream string  `json:"stream"`
			Size   int     `json:"size"`
			Spread float64 `json:"spread"`
		}
		g.Meta("generated", &meta)
		logits := run(t, net, golden.Images(meta.Stream, 1, meta.Size))
		assert.Less(t, farthest(logits, g.Float64("generated.f64"), nil), closeness*meta.Spread)
	})
	var pictures []picture
	g.Meta("pictures", &pictures)
	for i, p := range pictures {
		t.Run(p.File, func(t *testing.T) {
			crop := evaluationCrop(t, p.File)
			assert.Equal(t, p.CRC32, crc32.ChecksumIEEE(crop), "the cut-out must be Pillow's to the last bit")
			key := string(rune('0' + i))
			got := farthest(run(t, net, crop), g.Float64(key+".f64"), g.Int64(key+".index"))
			assert.Less(t, got, closeness*p.Spread)
		})
	}
}

func run(t *testing.T, net *model.Inference, pixels []byte) []float32 {
	t.Helper()
	logits := make([]float32, 1000)
	require.NoError(t, net.Logits(logits, pixels, 1))
	return logits
}

// evaluationCrop makes the network's input of a shared picture as torchvision does: Pillow resize to 256, cut out 224.
func evaluationCrop(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(shareddata.Path(t, file))
	require.NoError(t, err)
	img, err := decode.Image(b, file, decode.Limits{})
	require.NoError(t, err)
	crop := make([]byte, 224*224*3)
	var s augment.Scratch
	augment.Eval{Size: 224, CropPct: 0.875, Filter: resize.PILBilinear}.Apply(crop, img, &s)
	return crop
}

// farthest returns the largest difference of got, at the given places if any, from want.
func farthest(got []float32, want []float64, places []int64) float64 {
	worst := 0.0
	for i, w := range want {
		at := i
		if places != nil {
			at = int(places[i])
		}
		if d := math.Abs(float64(got[at]) - w); !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// TestOtherFormatsGiveTheSame sends the weights through every format that can be written, and reads the .tflite they came
// from, in which the batch norms are folded into the convolutions.
func TestOtherFormatsGiveTheSame(t *testing.T) {
	source := shareddata.Path(t, published)
	pixels := evaluationCrop(t, "imagenet-sample/val/n01440764/n01440764_tench.JPEG")
	want := run(t, open(t, source, 1), pixels)
	for _, suffix := range []string{".ckpt", ".safetensors", ".pth"} {
		for _, naming := range model.Schemes() {
			path := filepath.Join(t.TempDir(), "converted"+suffix)
			convert(t, source, path, naming)
			assert.Equal(t, want, run(t, open(t, path, 1), pixels), "%s with the names of %s", suffix, naming)
		}
	}
	folded := run(t, open(t, shareddata.Path(t, "weights/mobilenet_v2_100-imagenet-int8.tflite"), 1), pixels)
	assert.Less(t, farthest(folded, widen(want), nil), closeness, "the .tflite")
}

func convert(t *testing.T, from, to string, naming model.Scheme) {
	t.Helper()
	f, err := weights.Open(from)
	require.NoError(t, err)
	a, err := model.New(f.Config)
	require.NoError(t, err)
	fit, err := f.Fit(a, false)
	require.NoError(t, err)
	format, err := checkpoint.FormatForPath(to)
	require.NoError(t, err)
	require.NoError(t, weights.Save(to, format, naming, weights.Snapshot{Arch: a, Values: fit.Values}))
}

// spread is the standard deviation.
func spread(v []float64) float64 {
	var sum, squares float64
	for _, x := range v {
		sum += x
		squares += x * x
	}
	n := float64(len(v))
	return math.Sqrt(squares/n - sum/n*sum/n)
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

// TestAccuracyOnTheSample classifies the 500 pictures; PyTorch gets 394 right, 472 among the best five, and a mean
// cross-entropy of 0.94716.
func TestAccuracyOnTheSample(t *testing.T) {
	if os.Getenv("MNV2_EXEC") != "" {
		t.Skip("MNV2_EXEC names an emulator, under which this takes half an hour; the logits of single pictures are tested there too")
	}
	set, err := data.OpenFolder(shareddata.Path(t, "imagenet-sample"), "val", data.FolderOptions{
		ClassIndex: shareddata.Path(t, "imagenet-sample/imagenet_class_index.json")})
	require.NoError(t, err)
	const batch = 20
	loader, err := data.NewLoader(data.LoaderConfig{Dataset: set, Batch: batch, Size: 224, Channels: 3,
		Transform: augment.Eval{Size: 224, CropPct: 0.875, Filter: resize.PILBilinear}})
	require.NoError(t, err)
	m, err := train.Evaluate(context.Background(), open(t, shareddata.Path(t, published), batch), 1000, loader, train.EvalOptions{Batch: batch})
	require.NoError(t, err)
	assert.Equal(t, 500, m.Images)
	assert.InDelta(t, 78.8, m.Top1, 0.002)
	assert.InDelta(t, 94.4, m.Top5, 0.002)
	assert.InDelta(t, 0.9472, m.Loss, 0.0005)
}
