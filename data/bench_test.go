package data

import (
	"testing"

	"mnv2/data/augment"
	"mnv2/internal/shareddata"
)

// BenchmarkLoader shows what the Loader itself costs per batch of 64 small samples.
func BenchmarkLoader(b *testing.B) {
	l, err := NewLoader(LoaderConfig{Dataset: newFake(6400), Batch: 64, Size: 2, Channels: 3, Transform: scramble})
	if err != nil {
		b.Fatal(err)
	}
	it := l.Epoch(b.Context(), 0, 0)
	defer func() { it.Close() }()
	for i := 0; b.Loop(); i++ {
		if i%l.Steps() == 0 {
			it.Close()
			it = l.Epoch(b.Context(), i, 0)
		}
		batch, err := it.Next()
		if err != nil {
			b.Fatal(err)
		}
		it.Release(batch)
	}
}

// BenchmarkPhotographs is the input pipeline on one core: photographs of ImageNet, from file to batch, by the recipe for training and
// that for evaluation, with the part that is needed decoded and with everything decoded.
func BenchmarkPhotographs(b *testing.B) {
	set, err := OpenFolder(shareddata.Path(b, "imagenet-sample"), "val", FolderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	train := augment.Train{Size: 224, Scale: [2]float64{0.08, 1}, Ratio: [2]float64{0.75, 1.333}, HFlip: 0.5, ColorJitter: [4]float64{0.4, 0.4, 0.4}}
	bare := train
	bare.ColorJitter = [4]float64{}
	for _, c := range []struct {
		name string
		set  Dataset
		tr   Transform
	}{
		{"crop/part", set, bare}, // what other programs are compared with
		{"train/part", set, train},
		{"train/whole", wholly{set}, train},
		{"eval/part", set, augment.Eval{Size: 224, CropPct: 0.875}},
		{"eval/whole", wholly{set}, augment.Eval{Size: 224, CropPct: 0.875}},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkWorker(b, LoaderConfig{Dataset: c.set, Size: 224, Transform: c.tr}) })
	}
}

// benchmarkWorker lets one worker fill one slot with all samples in turn.
func benchmarkWorker(b *testing.B, cfg LoaderConfig) {
	cfg.Batch, cfg.Channels = 1, 3
	l, err := NewLoader(cfg)
	if err != nil {
		b.Fatal(err)
	}
	w, dst, n := newWorker(l, 0), make([]byte, l.imageBytes()), 0
	b.ReportAllocs()
	for b.Loop() {
		if err := w.fill([][]byte{dst}, n*7919%cfg.Dataset.Len(), 0); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "images/s")
}
