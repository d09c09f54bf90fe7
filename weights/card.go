package weights

import (
	"encoding/json"
	"fmt"
)

// Card is what travels with the weights so that they can be used without further flags.
type Card struct {
	Model        string    `json:"model,omitempty"`
	Dataset      string    `json:"dataset,omitempty"`
	Classes      []string  `json:"classes,omitempty"`
	ImageSize    int       `json:"image_size,omitempty"`
	Mean         []float64 `json:"mean,omitempty"` // on the scale 0 to 255
	Std          []float64 `json:"std,omitempty"`
	CropPct      float64   `json:"crop_pct,omitempty"`
	ResizeFilter string    `json:"resize_filter,omitempty"`
	// Interpolation is MindCV's option; none means bilinear.
	Interpolation string `json:"interpolation,omitempty"`
}

// RunState is where a run stands: what a resume needs besides parameters and velocity.
type RunState struct {
	Epoch         int     `json:"epoch"`      // in progress or just finished, counted from 1
	Step          int     `json:"step"`       // steps of that epoch that are done
	EpochDone     bool    `json:"epoch_done"` // all steps are done, and what comes after the last one
	StepsPerEpoch int     `json:"steps_per_epoch"`
	GlobalStep    int     `json:"global_step"`
	Seed          uint64  `json:"seed"`
	BestTop1      float64 `json:"best_top1"` // percent, of the epochs validated so far
	BestEpoch     int     `json:"best_epoch"`
	LastLoss      float64 `json:"last_loss"`

	// How the steps went: see model.Health. A scale of 0 means that the file knows nothing of it.
	LossScale   float64 `json:"loss_scale,omitempty"`
	GoodSteps   int     `json:"good_steps,omitempty"`
	Skipped     int     `json:"skipped,omitempty"`
	SkippedRun  int     `json:"skipped_run,omitempty"`
	GradientLen float64 `json:"gradient_norm,omitempty"`
}

// The keys under which both stand in a file's metadata.
const (
	cardKey = "mnv2.card"
	runKey  = "mnv2.run"
)

// encodeMeta returns the metadata of a snapshot.
func encodeMeta(s Snapshot) (map[string]string, error) {
	meta := map[string]string{}
	for key, value := range map[string]any{cardKey: s.Card, runKey: s.Run} {
		if value == (*RunState)(nil) {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("weights: %w", err)
		}
		meta[key] = string(text)
	}
	return meta, nil
}

// decodeMeta fills into from the text under key. A missing key leaves it as it is and returns false.
func decodeMeta(meta map[string]string, key string, into any) (bool, error) {
	text, ok := meta[key]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return false, fmt.Errorf("metadata %q: %w", key, err)
	}
	return true, nil
}
