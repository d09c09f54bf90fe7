package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"mnv2/backend"
	"mnv2/data"
	"mnv2/data/decode"
	"mnv2/internal/atomicfile"
	"mnv2/internal/bench"
	"mnv2/internal/cli"
	"mnv2/internal/options"
	"mnv2/model"
)

// benchModel is the network that is measured unless another one is named: the one that all others publish numbers of.
const benchModel = "mobilenet_v2_100"

// benchPhotos is how many pictures are generated for the input pipeline.
const benchPhotos = 64

func benchCommand(ctx context.Context, in cli.Invocation) (err error) {
	cases, err := bench.ParseCases(in.Options.Cases)
	if err != nil {
		return &cli.ExitError{Code: cli.Usage, Err: err}
	}
	b, err := newBench(&in)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := b.Device.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := openPictures(&in.Options, b, cases); err != nil {
		return err
	}
	report := benchReport{in: in}
	if err := report.conditions(benchConditions(in, b, bench.MeasurePeak(b.Device))); err != nil {
		return err
	}
	for _, c := range cases {
		r, err := b.Run(ctx, c)
		if err != nil {
			return err
		}
		if err := report.result(r); err != nil {
			return err
		}
	}
	if in.Options.Ops {
		if err := b.Ops(ctx, 1, 224, report.op); err != nil {
			return err
		}
	}
	return report.chart(in.Options.Chart)
}

// newBench opens the device and the network: that of --ckpt_path, or one with random weights.
func newBench(in *cli.Invocation) (*bench.Bench, error) {
	o := &in.Options
	arch, err := benchNetwork(o, in.Stderr)
	if err != nil {
		return nil, err
	}
	fuse, err := backend.ParseFuse(o.Fuse)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.Usage, Err: err}
	}
	device, err := openDevice(*in)
	if err != nil {
		return nil, err
	}
	workers := o.Threads
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &bench.Bench{Device: device, Arch: arch, Values: func() (map[string][]float32, error) { return benchValues(o, arch, in.Stderr) }, Numbers: normalization(o), Fuse: fuse,
		Time: time.Duration(o.Seconds * float64(time.Second)), Workers: workers}, nil
}

// benchNetwork is the network of --ckpt_path, or else of --model.
func benchNetwork(o *options.Options, stderr io.Writer) (*model.Arch, error) {
	if o.CkptPath != "" {
		f, err := openCheckpoint(o.CkptPath, stderr)
		if err != nil {
			return nil, err
		}
		followCard(o, f)
		arch, _, err := readNetwork(o, f)
		return arch, err
	}
	if !o.IsSet("model") {
		o.Model = benchModel
	}
	width, _, err := model.Lookup(o.Model)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.Usage, Err: err}
	}
	arch, err := model.New(model.Config{Width: width, Classes: 1000, InChannels: 3, DropRate: o.DropRate})
	if err != nil {
		return nil, &cli.ExitError{Code: cli.Usage, Err: err}
	}
	return arch, nil
}

// benchValues are the parameters of that network, random without a checkpoint.
func benchValues(o *options.Options, arch *model.Arch, stderr io.Writer) (map[string][]float32, error) {
	if o.CkptPath == "" {
		return arch.Init(uint64(o.Seed)), nil
	}
	f, err := openCheckpoint(o.CkptPath, stderr)
	if err != nil {
		return nil, err
	}
	_, values, err := readNetwork(o, f)
	return values, err
}

// openPictures opens what the input pipeline reads, if it is measured.
func openPictures(o *options.Options, b *bench.Bench, cases []bench.Case) error {
	for _, c := range cases {
		if c.Kind != bench.Input {
			continue
		}
		o.ImageResize = c.Size
		var err error
		if b.Pictures, err = benchPictures(o); err != nil {
			return &cli.ExitError{Code: cli.BadData, Err: err}
		}
		if b.Transform, _, err = trainTransform(o); err != nil {
			return err
		}
	}
	return nil
}

func benchPictures(o *options.Options) (data.Dataset, error) {
	if !o.IsSet("data_dir") {
		return bench.NewPhotos(benchPhotos)
	}
	return data.OpenFolder(o.DataDir, o.TrainSplit, data.FolderOptions{})
}

// benchConditions is all that a number depends on beside the code.
func benchConditions(in cli.Invocation, b *bench.Bench, peak float64) conditions {
	info := b.Device.Info()
	c := conditions{Version: version, Device: info.Device, Model: info.Model, Kernels: info.Versions["kernels"], Threads: info.Threads,
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Seconds: in.Options.Seconds, PeakGFLOPS: peak / 1e9,
		Network: in.Options.Model, Weights: "random", Pictures: "generated"}
	if in.Options.CkptPath != "" {
		c.Network, c.Weights = fmt.Sprintf("width %g", b.Arch.Width), in.Options.CkptPath
	}
	if in.Options.IsSet("data_dir") {
		c.Pictures = in.Options.DataDir
	}
	c.JPEG, _ = decode.JPEG() // where it cannot be had, the case that needs it says so
	return c
}

// writeChart draws the results to the named file.
func writeChart(path, title string, results []bench.Result) error {
	return atomicfile.Write(path, 0o644, func(w io.Writer) error { return bench.Chart(w, title, bench.Bars(results)) })
}
