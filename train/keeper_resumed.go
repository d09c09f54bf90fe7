package train

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"mnv2/weights"
)

// adopt takes over what an earlier part of the run left in the folder, up to where the run goes on: checkpoints of epochs count among those that are
// kept, those from inside an epoch are returned, and go when a newer one is there. top1 are the accuracies of the epochs. Where top_k keeps the best, a
// checkpoint whose accuracy is not known is left alone.
func (k *keeper) adopt(at weights.RunState, top1 map[int]float64) (passing []string) {
	for _, f := range k.written() {
		if f.epoch > at.Epoch || f.epoch == at.Epoch && f.step > at.Step {
			continue
		}
		accuracy, isKnown := top1[f.epoch]
		switch isDone := f.epoch < at.Epoch || at.EpochDone; {
		case f.step != at.StepsPerEpoch || !isDone:
			passing = append(passing, f.path)
		case isKnown || k.policy != "top_k":
			k.kept = append(k.kept, keptFile{f.path, accuracy})
		}
	}
	return append(passing, k.surplus()...)
}

// writtenFile is a checkpoint that was written at a step of an epoch.
type writtenFile struct {
	path        string
	epoch, step int
}

// written lists the run's checkpoints in the folder, the oldest first. A folder that cannot be listed has none.
func (k *keeper) written() []writtenFile {
	entries, _ := os.ReadDir(k.dir)
	var files []writtenFile
	for _, e := range entries {
		m := epochName.FindStringSubmatch(e.Name())
		if m == nil || k.name+m[0] != e.Name() {
			continue
		}
		f := writtenFile{path: filepath.Join(k.dir, e.Name())}
		f.epoch, _ = strconv.Atoi(m[1]) // at most nine digits
		f.step, _ = strconv.Atoi(m[2])
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b writtenFile) int { return cmp.Or(a.epoch-b.epoch, a.step-b.step) })
	return files
}

// temporary is how files are called while they are written.
var temporary = regexp.MustCompile(`^\..+\.tmp-\d+$`)

// tidy removes what a run that was killed in the middle of writing left in the folder. That something cannot be removed harms nothing.
func (k *keeper) tidy() {
	entries, _ := os.ReadDir(k.dir)
	for _, e := range entries {
		if temporary.MatchString(e.Name()) {
			_ = os.Remove(filepath.Join(k.dir, e.Name()))
		}
	}
}

// surplus takes from those that are kept what the policy would not keep: the oldest, or with top_k the worst, of equals the newest.
func (k *keeper) surplus() (paths []string) {
	for k.policy != "" && k.most > 0 && len(k.kept) > k.most {
		at := 0
		for i, f := range k.kept {
			if k.policy == "top_k" && f.top1 <= k.kept[at].top1 {
				at = i
			}
		}
		paths = append(paths, k.kept[at].path)
		k.kept = slices.Delete(k.kept, at, at+1)
	}
	return paths
}
