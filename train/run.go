package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
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
	Velocity map[string][]float32
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

// ErrDiverged is returned by Run when a loss is not a finite number.
var ErrDiverged = errors.New("the loss is not finite")

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
	log    *resultLog
	rates  []float64
	at     weights.RunState
	pace   pace

	losses []float32
	mask   []byte
}

func newRun(o Options, in Inputs) (*run, error) {
	group, err := decayGroup(o.DecayFilter)
	if err != nil {
		return nil, err
	}
	if err := checkPolicy(o.SavePolicy); err != nil {
		return nil, err
	}
	r := &run{Options: o, in: in, steps: map[int]*model.Training{},
		keeper: keeper{dir: o.SaveDir, name: o.Model, policy: o.SavePolicy, most: o.KeepMax, report: o.Report},
		at:     weights.RunState{Epoch: 1, StepsPerEpoch: in.Train.Steps(), Seed: o.Seed}}
	if in.Position != nil {
		r.at = *in.Position
	}
	if err := os.MkdirAll(o.SaveDir, 0o777); err != nil {
		return nil, err
	}
	if r.log, err = openResultLog(o.SaveDir, r.at.Epoch); err != nil {
		return nil, err
	}
	if r.rates, err = o.Schedule.Rates(r.at.StepsPerEpoch, o.Epochs); err != nil {
		return nil, err
	}
	if err := r.open(group); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// open puts parameters and state on the device.
func (r *run) open(group func(model.Param) int) (err error) {
	if r.params, err = model.NewParameters(r.in.Device, r.in.Arch, group); err != nil {
		return err
	}
	if err = r.params.Store(r.in.Values); err != nil {
		return err
	}
	if r.state, err = model.NewTrainState(r.params); err != nil {
		return err
	}
	if err = r.state.StoreVelocity(r.in.Velocity); err != nil {
		return err
	}
	if _, err = r.training(r.Batch); err != nil || r.in.Val == nil {
		return err
	}
	r.eval, err = model.NewInference(r.params, model.InferenceOptions{
		Batch: r.Batch, Size: r.ImageSize, Normalization: r.Normalization, Fuse: r.Fuse})
	return err
}

// training returns the network made ready for steps of n images.
func (r *run) training(n int) (*model.Training, error) {
	if t, ok := r.steps[n]; ok {
		return t, nil
	}
	t, err := model.NewTraining(r.state, model.TrainingOptions{Batch: n, Size: r.ImageSize, Normalization: r.Normalization,
		Smoothing: r.Smoothing, SumLoss: r.SumLoss, Rule: r.Rule, Fuse: r.Fuse})
	if err != nil {
		return nil, err
	}
	r.steps[n] = t
	return t, t.SetLossScale(r.LossScale)
}

// epochs goes from where the run stands to its end.
func (r *run) epochs(ctx context.Context) error {
	if r.at.EpochDone {
		r.nextEpoch()
	}
	t, err := r.training(r.Batch)
	if err != nil {
		return err
	}
	r.Report(Started{StepsPerEpoch: r.at.StepsPerEpoch, Epochs: r.Epochs, FirstEpoch: r.at.Epoch, FirstStep: r.at.Step, DeviceBytes: t.Memory()})
	for ; r.at.Epoch <= r.Epochs; r.nextEpoch() {
		if err := r.epoch(ctx); err != nil {
			return err
		}
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
		if err != nil {
			return fmt.Errorf("train: epoch %d, step %d: %w", r.at.Epoch, r.at.Step, err)
		}
	}
	end := EpochEnded{Epoch: r.at.Epoch, Loss: r.at.LastLoss, Train: time.Since(start),
		ImagesPerSec: r.pace.epochRate(), InputWait: r.pace.epochWait()}
	return r.endEpoch(ctx, start, end)
}

// step takes one training step and reports it.
func (r *run) step(batch *data.Batch) error {
	t, err := r.training(batch.Count)
	if err != nil {
		return err
	}
	r.mask = resized(r.mask, t.MaskLen())
	dropMask(r.mask, r.Seed, r.at.GlobalStep, r.in.Arch.DropRate)
	lr := r.rates[r.at.GlobalStep]
	images := len(batch.Images) / r.Batch * batch.Count
	if err := t.Step(batch.Images[:images], batch.Labels[:batch.Count], r.mask, r.hyper(lr)); err != nil {
		return err
	}
	r.at.Step++
	r.at.GlobalStep++
	return r.reportStep(t, batch.Count, lr)
}

func (r *run) hyper(lr float64) []model.Hyper {
	list := make([]model.Hyper, len(r.params.Groups()))
	for g := range list {
		list[g] = model.Hyper{LR: lr, Momentum: r.Momentum}
		if g == groupDecay {
			list[g].WeightDecay = r.WeightDecay
		}
	}
	return list
}

// reportStep tells of the step, with its loss if it is one that is logged: reading it waits for the device.
func (r *run) reportStep(t *model.Training, images int, lr float64) error {
	stepped := Stepped{Epoch: r.at.Epoch, Step: r.at.Step, LR: lr, Images: images, StepsPerEpoch: r.at.StepsPerEpoch, Epochs: r.Epochs}
	isLast := r.at.Step == r.at.StepsPerEpoch
	if r.at.Step != 1 && r.at.Step%max(1, r.LogInterval) != 0 && !isLast {
		r.pace.step(&stepped)
		r.Report(stepped)
		return nil
	}
	loss, err := r.readLoss(t, images)
	if err != nil {
		return err
	}
	r.at.LastLoss = loss
	r.pace.step(&stepped)
	r.Report(Logged{Stepped: stepped, Loss: loss, Elapsed: r.pace.sinceLog()})
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("%w (%g at learning rate %g): try a lower --lr or a longer --warmup_epochs", ErrDiverged, loss, lr)
	}
	return nil
}

// readLoss is the loss of the last step: the mean over its images, or their sum with reduction sum.
func (r *run) readLoss(t *model.Training, images int) (float64, error) {
	r.losses = resized(r.losses, images)
	if err := t.Losses(r.losses); err != nil {
		return 0, err
	}
	sum := 0.0
	for _, l := range r.losses {
		sum += float64(l)
	}
	if r.SumLoss {
		return sum, nil
	}
	return sum / float64(images), nil
}

// endEpoch validates, saves and logs.
func (r *run) endEpoch(ctx context.Context, start time.Time, end EpochEnded) error {
	isBest := false
	if r.eval != nil && (r.at.Epoch-1)%max(1, r.ValInterval) == 0 {
		m, err := r.validate(ctx)
		if ctx.Err() != nil {
			return r.interrupted()
		}
		if err != nil {
			return fmt.Errorf("train: validate after epoch %d: %w", r.at.Epoch, err)
		}
		isBest = m.Top1 > r.at.BestTop1 || r.at.BestEpoch == 0
		if isBest {
			r.at.BestTop1, r.at.BestEpoch = m.Top1, r.at.Epoch
		}
		end.Top1, end.Top5, end.Validated = m.Top1, m.Top5, true
		end.Eval = time.Duration(m.Seconds * float64(time.Second))
		r.Report(Validated{Epoch: r.at.Epoch, Metrics: m, Best: isBest})
	}
	r.at.EpochDone = true
	if err := r.save(isBest, end.Top1); err != nil {
		return fmt.Errorf("train: save after epoch %d: %w", r.at.Epoch, err)
	}
	end.Total = time.Since(start)
	end.BestTop1, end.BestEpoch = r.at.BestTop1, r.at.BestEpoch
	end.Remaining = end.Total * time.Duration(r.Epochs-r.at.Epoch)
	if err := r.log.add(end); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	r.Report(end)
	return nil
}

func (r *run) validate(ctx context.Context) (Metrics, error) {
	if err := r.eval.Prepare(); err != nil {
		return Metrics{}, err
	}
	return Evaluate(ctx, r.eval, r.in.Arch.Classes, r.in.Val, EvalOptions{Batch: r.Batch, Smoothing: r.Smoothing,
		Progress: func(images int) { r.Report(Validating{r.at.Epoch, images}) }})
}

// save writes the best checkpoint and that of the epoch, if they are due.
func (r *run) save(isBest bool, top1 float64) error {
	isDue := r.at.Epoch%max(1, r.SaveInterval) == 0 || r.at.Epoch == r.Epochs
	if !isBest && !isDue {
		return nil
	}
	s, err := r.snapshot()
	if err != nil {
		return err
	}
	if isBest {
		if err := r.keeper.best(s); err != nil {
			return err
		}
	}
	if isDue {
		return r.keeper.epoch(s, top1)
	}
	return nil
}

// interrupted saves where the run stands, in the middle of an epoch or at its end before it was validated.
func (r *run) interrupted() error {
	s, err := r.snapshot()
	if err != nil {
		return fmt.Errorf("train: save on interrupt: %w", err)
	}
	path := r.keeper.epochPath(r.at.Epoch, r.at.Step)
	if err := r.keeper.write(path, s); err != nil {
		return fmt.Errorf("train: save on interrupt: %w", err)
	}
	return &ErrInterrupted{Path: path}
}

// snapshot copies everything that a checkpoint holds from the device.
func (r *run) snapshot() (weights.Snapshot, error) {
	at := r.at
	s := weights.Snapshot{Arch: r.in.Arch, Card: r.in.Card, Run: &at, Momentum: r.Momentum, Rates: r.rates}
	var err error
	if s.Values, err = r.params.Load(); err != nil {
		return s, err
	}
	s.Velocity, err = r.state.Velocity()
	return s, err
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
