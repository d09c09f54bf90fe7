package main

import (
	"fmt"

	"mnv2/backend"
	"mnv2/checkpoint"
	"mnv2/internal/cli"
	"mnv2/internal/devices"
	"mnv2/internal/footprint"
	"mnv2/internal/options"
	"mnv2/model"
	"mnv2/weights"
)

// network is a checkpoint on a device, ready to classify.
type network struct {
	file      *weights.File
	arch      *model.Arch
	params    *model.Parameters
	inference *model.Inference
}

// openNetwork reads the checkpoint that the options name, or the best of the newest run, and makes it ready for batches
// of n images. What the checkpoint says of itself stands in for options that were not given.
func openNetwork(in *cli.Invocation, n int) (*network, backend.Backend, error) {
	o := &in.Options
	if err := devices.Check(o.Device); err != nil {
		return nil, nil, err
	}
	path := o.CkptPath
	if path == "" {
		var err error
		if path, err = defaultCheckpoint(o); err != nil {
			return nil, nil, err
		}
	}
	f, err := openCheckpoint(path, in.Stderr)
	if err != nil {
		return nil, nil, err
	}
	followCard(o, f)
	if err := chooseAverages(&in.Options, f); err != nil {
		return nil, nil, err
	}
	arch, values, err := readNetwork(o, f)
	if err != nil {
		return nil, nil, err
	}
	note(*in, f.Path+": "+f.Summary())
	device, err := openDevice(*in)
	if err != nil {
		return nil, nil, err
	}
	net, err := placeNetwork(*in, device, arch, values, n)
	if err != nil {
		_ = device.Close() // the first failure is what the user must hear of
		return nil, nil, err
	}
	net.file = f
	return net, device, nil
}

// chooseAverages takes the averaged weights of a file that has them, unless --ema False was given.
func chooseAverages(o *options.Options, f *weights.File) error {
	if s := o.Source("ema"); !o.EMA && (s == options.FromFlag || s == options.FromFile || !f.HasAverages()) {
		return nil
	}
	return f.UseAverages()
}

// readNetwork fits the file to the network it holds. A --model that was given must be that network.
func readNetwork(o *options.Options, f *weights.File) (*model.Arch, map[string][]float32, error) {
	config := f.Config
	if s := o.Source("model"); s == options.FromFlag || s == options.FromFile {
		width, _, err := model.Lookup(o.Model)
		if err != nil {
			return nil, nil, &cli.ExitError{Code: cli.Usage, Err: err}
		}
		config.Width = width
	}
	if config.Classes == 0 {
		return nil, nil, &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("checkpoint %q: it has no classifier", f.Path),
			Hint: "train one on it: mnv2 train --ckpt_path FILE --num_classes N"}
	}
	if given := o.NumClasses; given.Some && o.Source("num_classes") == options.FromFlag && given.Value != config.Classes {
		return nil, nil, &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("checkpoint %q has %d classes, --num_classes is %d",
			f.Path, config.Classes, given.Value)}
	}
	arch, err := model.New(config)
	if err != nil {
		return nil, nil, &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("checkpoint %q: %w", f.Path, err)}
	}
	fit, err := f.Fit(arch, false)
	if err != nil {
		return nil, nil, err
	}
	if len(fit.Missing) > 0 {
		return nil, nil, fmt.Errorf("checkpoint %q: %w: %d parameters are missing: %s", f.Path, checkpoint.ErrFormat,
			len(fit.Missing), weights.Names(fit.Missing))
	}
	return arch, fit.Values, nil
}

func placeNetwork(in cli.Invocation, b backend.Backend, arch *model.Arch, values map[string][]float32, n int) (*network, error) {
	o := &in.Options
	dtype, err := activationType(in, b.Info())
	if err != nil {
		return nil, err
	}
	fuse, err := backend.ParseFuse(o.Fuse)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.Usage, Err: err}
	}
	params, err := model.NewParameters(b, arch, nil)
	if err != nil {
		return nil, err
	}
	if err := params.Store(values); err != nil {
		return nil, err
	}
	inference, err := model.NewInference(params, model.InferenceOptions{Batch: n, Size: o.EvalSize(), DType: dtype,
		Normalization: normalization(o), Fuse: fuse})
	if err != nil {
		return nil, err
	}
	return &network{arch: arch, params: params, inference: inference}, nil
}

// settle gives back the memory that only making ready needed, where that is possible. The parameters cannot be loaded afterwards.
func (n *network) settle() error {
	if _, err := n.inference.ReleaseParameters(); err != nil {
		return err
	}
	footprint.Shrink()
	return nil
}

// close gives back the device and what the network held there.
func (n *network) close(device backend.Backend) error {
	for _, closeOne := range []func() error{n.inference.Close, n.params.Close, device.Close} {
		if err := closeOne(); err != nil {
			return err
		}
	}
	return nil
}
