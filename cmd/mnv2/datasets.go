package main

import (
	"fmt"
	"os"
	"path/filepath"

	"mnv2/data"
	"mnv2/data/augment"
	"mnv2/data/decode"
	"mnv2/data/parquet"
	"mnv2/data/resize"
	"mnv2/data/shapes"
	"mnv2/data/webdataset"
	"mnv2/internal/cli"
	"mnv2/internal/options"
	"mnv2/model"
)

// openDataset opens the named split of the data set that the options name. Whatever keeps it from being read is bad data.
func openDataset(o *options.Options, split string) (data.Dataset, error) {
	set, err := openSplit(o, split)
	if err == nil {
		return set, nil
	}
	hint := ""
	if o.Dataset != "shapes" && !o.IsSet("data_dir") {
		hint = "--data_dir names the folder of the data set; without it that is the present folder"
	}
	return nil, &cli.ExitError{Code: cli.BadData, Err: err, Hint: hint}
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
	case "webdataset":
		set, err := webdataset.Open(o.DataDir, split, webdataset.Options{ClassIndex: o.ClassIndex, CacheDir: listsDir()})
		if err != nil {
			return nil, err
		}
		return data.NewEncoded(set, decode.Limits{}), nil
	case "parquet":
		set, err := parquet.Open(o.DataDir, split, parquet.Options{ClassIndex: o.ClassIndex})
		if err != nil {
			return nil, err
		}
		return data.NewEncoded(set, decode.Limits{}), nil
	}
	return openFolders(o, split)
}

// listsDir is where the lists of shards' members are kept, "" where the user has no such folder.
func listsDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "mnv2", "shards")
}

// openFolders opens a split that is a folder, or a part of a folder that holds both.
func openFolders(o *options.Options, split string) (data.Dataset, error) {
	rules := data.FolderOptions{ClassIndex: o.ClassIndex}
	whole, isDivided := dividedFolder(o)
	if !isDivided {
		return data.OpenFolder(o.DataDir, split, rules)
	}
	set, err := data.OpenFolder(o.DataDir, whole, rules)
	if err != nil {
		return nil, err
	}
	train, val, err := data.NewSplit(set, o.ValShare)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", filepath.Join(o.DataDir, whole), err)
	}
	if split == o.ValSplit {
		return val, nil
	}
	return train, nil
}

// dividedFolder is the folder below data_dir that val_share divides: the training split, or data_dir itself if that is all there is. A validation
// split that is there is used as it is.
func dividedFolder(o *options.Options) (name string, isDivided bool) {
	isFolder := func(name string) bool {
		info, err := os.Stat(filepath.Join(o.DataDir, name))
		return err == nil && info.IsDir()
	}
	if o.ValShare == 0 || o.Dataset != "imagenet" && o.Dataset != "" || isFolder(o.ValSplit) {
		return "", false
	}
	if isFolder(o.TrainSplit) {
		return o.TrainSplit, true
	}
	return "", true
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

// filterOf is how pictures are resized: by interpolation as OpenCV does, or as Pillow does.
func filterOf(o *options.Options) (resize.Filter, error) {
	if o.ResizeFilter == "pil" {
		if o.Interpolation == "bicubic" || o.Interpolation == "pilcubic" {
			return resize.PILBicubic, nil
		}
		return resize.PILBilinear, nil
	}
	return resize.Parse(o.Interpolation)
}

// evalTransform is what happens to a picture on its way into validation and prediction.
func evalTransform(o *options.Options) (data.Transform, error) {
	filter, err := filterOf(o)
	if err != nil {
		return nil, err
	}
	if isSmall(o) {
		t := augment.Whole{Size: o.EvalSize(), Filter: filter}
		return t, t.Check()
	}
	t := augment.Eval{Size: o.EvalSize(), CropPct: o.CropPct, Filter: filter, MindSpore: o.ResizeFilter != "pil"}
	return t, t.Check()
}

// describe names a data set for messages.
func describe(o *options.Options, split string) string {
	if o.Dataset == "shapes" {
		return "the built-in shapes (" + split + ")"
	}
	if whole, isDivided := dividedFolder(o); isDivided {
		share := 1 - o.ValShare
		if split == o.ValSplit {
			share = o.ValShare
		}
		return fmt.Sprintf("%.3g %% of %q", 100*share, filepath.Join(o.DataDir, whole))
	}
	return fmt.Sprintf("%q", filepath.Join(o.DataDir, split))
}
