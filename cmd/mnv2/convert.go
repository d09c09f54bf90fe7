package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"mnv2/checkpoint"
	"mnv2/internal/cli"
	"mnv2/model"
	"mnv2/weights"
)

// naturalNaming is the naming that users of a format expect when --naming does not say otherwise.
var naturalNaming = map[checkpoint.Format]model.Scheme{
	checkpoint.CKPT:        model.MindCV,
	checkpoint.SafeTensors: model.Torchvision,
	checkpoint.PTH:         model.Torchvision,
}

func convertCommand(_ context.Context, in cli.Invocation) error {
	from, to := in.Args[0], in.Args[1]
	format, err := checkpoint.FormatForPath(to)
	if err != nil {
		return &cli.ExitError{Code: cli.Usage, Err: err}
	}
	naming, ok := naturalNaming[format]
	if !ok {
		return &cli.ExitError{Code: cli.Usage, Err: fmt.Errorf("convert to %q: %s can be read, not written", to, format),
			Hint: "write .ckpt, .safetensors or .pth"}
	}
	if in.Options.Naming != "auto" {
		if naming, err = model.ParseScheme(in.Options.Naming); err != nil {
			return &cli.ExitError{Code: cli.Usage, Err: err}
		}
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) && !in.Options.Force {
		return &cli.ExitError{Code: cli.Failed, Err: fmt.Errorf("convert to %q: it exists already", to), Hint: "--force overwrites it"}
	}
	f, err := openCheckpoint(from, in.Stderr)
	if err != nil {
		return err
	}
	hasAverages := f.HasAverages()
	if err := chooseAverages(&in.Options, f); err != nil {
		return err
	}
	if hasAverages {
		note(in, from+" holds averaged weights beside the others; they are taken unless --ema False says otherwise")
	}
	return convertFile(in, f, to, format, naming)
}

// convertFile writes what f holds. A file without a classifier, or with parts missing, is not a network to hand on.
func convertFile(in cli.Invocation, f *weights.File, to string, format checkpoint.Format, naming model.Scheme) error {
	arch, values, err := readNetwork(&in.Options, f)
	if err != nil {
		return err
	}
	s := weights.Snapshot{Arch: arch, Values: values}
	if f.Card != nil {
		s.Card = *f.Card
	}
	if err := weights.Save(to, format, naming, s); err != nil {
		return err
	}
	_, all := arch.Count()
	if in.JSON {
		return printJSON(in, map[string]any{"from": f.Path, "to": to, "format": string(format), "naming": string(naming),
			"width": arch.Width, "classes": arch.Classes, "values": all})
	}
	_, err = fmt.Fprintf(in.Stdout, "%s (%s)\n-> %s: %s, %s names, %d values\n", f.Path, f.Summary(), to, format, naming, all)
	return err
}
