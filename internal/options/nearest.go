package options

import (
	"slices"
	"strings"
)

// Nearest returns the candidate that word most probably stands for, or "" if none is close. Letter case, dashes and
// underscores do not count; after that it takes at most a third of the letters wrong (two adjacent letters swapped
// count as one), else a candidate that contains the word or is contained in it.
func Nearest(word string, candidates []string) string {
	plain := squash(word)
	if plain == "" || len(plain) > 64 {
		return ""
	}
	if name, ok := otherWords[plain]; ok && slices.Contains(candidates, name) {
		return name
	}
	best, bestDistance := "", len(plain)/3+1
	for _, c := range candidates {
		if d := distance(plain, squash(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if best != "" {
		return best
	}
	return containing(plain, candidates)
}

func containing(plain string, candidates []string) string {
	for _, c := range candidates {
		s := squash(c)
		if len(s) >= 3 && len(plain) >= 3 && (strings.Contains(s, plain) || strings.Contains(plain, s)) {
			return c
		}
	}
	return ""
}

// otherWords: what users of other trainers call our options.
var otherWords = map[string]string{
	"arch": "model", "augment": "auto_augment", "checkpoint": "ckpt_path", "data": "data_dir", "datapath": "data_dir",
	"dropout": "drop_rate", "epochs": "epoch_size", "imagesize": "image_resize", "imgsize": "image_resize",
	"input": "image_path", "learningrate": "lr", "numepochs": "epoch_size", "numworkers": "num_parallel_workers",
	"optimizer": "opt", "output": "ckpt_save_dir", "outputdir": "ckpt_save_dir", "resume": "ckpt_path",
	"sched": "scheduler", "smoothing": "label_smoothing", "weights": "ckpt_path", "wd": "weight_decay",
	"workers": "num_parallel_workers", "gpu": "device", "json": "format",
}

func squash(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))
}

// distance is the number of letters to insert, delete, replace or swap with their neighbour to turn a into b.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := row[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(row[j]+1, next[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
