package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"mnv2/backend"
	"mnv2/data"
	"mnv2/model"
	"mnv2/weights"
)

// Inputs are what a run works on. The caller opens and closes them.
type Inputs struct {
	Device backend.Backend
	Arch   *model.Arch
	Values map[string][]float32 // what the parameters start from, by MindCV name
	Train  *data.Loader
	Val    *data.Loader // nil if the run does not validate
	Card   weights.Card // what is written beside the weights

	// Of a run that goes on; nil for a new one.
	Position *weights.RunState
	State    *weights.State
}

// Result is what a run came to.
type Result struct {
	BestTop1  float64 // percent
	BestEpoch int     // 0 if nothing was validated
	LastLoss  float64
}

// ErrInterrupted is returned by Run when its context ended. It names the checkpoint to go on from.
type ErrInterrupted struct{ Path string }

// Error implements error.
func (e *ErrInterrupted) Error() string { return "interrupted; the state is saved in " + e.Path }

// ErrUnsaved is returned by Run when it came to its end and the last checkpoint could not be written.
type ErrUnsaved struct{ Err error }

// Error implements error.
func (e *ErrUnsaved) Error() string {
	return fmt.Sprintf("the last checkpoint was not saved: %v", e.Err)
}

// Unwrap returns the cause.
func (e *ErrUnsaved) Unwrap() error { return e.Err }

// Run trains to the end, until ctx ends, or until something fails. When ctx ends, the step in progress is finished and a
// checkpoint written.
func Run(ctx context.Context, o Options, in Inputs) (Result, error) {
	r, err := newRun(o, in)
	if err != nil {
		return Result{}, fmt.Errorf("train: %w", err)
	}
	err = r.epochs(ctx)
	return r.result(), errors.Join(err, r.close())
}

// run is a run in progress.
type run struct {
	Options
	in     Inputs
	params *model.Parameters
	state  *model.TrainState
	steps  map[int]*model.Training // by batch size: the last batch of an epoch may be smaller
	eval   *model.Inference
	keeper keeper
	saving saving
	log    *resultLog
	rates  []float64
	rule   backend.Rule
	groups grouping
	at     weights.RunState
	pace   pace

	loss    loss
	soft    bool // targets are rows, not labels
	losses  []float32
	mask    []byte
	paths   []byte
	targets targets

	skipped, named int    // steps that were told of, and how often a layer was looked for
	layer          string // the last that was found
}

// newRun makes a run ready: first its folder, then the device.
func newRun(o Options, in Inputs) (*run, error) {
	if err := o.Check(in.State); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.SaveDir, 0o777); err != nil {
		return nil, err
	}
	at := weights.RunState{Epoch: 1, StepsPerEpoch: in.Train.Steps(), Seed: o.Seed}
	if in.Position != nil {
		at = *in.Position
	}
	first := at.Epoch
	if at.EpochDone {
		first++
	}
	log, err := openResultLog(o.SaveDir, first)
	if err != nil {
		return nil, err
	}
	rates, err := o.Schedule.Rates(at.StepsPerEpoch, o.Epochs)
	if err != nil {
		return nil, err
	}
	r, err := prepare(o, in, at, rates)
	if err != nil {
		return nil, err
	}
	r.log = log
	r.keeper = keeper{dir: o.SaveDir, name: o.Model, policy: o.SavePolicy, most: o.KeepMax, report: o.Report}
	r.saving = saving{everySteps: o.SaveSteps, every: o.SaveEvery, last: time.Now()}
	r.keeper.tidy()
	if in.Position != nil {
		r.saving.passing = r.keeper.adopt(r.at, log.top1())
	}
	return r, nil
}

// prepare makes the steps of a run ready on the device: rates are their learning rates. It touches no folder.
func prepare(o Options, in Inputs, at weights.RunState, rates []float64) (*run, error) {
	groups, err := o.Grouping.groups(in.Arch, o.Schedule.LR)
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, in: in, steps: map[int]*model.Training{}, at: at, rates: rates, groups: groups, skipped: at.Skipped}
	if r.loss, err = newLoss(o.Loss, o.SumLoss, in.Train.Splits()); err != nil {
		return nil, err
	}
	r.soft = in.Train.Mixes() || r.loss.kind != 0
	if r.rule, err = o.Optimizer.rule(); err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, errors.Join(r.withFittingBatch(err), r.close())
	}
	return r, nil
}

// open puts parameters and state on the device.
func (r *run) open() (err error) {
	if r.params, err = model.NewParameters(r.in.Device, r.in.Arch, func(p model.Param) int { return r.groups.of[p.Name] }); err != nil {
		return err
	}
	if err = r.params.Store(r.in.Values); err != nil {
		return err
	}
	r.state, err = model.NewTrainStateOf(r.params, model.StateOptions{Rule: r.rule, Accumulate: r.Accumulate, Average: r.EMA > 0})
	if err != nil {
		return err
	}
	if err = r.startState(); err != nil {
		return err
	}
	if _, err = r.training(r.Batch * r.in.Train.Splits()); err != nil || r.in.Val == nil {
		return err
	}
	r.eval, err = model.NewInference(r.judged(), r.evalOptions(r.Batch))
	return err
}

// judged are the weights that are validated: the averages where there are any.
func (r *run) judged() *model.Parameters {
	if a := r.state.Averages(); a != nil {
		return a
	}
	return r.params
}

// stepOptions are those of steps of n images.
func (r *run) stepOptions(n int) model.TrainingOptions {
	return model.TrainingOptions{Batch: n, Size: r.ImageSize, DType: r.DType, Normalization: r.Normalization,
		Smoothing: r.Smoothing, Soft: r.soft, Loss: r.loss.kind, SumLoss: r.loss.sum, DropPath: r.DropPath, Rule: r.rule, Clip: r.Clip, Window: r.window(), Fuse: r.Fuse}
}

// evalOptions are those of validation n images at a time.
func (r *run) evalOptions(n int) model.InferenceOptions {
	return model.InferenceOptions{Batch: n, Size: cmp.Or(r.EvalSize, r.ImageSize), DType: r.DType, Normalization: r.Normalization, Fuse: r.Fuse}
}

// training returns the network made ready for steps of n images.
func (r *run) training(n int) (*model.Training, error) {
	if t, ok := r.steps[n]; ok {
		return t, nil
	}
	t, err := model.NewTraining(r.state, r.stepOptions(n))
	if err != nil {
		return nil, err
	}
	r.steps[n] = t
	return t, nil
}

// epochs goes from where the run stands to its end.
func (r *run) epochs(ctx context.Context) error {
	if r.at.EpochDone {
		r.nextEpoch()
	}
	t, err := r.training(r.Batch * r.in.Train.Splits())
	if err != nil {
		return err
	}
	r.Report(Started{StepsPerEpoch: r.at.StepsPerEpoch, Epochs: r.Epochs, FirstEpoch: r.at.Epoch, FirstStep: r.at.Step, DeviceBytes: t.Memory(), Guarded: t.Guarded()})
	for ; r.at.Epoch <= r.Epochs; r.nextEpoch() {
		if err := r.epoch(ctx); err != nil {
			return err
		}
	}
	if r.saving.err != nil {
		return &ErrUnsaved{r.saving.err}
	}
	return nil
}

func (r *run) nextEpoch() { r.at.Epoch, r.at.Step, r.at.EpochDone = r.at.Epoch+1, 0, false }

// epoch trains what is left of one epoch, validates and saves.
func (r *run) epoch(ctx context.Context) error {
	start := time.Now()
	it := r.in.Train.Epoch(ctx, r.at.Epoch-1, r.at.Step)
	defer it.Close()
	r.pace.start(it, len(r.rates)-r.at.GlobalStep)
	for r.at.Step < r.at.StepsPerEpoch {
		if ctx.Err() != nil {
			return r.interrupted()
		}
		batch, err := it.Next()
		if ctx.Err() != nil {
			return r.interrupted()
		}
		if err != nil {
			return fmt.Errorf("train: epoch %d, step %d: %w", r.at.Epoch, r.at.Step+1, noEOF(err))
		}
		err = r.step(batch)
		it.Release(batch)
		if err == nil {
			err = r.saveInEpoch()
		}
		if err != nil {
			return fmt.Errorf("train: epoch %d, step %d: %w", r.at.Epoch, r.at.Step, err)
		}
	}
	end := EpochEnded{Epoch: r.at.Epoch, Loss: r.at.LastLoss, Train: time.Since(start),
		ImagesPerSec: r.pace.epochRate(), InputWait: r.pace.epochWait()}
	return r.endEpoch(ctx, start, end)
}

func (r *run) result() Result {
	return Result{BestTop1: r.at.BestTop1, BestEpoch: r.at.BestEpoch, LastLoss: r.at.LastLoss}
}

func (r *run) close() error {
	var errs []error
	for _, t := range r.steps {
		errs = append(errs, t.Close())
	}
	if r.eval != nil {
		errs = append(errs, r.eval.Close())
	}
	if r.state != nil {
		errs = append(errs, r.state.Close())
	}
	if r.params != nil {
		errs = append(errs, r.params.Close())
	}
	return errors.Join(errs...)
}

// noEOF makes an early end of the data an error that says so.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// resized returns s with n elements, grown if need be.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
