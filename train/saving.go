package train

import (
	"errors"
	"fmt"
	"os"
	"time"

	"mnv2/checkpoint"
)

// retryAfter is how long a run waits after a checkpoint could not be written before it tries the next one inside an epoch.
const retryAfter = time.Minute

// saving decides when a checkpoint inside an epoch is due, and remembers what could not be written.
//
// Such a checkpoint replaces the one before it, and goes when its epoch is saved. One that cannot be written does not end the run:
// it is reported, and tried again.
type saving struct {
	everySteps int           // 0 for never
	every      time.Duration // 0 for never
	last       time.Time     // when something was saved or the run began
	failed     time.Time     // when something could not be saved; zero if the last save worked
	passing    []string      // checkpoints that go when a newer one is there
	err        error         // of the last save
}

// due reports whether a checkpoint is wanted after this step of the epoch.
func (s *saving) due(step int, now time.Time) bool {
	switch {
	case s.everySteps > 0 && step%s.everySteps == 0:
		return true
	case s.every > 0 && now.Sub(s.last) >= s.every:
		return s.failed.IsZero() || now.Sub(s.failed) >= retryAfter
	}
	return !s.failed.IsZero() && now.Sub(s.failed) >= retryAfter
}

// done notes how a save went.
func (s *saving) done(err error, now time.Time) {
	s.err = err
	if err != nil {
		s.failed = now
		return
	}
	s.last, s.failed = now, time.Time{}
}

// saveInEpoch writes a checkpoint in the middle of an epoch if one is due.
func (r *run) saveInEpoch() error {
	if r.at.Step == r.at.StepsPerEpoch || !r.saving.due(r.at.Step, time.Now()) {
		return nil
	}
	s, err := r.snapshot()
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	path := r.keeper.epochPath(r.at.Epoch, r.at.Step)
	err = r.keeper.write(path, s)
	if err == nil {
		err = r.replacePassing(path, true)
	}
	r.saved(path, err)
	return nil
}

// replacePassing removes the checkpoints that were there until a newer one was, which is the one at path. It may be such a one itself.
func (r *run) replacePassing(path string, passes bool) error {
	old := r.saving.passing
	if r.saving.passing = nil; passes {
		r.saving.passing = []string{path}
	}
	for _, file := range old {
		if file == path {
			continue
		}
		if err := checkpoint.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("delete old checkpoint: %w", err)
		}
		r.Report(Removed{file})
	}
	return nil
}

// saved reports a save that failed and lets the run go on.
func (r *run) saved(path string, err error) {
	r.saving.done(err, time.Now())
	if err != nil {
		r.Report(SaveFailed{Path: path, Err: err})
	}
}
