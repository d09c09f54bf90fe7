package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mnv2/internal/cli"
	"mnv2/internal/options"
	"mnv2/weights"
)

// openCheckpoint reads the file that --ckpt_path names; a folder stands for its newest checkpoint. Whatever keeps it from
// being read is bad data to the caller.
func openCheckpoint(path string) (*weights.File, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		if path, err = newest(path, false); err == nil && path == "" {
			err = errors.New("the folder holds no checkpoint (*.ckpt)")
		}
	}
	if err != nil {
		return nil, &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("--ckpt_path %q: %w", path, plain(err))}
	}
	f, err := weights.Open(path)
	if err != nil {
		return nil, &cli.ExitError{Code: cli.BadData, Err: err}
	}
	return f, nil
}

// plain is the cause of a failed file operation without the path, which the message has already.
func plain(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// newest returns the checkpoint in dir that was written last, or "" if there is none. With best only the best ones of runs
// count.
func newest(dir string, best bool) (string, error) {
	pattern := "*.ckpt"
	if best {
		pattern = "*_best.ckpt"
	}
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return "", err
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), "optim_") })
	var newestFile string
	var newestTime time.Time
	for _, f := range files {
		info, err := os.Stat(f)
		if err == nil && !info.IsDir() && (newestFile == "" || info.ModTime().After(newestTime)) {
			newestFile, newestTime = f, info.ModTime()
		}
	}
	return newestFile, nil
}

// defaultCheckpoint is what validate and predict use when --ckpt_path is not given: the best of the newest run.
func defaultCheckpoint(o *options.Options) (string, error) {
	for _, best := range []bool{true, false} {
		if path, err := newest(o.CkptSaveDir, best); err == nil && path != "" {
			return path, nil
		}
	}
	return "", &cli.ExitError{Code: cli.BadData,
		Err:  fmt.Errorf("no checkpoint in %q", o.CkptSaveDir),
		Hint: "train one with mnv2 train, or name one with --ckpt_path FILE"}
}

// followCard takes from the card that travels with the weights what neither the user nor a configuration file has set.
func followCard(o *options.Options, f *weights.File) {
	free := func(name string) bool {
		s := o.Source(name)
		return s == options.FromDefault || s == options.FromRecipe && o.Config == ""
	}
	c := f.Card
	if c == nil {
		return
	}
	if free("dataset") && free("data_dir") && c.Dataset != "" {
		o.Dataset = c.Dataset
	}
	if free("image_resize") && c.ImageSize > 0 {
		o.ImageResize = c.ImageSize
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
