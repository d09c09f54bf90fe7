package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind says what a case does.
type Kind string

// The kinds.
const (
	Inference Kind = "inference"
	Training  Kind = "training"
	Input     Kind = "input"
)

// Case is one thing to measure.
type Case struct {
	Name  string `json:"case"`
	Kind  Kind   `json:"kind"`
	Size  int    `json:"size"`  // side of the images in pixels
	Batch int    `json:"batch"` // images at once
}

// Cases lists all cases in the order in which they run.
func Cases() []Case {
	return []Case{
		{"latency", Inference, 224, 1},
		{"throughput", Inference, 224, 32},
		{"train224", Training, 224, 32},
		{"train96", Training, 96, 64},
		{"train32", Training, 32, 64},
		{"input", Input, 224, 32},
	}
}

// ParseCases returns the cases that a list of names, separated by commas, names; all of them for "all".
func ParseCases(list string) ([]Case, error) {
	if list == "all" {
		return Cases(), nil
	}
	var chosen []Case
	for name := range strings.SplitSeq(list, ",") {
		c, ok := find(strings.TrimSpace(name))
		if !ok {
			return nil, fmt.Errorf("case %q: want all, or some of %s, or such as train224x256 and infer96x8 (pixels, batch)", name, names())
		}
		chosen = append(chosen, c)
	}
	return chosen, nil
}

// find returns the case of that name: one of Cases, or one made of what it measures, "train224x256" and "infer96x8" for pixels and batch.
func find(name string) (Case, bool) {
	for _, c := range Cases() {
		if c.Name == name {
			return c, true
		}
	}
	for prefix, kind := range map[string]Kind{"train": Training, "infer": Inference} {
		rest, fits := strings.CutPrefix(name, prefix)
		size, batch, both := strings.Cut(rest, "x")
		if !fits || !both {
			continue
		}
		s, sizeErr := strconv.Atoi(size)
		b, batchErr := strconv.Atoi(batch)
		if sizeErr == nil && batchErr == nil && s >= 32 && s <= maxSize && b >= 1 && b <= maxBatch {
			return Case{name, kind, s, b}, true
		}
	}
	return Case{}, false
}

// What a case may be made of.
const (
	maxSize  = 1024
	maxBatch = 1 << 16
)

func names() string {
	var list []string
	for _, c := range Cases() {
		list = append(list, c.Name)
	}
	return strings.Join(list, ", ")
}

// Result is what was measured of a case. Stats are of one batch.
type Result struct {
	Case
	Stats
	ImagesPerSec float64 `json:"images_per_sec"` // at the median
	BestPerSec   float64 `json:"best_images_per_sec"`
	DeviceBytes  int64   `json:"device_bytes,omitempty"` // memory held on the device; on the CPU part of the peak
	PeakBytes    int64   `json:"peak_bytes,omitempty"`   // most memory of the process at once, where the system tells
}

// newResult fills in the rates.
func newResult(c Case, s Stats, device int64) Result {
	n := float64(c.Batch)
	return Result{Case: c, Stats: s, ImagesPerSec: n / s.Median, BestPerSec: n / s.Best, DeviceBytes: device, PeakBytes: peakMemory()}
}
