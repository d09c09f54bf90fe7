package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"mnv2/backend"
	"mnv2/data"
	"mnv2/internal/cli"
	"mnv2/internal/devices"
	"mnv2/internal/options"
	"mnv2/model"
	"mnv2/report"
	"mnv2/train"
	"mnv2/weights"
)

// trainJob is a training run that is being put together: data, network, position, device.
type trainJob struct {
	in          cli.Invocation
	o           *options.Options
	report      *reporter
	record      *recorder
	train, val  data.Dataset
	trainLoader *data.Loader
	valLoader   *data.Loader
	arch        *model.Arch
	values      map[string][]float32
	weights     *weights.File // what the run starts from; nil for random numbers
	afresh      bool          // of weights only the parameters are taken
	newHead     bool          // and not those of the classifier
	resumption  train.Resumption
	device      backend.Backend
}

func trainCommand(ctx context.Context, in cli.Invocation) (err error) {
	job := &trainJob{in: in, o: &in.Options}
	if job.isTrial() {
		return job.trial(ctx)
	}
	for _, prepare := range []func() error{job.openReport, job.openData, job.openWeights, job.chooseNetwork, job.checkSpace, job.openLoaders, job.start} {
		if err := prepare(); err != nil {
			return errors.Join(err, job.close())
		}
	}
	runOptions, err := job.runOptions()
	if err == nil {
		err = job.openRecord(ctx)
	}
	if err == nil {
		err = options.Save(filepath.Join(job.o.CkptSaveDir, job.o.Model+".yaml"), job.o)
	}
	if err != nil {
		return errors.Join(err, job.close())
	}
	runOptions.Examine = job.record.examine
	job.report.configuration(job)
	result, err := train.Run(ctx, runOptions, job.inputs())
	page := job.record.finish()
	err = errors.Join(err, job.close())
	var stopped *train.ErrInterrupted
	if errors.As(err, &stopped) {
		return &cli.ExitError{Code: cli.Interrupted, Err: err, Hint: "go on with: " + job.resumeLine(stopped.Path)}
	}
	if err == nil {
		job.report.finished(job, result, page)
	}
	return err
}

func (j *trainJob) openReport() (err error) {
	j.report, err = newReporter(j.in)
	return err
}

// openData opens both splits. Equal labels must mean the same class in both.
func (j *trainJob) openData() (err error) {
	if err := devices.Check(j.o.Device); err != nil {
		return err
	}
	if j.train, err = openDataset(j.o, j.o.TrainSplit); err != nil {
		return err
	}
	folderNotes(j.in, j.train)
	if n := j.o.NumSamples; n.Some {
		if j.train, err = data.NewSubset(j.train, n.Value, uint64(j.o.Seed), j.o.Shuffle); err != nil {
			return &cli.ExitError{Code: cli.Usage, Err: err}
		}
	}
	if !j.o.ValWhileTrain {
		return nil
	}
	if j.val, err = openDataset(j.o, j.o.ValSplit); err != nil {
		return err
	}
	return data.CompareClasses(j.train, j.val)
}

// chooseNetwork makes the network that the options name and decides what it starts from.
func (j *trainJob) chooseNetwork() error {
	width, _, err := model.Lookup(j.o.Model)
	if err != nil {
		return &cli.ExitError{Code: cli.Usage, Err: err}
	}
	found := len(j.train.Classes())
	classes := j.o.NumClasses.Or(found)
	if classes < found {
		return &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("%s has %d classes, num_classes is %d",
			describe(j.o, j.o.TrainSplit), found, classes), Hint: "pass --num_classes " + fmt.Sprint(found)}
	}
	j.arch, err = model.New(model.Config{Width: width, Classes: classes, InChannels: j.o.InChannels, DropRate: j.o.DropRate})
	if err != nil {
		return &cli.ExitError{Code: cli.Usage, Err: err}
	}
	j.values = j.arch.Init(uint64(j.o.Seed))
	return nil
}

// cached is the training set, with the memory for decoded pictures that --cache grants.
func (j *trainJob) cached() data.Dataset {
	if j.o.Cache == 0 {
		return j.train
	}
	return data.NewCache(j.train, int64(j.o.Cache)<<20)
}

func (j *trainJob) openLoaders() error {
	transform, notes, err := trainTransform(j.o)
	if err != nil {
		return &cli.ExitError{Code: cli.Usage, Err: err}
	}
	for _, text := range notes {
		note(j.in, text)
	}
	mix, err := mixing(j.o)
	if err != nil {
		return &cli.ExitError{Code: cli.Usage, Err: err}
	}
	onBad := func(name string, err error) { j.report.event(train.BadFile{Name: name, Err: err}) }
	j.trainLoader, err = data.NewLoader(data.LoaderConfig{Dataset: j.cached(), Batch: j.o.BatchSize, Size: j.o.ImageResize,
		Channels: j.o.InChannels, Seed: uint64(j.o.Seed), Shuffle: j.o.Shuffle, Train: true, DropLast: j.o.DropRemainder,
		Workers: j.o.NumParallelWorkers, MaxBadFiles: j.o.MaxBadFiles, Transform: transform, OnBad: onBad,
		Mix: mix, Splits: j.o.AugSplits, Repeats: j.o.AugRepeats})
	if err != nil || j.val == nil {
		return err
	}
	j.valLoader, err = evalLoader(j.o, j.val, onBad)
	return err
}

// start takes what there is to start from, finds out whether its run goes on, and opens the device.
func (j *trainJob) start() error {
	if j.weights != nil {
		if err := j.startFrom(j.weights); err != nil {
			return err
		}
	}
	var err error
	j.device, err = openDevice(j.in)
	return err
}

func (j *trainJob) startFrom(f *weights.File) error {
	newHead := j.afresh || j.o.Pretrained == "True" || j.o.Source("num_classes") != options.FromDefault
	fit, err := f.Fit(j.arch, newHead)
	if err != nil {
		return err
	}
	if j.afresh {
		j.keepNoStrangeHead(f, &fit)
	}
	if len(fit.Values) == 0 {
		return &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("checkpoint %q: nothing in it fits the network", f.Path)}
	}
	for name, v := range fit.Values {
		j.values[name] = v
	}
	if !j.afresh && !fit.DroppedHead && len(fit.Missing) == 0 {
		if j.resumption, err = train.Resume(f, j.o.CkptSaveDir, j.arch, j.trainLoader.Steps(), uint64(j.o.Seed)); err != nil {
			return err
		}
	}
	if j.o.ResumeOpt && j.resumption.Position == nil {
		why := j.resumption.Reason
		if why == "" {
			why = "it holds no optimizer state for this network"
		}
		return &cli.ExitError{Code: cli.BadData, Err: fmt.Errorf("checkpoint %q: --resume_opt: %s", f.Path, why)}
	}
	j.newHead = fit.DroppedHead
	j.report.startedFrom(f, fit, j.resumption)
	return nil
}

// runOptions are the training loop's options, checked as far as they can be before anything is written.
func (j *trainJob) runOptions() (train.Options, error) {
	o := j.o
	fuse, err := backend.ParseFuse(o.Fuse)
	if err != nil {
		return train.Options{}, &cli.ExitError{Code: cli.Usage, Err: err}
	}
	dtype, err := activationType(j.in, j.device.Info())
	if err != nil {
		return train.Options{}, err
	}
	run := train.Options{
		Model: o.Model, ImageSize: o.ImageResize, EvalSize: o.EvalSize(), Normalization: normalization(o),
		Batch: o.BatchSize, Epochs: o.EpochSize, Seed: uint64(o.Seed),
		Schedule: train.Schedule{Name: o.Scheduler, LR: o.LR, MinLR: o.MinLR, WarmupEpochs: float64(o.WarmupEpochs),
			WarmupFactor: o.WarmupFactor, DecayEpochs: float64(o.DecayEpochs), NumCycles: o.NumCycles, CycleDecay: o.CycleDecay,
			Stair: o.LREpochStair, DecayRate: o.DecayRate, Milestones: o.MultiStepDecayMilestones},
		Optimizer:   train.Optimizer{Name: o.Opt, Momentum: o.Momentum, Eps: o.Eps, Nesterov: o.UseNesterov},
		WeightDecay: o.WeightDecay,
		Smoothing:   o.LabelSmoothing, SumLoss: o.Reduction == "sum", DType: dtype, Fuse: fuse,
		LogInterval: o.LogInterval, ValInterval: o.ValInterval,
		SaveDir: o.CkptSaveDir, SaveInterval: o.CkptSaveInterval,
		SaveSteps: o.CkptSaveSteps, SaveEvery: time.Duration(o.CkptSaveMinutes * float64(time.Minute)), SavePolicy: o.CkptSavePolicy, KeepMax: o.KeepCheckpointMax,
		Report: j.event,
	}
	stepOptions(o, &run)
	if text := rescale(o, &run); text != "" {
		note(j.in, text)
	}
	if err := run.Check(j.resumption.State); err != nil {
		return run, &cli.ExitError{Code: cli.Usage, Err: err}
	}
	return run, nil
}

// openRecord starts the run's record. A run that goes on under other options says which.
func (j *trainJob) openRecord(ctx context.Context) error {
	dir := j.o.CkptSaveDir
	run, err := describeRun(ctx, j)
	if err != nil {
		return err
	}
	if j.resumption.Position != nil {
		earlier, err := report.ReadRun(dir)
		if err == nil {
			run.Started, run.Samples = earlier.Started, earlier.Samples
			for _, d := range run.DifferencesFrom(earlier, "ckpt_path", "resume_opt", "num_parallel_workers", "threads", "format", "quiet") {
				j.report.warn("this run goes on differently: %v", d)
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			j.report.warn("%v", err)
		}
	} else if old := checkpointsIn(dir, j.o.Model+"*.ckpt"); len(old) > 0 {
		j.report.warn("%s holds another run, up to %s, whose files this one replaces as it goes; --ckpt_path %s goes on with that run, another --ckpt_save_dir keeps it",
			dir, filepath.Base(old[0]), dir)
	}
	if err := run.Save(dir); err != nil {
		return err
	}
	j.record, err = openRecord(j)
	return err
}

// event implements train.Options.Report.
func (j *trainJob) event(e train.Event) {
	if j.record != nil { // a trial keeps none
		j.record.event(e)
	}
	j.report.event(e)
}

// inputs hands over what the run works on. The job keeps no copy of the numbers: the device has them.
func (j *trainJob) inputs() train.Inputs {
	in := train.Inputs{Device: j.device, Arch: j.arch, Values: j.values, Train: j.trainLoader, Val: j.valLoader, Card: j.card(),
		Position: j.resumption.Position, State: j.resumption.State}
	j.values, j.resumption.State = nil, nil
	return in
}

// card is what travels with the weights.
func (j *trainJob) card() weights.Card {
	n := normalization(j.o)
	return weights.Card{Model: j.o.Model, Dataset: j.o.Dataset, Classes: j.train.Classes(), ImageSize: j.o.EvalSize(),
		Mean: n.Mean, Std: n.Std, CropPct: j.o.CropPct, ResizeFilter: j.o.ResizeFilter,
		Interpolation: j.o.Interpolation}
}

// resumeLine is the command that goes on from the checkpoint at path.
func (j *trainJob) resumeLine(path string) string {
	return fmt.Sprintf(self()+" train --config %s --ckpt_path %s", filepath.Join(j.o.CkptSaveDir, j.o.Model+".yaml"), path)
}

func (j *trainJob) close() error {
	var errs []error
	if j.device != nil {
		errs = append(errs, j.device.Close())
	}
	if j.report != nil {
		errs = append(errs, j.report.close())
	}
	return errors.Join(errs...)
}
