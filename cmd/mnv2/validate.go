package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mnv2/backend"
	"mnv2/data"
	"mnv2/internal/cli"
	"mnv2/internal/options"
	"mnv2/internal/term"
	"mnv2/train"
)

// validation is the last line of validate --format json. Top-1 and top-5 are percent.
type validation struct {
	Top1         float64 `json:"top1"`
	Top5         float64 `json:"top5"`
	Loss         float64 `json:"loss"`
	LossSmoothed float64 `json:"loss_smoothed"`
	Images       int     `json:"images"`
	Seconds      float64 `json:"seconds"`
	Device       string  `json:"device"`
	Unreadable   int     `json:"unreadable,omitempty"`
}

func validateCommand(ctx context.Context, in cli.Invocation) (err error) {
	o := &in.Options
	net, device, err := openNetwork(&in, o.BatchSize)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := net.close(device); err == nil {
			err = closeErr
		}
	}()
	set, err := openDataset(o, o.ValSplit)
	if err != nil {
		return err
	}
	if set, err = alignClasses(o, net, set); err != nil {
		return err
	}
	folderNotes(in, set)
	if err := checkClasses(net, set); err != nil {
		return err
	}
	bad := &badFiles{in: in}
	loader, err := evalLoader(o, set, bad.add)
	if err != nil {
		return err
	}
	if o.Profile > 0 {
		batches := &data.Cycle{Loader: loader}
		defer batches.Close()
		return profileInference(ctx, in, net, device, o.BatchSize, fromLoader(batches))
	}
	m, err := measure(ctx, in, net, set.Len(), loader)
	if err != nil {
		return err
	}
	return printValidation(in, m, device.Info(), bad.count)
}

// measure evaluates the network with a progress line.
func measure(ctx context.Context, in cli.Invocation, net *network, images int, loader *data.Loader) (train.Metrics, error) {
	screen := openScreen(in)
	start := time.Now()
	progress := func(done int) {
		if in.Options.Quiet || in.JSON {
			return
		}
		elapsed := time.Since(start)
		_ = screen.Progress(fmt.Sprintf("validate %d/%d images  %.0f img/s  ETA %s", done, images,
			float64(done)/elapsed.Seconds(), term.Duration(term.Remaining(int64(done), int64(images), elapsed))))
	}
	m, err := train.Evaluate(ctx, net.inference, net.arch.Classes, loader,
		train.EvalOptions{Batch: in.Options.BatchSize, Loss: in.Options.Loss, Smoothing: in.Options.LabelSmoothing, Progress: progress})
	return m, errors.Join(err, screen.Clear())
}

// checkClasses refuses labels that the network has no score for.
func checkClasses(net *network, set data.Dataset) error {
	if n := len(set.Classes()); n > net.arch.Classes {
		return &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("the data set has %d classes, the checkpoint %d", n, net.arch.Classes),
			Hint: "name the checkpoint that was trained on it with --ckpt_path"}
	} else if n < net.arch.Classes {
		return &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("the data set has %d class folders, the checkpoint %d classes", n, net.arch.Classes),
			Hint: "if only some classes have a folder, --class_index FILE tells which class each folder is"}
	}
	if card := net.file.Card; card != nil && len(card.Classes) == net.arch.Classes {
		for i, name := range set.Classes() {
			if name != card.Classes[i] {
				return &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("class %d is %q in the data set and %q in the checkpoint",
					i, name, card.Classes[i]), Hint: "equal labels would mean different things; --class_index FILE names the classes in order"}
			}
		}
	}
	return nil
}

// alignClasses numbers the folders as the checkpoint does, if its class names include all of theirs: then a split may lack
// some of the classes.
func alignClasses(o *options.Options, net *network, set data.Dataset) (data.Dataset, error) {
	card := net.file.Card
	if _, isFolder := set.(*data.Folder); !isFolder || o.ClassIndex != "" || card == nil || slices.Equal(card.Classes, set.Classes()) {
		return set, nil
	}
	for _, name := range set.Classes() {
		if !slices.Contains(card.Classes, name) {
			return set, nil
		}
	}
	aligned, err := data.OpenFolder(o.DataDir, o.ValSplit, data.FolderOptions{Classes: card.Classes})
	if err != nil {
		return nil, &cli.ExitError{Code: cli.BadData, Err: err}
	}
	return aligned, nil
}

// folderNotes tells what a folder holds besides images.
func folderNotes(in cli.Invocation, set data.Dataset) {
	if folder, ok := set.(interface{ Notes() []string }); ok {
		for _, text := range folder.Notes() {
			note(in, text)
		}
	}
}

func evalLoader(o *options.Options, set data.Dataset, onBad func(string, error)) (*data.Loader, error) {
	transform, err := evalTransform(o)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.Usage, Err: err}
	}
	return data.NewLoader(data.LoaderConfig{Dataset: set, Batch: o.BatchSize, Size: o.EvalSize(), Channels: o.InChannels,
		Shuffle: o.EvalShuffle, Seed: uint64(o.Seed), Workers: o.NumParallelWorkers, MaxBadFiles: o.MaxBadFiles, Transform: transform, OnBad: onBad})
}

func printValidation(in cli.Invocation, m train.Metrics, info backend.Info, unreadable int) error {
	if in.JSON {
		return printJSON(in, validation{Top1: m.Top1, Top5: m.Top5, Loss: m.Loss, LossSmoothed: m.LossSmoothed,
			Images: m.Images, Seconds: m.Seconds, Device: info.Device, Unreadable: unreadable})
	}
	fmt.Fprintf(in.Stdout, "top-1 %.2f %%, top-5 %.2f %%, loss %.4f", m.Top1, m.Top5, m.Loss)
	if in.Options.LabelSmoothing > 0 {
		fmt.Fprintf(in.Stdout, " (%.4f with label smoothing %g)", m.LossSmoothed, in.Options.LabelSmoothing)
	}
	fmt.Fprintf(in.Stdout, "\n%d images in %.1f s, %.1f images/s\n", m.Images, m.Seconds, float64(m.Images)/m.Seconds)
	if unreadable > 0 {
		fmt.Fprintf(in.Stdout, "%d images could not be read and do not count\n", unreadable)
	}
	return nil
}

// badFiles tells of images that could not be read and counts them.
type badFiles struct {
	in    cli.Invocation
	count int
}

func (b *badFiles) add(name string, err error) {
	b.count++
	fmt.Fprintf(b.in.Stderr, "mnv2: warning: skipped %v\n", err)
}
