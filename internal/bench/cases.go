package bench

import (
	"fmt"
	"strconv"
	"strings"

	"mnv2/backend"
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
	Size  int    `json:"size"`            // side of the images in pixels
	Batch int    `json:"batch"`           // images at once
	DType string `json:"dtype,omitempty"` // of activations: "f32", "f16", "bf16"; "" for the device's own choice
}

// Cases lists all cases in the order in which they run.
func Cases() []Case {
	return []Case{
		{Name: "latency", Kind: Inference, Size: 224, Batch: 1},
		{Name: "throughput", Kind: Inference, Size: 224, Batch: 32},
		{Name: "train224", Kind: Training, Size: 224, Batch: 32},
		{Name: "train96", Kind: Training, Size: 96, Batch: 64},
		{Name: "train32", Kind: Training, Size: 32, Batch: 64},
		{Name: "input", Kind: Input, Size: 224, Batch: 32},
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
			return nil, fmt.Errorf("case %q: want all, or some of %s, or such as train224x256 and infer96x8:f16 (pixels, batch, type)", name, names())
		}
		chosen = append(chosen, c)
	}
	return chosen, nil
}

// find returns the case of that name: one of Cases, or one made of what it measures: "train224x256" and "infer96x8" for pixels and
// batch, and "train224x256:bf16" with the type of the activations.
func find(name string) (Case, bool) {
	for _, c := range Cases() {
		if c.Name == name {
			return c, true
		}
	}
	shape, dtype, _ := strings.Cut(name, ":")
	for prefix, kind := range map[string]Kind{"train": Training, "infer": Inference} {
		rest, fits := strings.CutPrefix(shape, prefix)
		size, batch, both := strings.Cut(rest, "x")
		if !fits || !both {
			continue
		}
		s, sizeErr := strconv.Atoi(size)
		b, batchErr := strconv.Atoi(batch)
		if sizeErr == nil && batchErr == nil && s >= 32 && s <= maxSize && b >= 1 && b <= maxBatch && isType(dtype, shape != name) {
			return Case{name, kind, s, b, dtype}, true
		}
	}
	return Case{}, false
}

// isType reports whether name is a type of activations, or nothing where none is named.
func isType(name string, isNamed bool) bool {
	if !isNamed {
		return name == ""
	}
	_, known := types[name]
	return known
}

var types = map[string]backend.DType{"f32": backend.F32, "f16": backend.F16, "bf16": backend.BF16}

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

	ResidentBytes int64 `json:"resident_bytes,omitempty"` // memory of the process at the end, loading over, where the system tells
}

// newResult fills in the rates.
func newResult(c Case, s Stats, device int64) Result {
	n := float64(c.Batch)
	return Result{Case: c, Stats: s, ImagesPerSec: n / s.Median, BestPerSec: n / s.Best, DeviceBytes: device, PeakBytes: peakMemory(),
		ResidentBytes: residentMemory()}
}
