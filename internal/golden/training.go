package golden

import (
	"math"
	"testing"
)

// Training is five training steps in float64 PyTorch: testdata/golden/training_*.safetensors.gz.
type Training struct {
	*File
	Width           float64
	Classes, Size   int // picture side
	Batch, Steps    int
	Smoothing, Mu   float64 // label smoothing; momentum
	Streams         []string
	Runs            map[string]TrainingRun
	CornerDistances []float64 // per step, in float32's errors: how near a pre-activation comes to a corner of ReLU6
}

// TrainingRun is the learning rate and the weight decay, on all parameters, of a run.
type TrainingRun struct {
	LR          float64 `json:"lr"`
	WeightDecay float64 `json:"weight_decay"`
}

// Yardstick is how far float32 PyTorch is from float64 PyTorch in one tensor (or one loss): the L2 distance over the
// stored samples, median and largest over several ways of computing it (channels-last apart).
type Yardstick struct{ Median, Max float64 }

// LoadTraining reads the steps of a width: 0.75 or 1.
func LoadTraining(tb testing.TB, width float64) *Training {
	tb.Helper()
	name := "training_100.safetensors.gz"
	if width == 0.75 {
		name = "training_075.safetensors.gz"
	}
	t := &Training{File: Load(tb, name)}
	for key, v := range map[string]any{"width": &t.Width, "classes": &t.Classes, "size": &t.Size, "batch": &t.Batch,
		"steps": &t.Steps, "smoothing": &t.Smoothing, "momentum": &t.Mu, "streams": &t.Streams, "runs": &t.Runs,
		"corner_distances": &t.CornerDistances} {
		t.Meta(key, v)
	}
	if t.Width != width {
		tb.Fatalf("golden training: no steps of width %v", width)
	}
	return t
}

// Pictures returns the normalised float32 NCHW pictures of a step, counted from 0.
func (t *Training) Pictures(step int) []float32 {
	return Normalised(Images(t.Streams[step], t.Batch, t.Size), t.Batch, t.Size)
}

// Labels returns the class numbers of a step.
func (t *Training) Labels(step int) []int32 {
	return Labels(t.Streams[step]+".labels", t.Batch, t.Classes)
}

// Losses returns the loss of every step of a run, and what float32 PyTorch is off.
func (t *Training) Losses(run string) ([]float64, []Yardstick) {
	t.tb.Helper()
	spread := t.Float64(run + ".losses.distance")
	y := make([]Yardstick, t.Steps)
	for i := range y {
		y[i] = Yardstick{spread[2*i], spread[2*i+1]}
	}
	return t.Float64(run + ".losses"), y
}

// Tensors returns torchvision's names of the tensors in a group: "grad" (the gradients of step 1, before weight decay),
// "steady.state" and "fast.state" (weights and moving statistics after the last step of a run).
func (t *Training) Tensors(group string) []string { return t.Names(group + "/") }

// Distance returns the L2 distance of got from float64 PyTorch over the stored samples, and the distance of float32
// PyTorch over the same ones.
func (t *Training) Distance(group, name string, got []float32) (float64, Yardstick) {
	t.tb.Helper()
	want := t.Float64(group + "/" + name)
	sampled := Sample(got)
	if len(sampled) != len(want) {
		t.tb.Fatalf("golden training %s %q: %d elements, of which %d samples: want %d", group, name, len(got), len(sampled), len(want))
	}
	var sum float64
	for i, v := range sampled {
		d := float64(v) - want[i]
		sum += d * d
	}
	spread := t.Float64(group + ".distance/" + name)
	return math.Sqrt(sum), Yardstick{spread[0], spread[1]}
}

// Norm returns the L2 norm of the whole tensor.
func (t *Training) Norm(group, name string) float64 {
	t.tb.Helper()
	return t.Float64(group + ".print/" + name)[0]
}

// Sample returns every k-th element: all of up to 1280, else k = the first number from n/512 on, rounded up, that has no
// common divisor with n.
func Sample[T any](a []T) []T {
	k := sampleStride(len(a))
	out := make([]T, 0, len(a)/k+1)
	for i := 0; i < len(a); i += k {
		out = append(out, a[i])
	}
	return out
}

func sampleStride(n int) int {
	if n <= 1280 {
		return 1
	}
	k := (n + 511) / 512
	for gcd(k, n) != 1 {
		k++
	}
	return k
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
