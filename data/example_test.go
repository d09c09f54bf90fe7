package data_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"mnv2/data"
	"mnv2/data/augment"
	"mnv2/data/shapes"
)

// One training epoch of the built-in set, flipped at random, and one of validation.
func ExampleLoader() {
	train, err := shapes.New("train", shapes.Options{Size: 32, Train: 100})
	if err != nil {
		log.Fatal(err)
	}
	crop := augment.Train{Size: 32, Scale: [2]float64{0.8, 1}, Ratio: [2]float64{0.75, 1.333}, HFlip: 0.5}
	run(data.LoaderConfig{Dataset: train, Batch: 32, Size: 32, Channels: 3, Transform: crop,
		Seed: 42, Shuffle: true, Train: true, DropLast: true})

	val, err := shapes.New("val", shapes.Options{Size: 32, Val: 100})
	if err != nil {
		log.Fatal(err)
	}
	cut := augment.Eval{Size: 32, CropPct: 0.875}
	run(data.LoaderConfig{Dataset: val, Batch: 32, Size: 32, Channels: 3, Transform: cut})
	// Output:
	// 3 steps, 96 samples
	// 4 steps, 100 samples
}

func run(cfg data.LoaderConfig) {
	loader, err := data.NewLoader(cfg)
	if err != nil {
		log.Fatal(err)
	}
	it := loader.Epoch(context.Background(), 0, 0)
	defer it.Close()
	samples := 0
	for {
		b, err := it.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		samples += b.Count // the network takes b.Images and b.Labels here
		it.Release(b)
	}
	fmt.Printf("%d steps, %d samples\n", loader.Steps(), samples)
}
