package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mnv2/checkpoint"
	"mnv2/internal/cli"
	"mnv2/internal/options"
	"mnv2/weights"
)

// openCheckpoint reads the file that --ckpt_path names; a folder stands for its newest checkpoint that is not damaged, and stderr
// is told of those that are. Whatever keeps it from being read is bad data to the caller.
func openCheckpoint(path string, stderr io.Writer) (*weights.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("--ckpt_path %q: %w", path, plain(err))}
	}
	files := []string{path}
	if info.IsDir() {
		if files = checkpointsIn(path, "*.ckpt"); len(files) == 0 {
			return nil, &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("--ckpt_path %q: the folder holds no checkpoint (*.ckpt)", path)}
		}
	}
	var damaged []error
	for _, file := range files {
		f, err := weights.Open(file)
		if err == nil {
			for _, e := range damaged {
				fmt.Fprintf(stderr, "mnv2: warning: passed over: %v; taking %s\n", e, file)
			}
			return f, nil
		}
		damaged = append(damaged, err)
		if !errors.Is(err, checkpoint.ErrFormat) {
			break
		}
	}
	return nil, &cli.ExitError{Code: cli.BadData, Err: errors.Join(damaged...)}
}

// plain is the cause of a failed file operation without the path, which the message has already.
func plain(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// checkpointsIn lists the networks in dir whose names fit the pattern, the one that was written last first.
func checkpointsIn(dir, pattern string) []string {
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern))
	if err != nil {
		return nil // the pattern is ours and well formed
	}
	times := map[string]time.Time{}
	files = slices.DeleteFunc(files, func(f string) bool {
		info, err := os.Stat(f)
		if err != nil || info.IsDir() || strings.HasPrefix(filepath.Base(f), "optim_") {
			return true
		}
		times[f] = info.ModTime()
		return false
	})
	slices.SortStableFunc(files, func(a, b string) int { return times[b].Compare(times[a]) })
	return files
}

// escapeGlob makes a folder's name stand for itself in a pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(dir)
}

// defaultCheckpoint is what validate and predict use when --ckpt_path is not given: the file that --pretrained names on the command line,
// or the best of the newest run. A saved file of options names as pretrained what its run started from.
func defaultCheckpoint(o *options.Options) (string, error) {
	if o.Source("pretrained") == options.FromFlag && o.PretrainedFile() != "" {
		return o.PretrainedFile(), nil
	}
	for _, pattern := range []string{"*_best.ckpt", "*.ckpt"} {
		if files := checkpointsIn(o.CkptSaveDir, pattern); len(files) > 0 {
			return files[0], nil
		}
	}
	return "", &cli.ExitError{Code: cli.BadData,
		Err:  fmt.Errorf("no checkpoint in %q", o.CkptSaveDir),
		Hint: "train one with mnv2 train, or name one with --ckpt_path FILE"}
}

// usualCard stands in for that of weights from another program: the options' usual values, unless the classes are as many as the
// built-in data set has, whose recipe holds when nothing else is said.
func usualCard(o *options.Options, f *weights.File) *weights.Card {
	if f.Config.Classes == o.NumClasses.Or(0) {
		return &weights.Card{}
	}
	usual := options.Defaults()
	return &weights.Card{ImageSize: usual.ImageResize, CropPct: usual.CropPct}
}

// followCard takes from the card that travels with the weights what neither the user nor a configuration file has set.
func followCard(o *options.Options, f *weights.File) {
	free := func(name string) bool {
		s := o.Source(name)
		return s == options.FromDefault || s == options.FromRecipe && o.Config == ""
	}
	c := f.Card
	if c == nil {
		c = usualCard(o, f)
	}
	if free("dataset") && free("data_dir") && c.Dataset != "" {
		o.Dataset = c.Dataset
	}
	if free("image_resize") && free("val_image_resize") && c.ImageSize > 0 {
		o.ImageResize, o.ValImageResize = c.ImageSize, 0
	}
	if free("mean") && free("std") && len(c.Mean) > 0 && len(c.Mean) == len(c.Std) {
		o.Mean, o.Std = c.Mean, c.Std
	}
	if free("crop_pct") && c.CropPct > 0 {
		o.CropPct = c.CropPct
	}
	if free("resize_filter") && c.ResizeFilter != "" {
		o.ResizeFilter = c.ResizeFilter
	}
	if free("interpolation") && c.Interpolation != "" {
		o.Interpolation = c.Interpolation
	}
	if free("model") && c.Model != "" {
		o.Model = c.Model
	}
	if free("in_channels") {
		o.InChannels = f.Config.InChannels
	}
}
