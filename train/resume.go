package train

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"

	"mnv2/model"
	"mnv2/weights"
)

// Resumption says whether and where a run goes on from a checkpoint.
type Resumption struct {
	Position *weights.RunState // nil: the run starts anew, from the file's weights
	State    *weights.State    // what goes with the position
	Reason   string            // why the run starts anew although the file holds training state
}

// Resume finds out where the run that writes to dir goes on from f. A run goes on from a file in its own folder that holds
// optimizer state for the network; anything else it starts from the weights alone.
//
// A file that MindSpore wrote has no position of its own: the epoch is taken from its name, MODEL-EPOCH_STEP.ckpt.
func Resume(f *weights.File, dir string, a *model.Arch, stepsPerEpoch int, seed uint64) (Resumption, error) {
	state, err := f.State(a)
	if err != nil || state == nil {
		return Resumption{}, err
	}
	if !sameFolder(filepath.Dir(f.Path), dir) {
		return Resumption{Reason: fmt.Sprintf("it belongs to the run in %q; pass --ckpt_save_dir %s to go on with that one",
			filepath.Dir(f.Path), filepath.Dir(f.Path))}, nil
	}
	position := f.Run
	if position == nil {
		if position = positionFromName(f.Path, state.GlobalStep, stepsPerEpoch, seed); position == nil {
			return Resumption{Reason: "its name tells no epoch (MODEL-EPOCH_STEP.ckpt)"}, nil
		}
	}
	if position.StepsPerEpoch != stepsPerEpoch {
		return Resumption{Reason: fmt.Sprintf("its epochs have %d steps, this run's have %d: batch size or data set differ",
			position.StepsPerEpoch, stepsPerEpoch)}, nil
	}
	if position.Seed != seed {
		return Resumption{Reason: fmt.Sprintf("it was made with --seed %d, this run has %d", position.Seed, seed)}, nil
	}
	return Resumption{Position: position, State: state}, nil
}

var epochName = regexp.MustCompile(`-(\d{1,9})_(\d{1,9})\.ckpt$`)

// positionFromName reads epoch and step off a file name. Steps that are all of an epoch mean that it is done.
func positionFromName(path string, globalStep, stepsPerEpoch int, seed uint64) *weights.RunState {
	m := epochName.FindStringSubmatch(filepath.Base(path))
	if m == nil {
		return nil
	}
	epoch, err1 := strconv.Atoi(m[1])
	step, err2 := strconv.Atoi(m[2])
	if err1 != nil || err2 != nil || epoch < 1 || step > stepsPerEpoch {
		return nil
	}
	return &weights.RunState{Epoch: epoch, Step: step, EpochDone: step == stepsPerEpoch, StepsPerEpoch: stepsPerEpoch,
		GlobalStep: globalStep, Seed: seed}
}

func sameFolder(a, b string) bool {
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}
