package main

import (
	"fmt"
	"path/filepath"

	"mnv2/data"
	"mnv2/data/augment"
	"mnv2/data/resize"
	"mnv2/data/shapes"
	"mnv2/internal/cli"
	"mnv2/internal/options"
	"mnv2/model"
)

// openDataset opens the named split of the data set that the options name. Whatever keeps it from being read is bad data.
func openDataset(o *options.Options, split string) (data.Dataset, error) {
	set, err := openSplit(o, split)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.BadData, Err: err}
	}
	return set, nil
}

func openSplit(o *options.Options, split string) (data.Dataset, error) {
	switch o.Dataset {
	case "shapes":
		return shapes.New(split, shapes.Options{Size: o.ImageResize})
	case "cifar10":
		return data.OpenCIFAR10(o.DataDir, split)
	case "cifar100":
		return data.OpenCIFAR100(o.DataDir, split)
	case "mnist":
		return data.OpenMNIST(o.DataDir, split)
	}
	return data.OpenFolder(o.DataDir, split, data.FolderOptions{ClassIndex: o.ClassIndex})
}

// normalization is how bytes become numbers: the options' for pictures, MindCV's fixed ones for CIFAR and MNIST.
func normalization(o *options.Options) model.Normalization {
	switch o.Dataset {
	case "cifar10", "cifar100":
		return model.Normalization{Mean: times255(0.4914, 0.4822, 0.4465), Std: times255(0.2023, 0.1994, 0.2010)}
	case "mnist":
		return model.Normalization{Mean: times255(0.1307), Std: times255(0.3081)}
	}
	return model.Normalization{Mean: o.Mean, Std: o.Std}
}

func times255(v ...float64) []float64 {
	for i := range v {
		v[i] *= 255
	}
	return v
}

// isSmall reports whether the data set has MindCV's pipeline for small pictures.
func isSmall(o *options.Options) bool {
	return o.Dataset == "cifar10" || o.Dataset == "cifar100" || o.Dataset == "mnist"
}

// trainTransform is what happens to a picture on its way into training.
func trainTransform(o *options.Options) (data.Transform, error) {
	filter, err := resize.Parse(o.ResizeFilter)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Dataset == "mnist":
		t := augment.Whole{Size: o.ImageResize, Filter: filter}
		return t, t.Check()
	case isSmall(o):
		t := augment.CifarTrain{Size: o.ImageResize, Filter: filter}
		return t, t.Check()
	}
	t := augment.Train{Size: o.ImageResize, Scale: [2]float64(o.Scale), Ratio: [2]float64(o.Ratio),
		HFlip: o.HFlip, VFlip: o.VFlip, ColorJitter: jitter(o.ColorJitter), Filter: filter}
	return t, t.Check()
}

// evalTransform is what happens to a picture on its way into validation and prediction.
func evalTransform(o *options.Options) (data.Transform, error) {
	filter, err := resize.Parse(o.ResizeFilter)
	if err != nil {
		return nil, err
	}
	if isSmall(o) {
		t := augment.Whole{Size: o.ImageResize, Filter: filter}
		return t, t.Check()
	}
	t := augment.Eval{Size: o.ImageResize, CropPct: o.CropPct, Filter: filter}
	return t, t.Check()
}

// jitter spreads color_jitter: one number stands for brightness, contrast and saturation alike.
func jitter(list []float64) [4]float64 {
	var j [4]float64
	if len(list) == 1 {
		list = []float64{list[0], list[0], list[0]}
	}
	copy(j[:], list)
	return j
}

// describe names a data set for messages.
func describe(o *options.Options, split string) string {
	if o.Dataset == "shapes" {
		return "the built-in shapes (" + split + ")"
	}
	return fmt.Sprintf("%q", filepath.Join(o.DataDir, split))
}
