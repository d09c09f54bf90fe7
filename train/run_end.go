package train

import (
	"context"
	"fmt"
	"time"
)

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
	end.Total = time.Since(start)
	if err := r.log.add(end); err != nil { // before the checkpoint: a run that goes on from there finds the line
		r.Report(SaveFailed{Path: r.log.path, Err: err})
	}
	if err := r.save(isBest, end.Top1); err != nil {
		return fmt.Errorf("train: save after epoch %d: %w", r.at.Epoch, err)
	}
	end.Total = time.Since(start)
	end.BestTop1, end.BestEpoch = r.at.BestTop1, r.at.BestEpoch
	end.Remaining = end.Total * time.Duration(r.Epochs-r.at.Epoch)
	r.Report(end)
	return nil
}

func (r *run) validate(ctx context.Context) (Metrics, error) {
	if err := r.eval.Prepare(); err != nil {
		return Metrics{}, err
	}
	o := EvalOptions{Batch: r.Batch, Loss: r.Loss, Smoothing: r.Smoothing, Progress: func(images int) { r.Report(Validating{r.at.Epoch, images}) }}
	if r.Examine != nil {
		o.Examiner = r.Examine(r.at.Epoch)
	}
	return Evaluate(ctx, r.eval, r.in.Arch.Classes, r.in.Val, o)
}

// save writes the best checkpoint and that of the epoch, if they are due. A file that cannot be written is reported and does not
// end the run.
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
		r.saved(BestPath(r.keeper.dir, r.keeper.name), r.keeper.best(s))
	}
	if isDue {
		path := r.keeper.epochPath(r.at.Epoch, r.at.Step)
		passes, err := r.keeper.epoch(s, top1)
		if err == nil {
			err = r.replacePassing(path, passes)
		}
		r.saved(path, err)
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
