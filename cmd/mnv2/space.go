package main

import (
	"fmt"

	"mnv2/internal/cli"
	"mnv2/internal/diskspace"
)

// checkSpace refuses a run whose first checkpoint would not fit on the disk, and warns if those that it keeps would not.
func (j *trainJob) checkSpace() error {
	free, known := diskspace.Free(existing(j.o.CkptSaveDir))
	if !known {
		return nil
	}
	one := checkpointBytes(j)
	if free < one {
		return &cli.ExitError{Code: cli.Failed, Err: fmt.Errorf("--ckpt_save_dir %q: %s are free, a checkpoint with its optimizer state takes about %s",
			j.o.CkptSaveDir, mebibytes(free), mebibytes(one)), Hint: "make room, or name a folder on another disk"}
	}
	if kept := int64(j.o.KeepCheckpointMax + 1); j.o.KeepCheckpointMax > 0 && free < kept*one {
		j.report.warn("%s are free in %s; the %d checkpoints that --keep_checkpoint_max keeps take about %s", mebibytes(free), j.o.CkptSaveDir,
			kept, mebibytes(kept*one))
	}
	return nil
}

// checkpointBytes is about what one checkpoint takes: all parameters, and two numbers of optimizer state for each trained one, twice
// (in the checkpoint and in optim_MODEL.ckpt).
func checkpointBytes(j *trainJob) int64 {
	trained, all := j.arch.Count()
	return 4*int64(all+4*trained) + 1<<20
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
