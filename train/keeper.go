package train

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"mnv2/checkpoint"
	"mnv2/model"
	"mnv2/weights"
)

// keeper writes the checkpoints of a run and deletes old ones by MindCV's ckpt_save_policy.
type keeper struct {
	dir, name string
	policy    string // "latest_k", "top_k", or "" to keep everything
	most      int    // 0 keeps everything
	report    func(Event)
	kept      []keptFile
	last      string // the newest that is there
}

type keptFile struct {
	path string
	top1 float64
}

// checkPolicy returns nil if policy is one that MindCV knows.
func checkPolicy(policy string) error {
	if slices.Contains([]string{"", "latest_k", "top_k"}, policy) {
		return nil
	}
	return fmt.Errorf("ckpt_save_policy %q: want latest_k, top_k or none", policy)
}

// BestPath is where the best checkpoint of a model stands in dir.
func BestPath(dir, model string) string { return filepath.Join(dir, model+"_best.ckpt") }

// epochPath is where the checkpoint of an epoch stands: MODEL-EPOCH_STEP.ckpt, the step counted inside the epoch.
func (k *keeper) epochPath(epoch, step int) string {
	return filepath.Join(k.dir, fmt.Sprintf("%s-%d_%d.ckpt", k.name, epoch, step))
}

// best writes the best checkpoint.
func (k *keeper) best(s weights.Snapshot) error { return k.write(BestPath(k.dir, k.name), s) }

// epoch writes the checkpoint of an epoch with the optimizer's state beside it, and deletes what the policy does not keep.
// passes is true with top_k if the epoch is no better than all that are kept: such a checkpoint stays until there is a newer one, since a run that
// is killed goes on from it. MindCV does not write it.
func (k *keeper) epoch(s weights.Snapshot, top1 float64) (passes bool, err error) {
	file := keptFile{k.epochPath(s.Run.Epoch, s.Run.Step), top1}
	k.kept = slices.DeleteFunc(k.kept, func(f keptFile) bool { return f.path == file.path })
	if err := k.write(file.path, s); err != nil {
		return false, err
	}
	if err := weights.SaveState(filepath.Join(k.dir, "optim_"+k.name+".ckpt"), s); err != nil {
		return false, err
	}
	if k.full() && k.policy == "top_k" && top1 <= k.kept[k.worst()].top1 {
		return true, nil
	}
	for k.full() && k.policy != "" {
		if err := k.remove(k.worst()); err != nil {
			return false, err
		}
	}
	k.kept = append(k.kept, file)
	return false, nil
}

// full reports whether no more checkpoints are kept than there are.
func (k *keeper) full() bool { return k.most > 0 && len(k.kept) >= k.most }

// worst is the file that goes first: the oldest, or with top_k the one of the lowest accuracy.
func (k *keeper) worst() int {
	at := 0
	if k.policy == "top_k" {
		for i, f := range k.kept {
			if f.top1 < k.kept[at].top1 {
				at = i
			}
		}
	}
	return at
}

func (k *keeper) write(path string, s weights.Snapshot) error {
	if err := weights.Save(path, checkpoint.CKPT, model.MindCV, s); err != nil {
		return err
	}
	k.last = path
	k.report(Saved{path})
	return nil
}

func (k *keeper) remove(i int) error {
	path := k.kept[i].path
	k.kept = slices.Delete(k.kept, i, i+1)
	if err := checkpoint.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("delete old checkpoint: %w", err)
	}
	k.report(Removed{path})
	return nil
}
