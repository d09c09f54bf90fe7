package weights

import (
	"fmt"
	"slices"
	"strings"

	"mnv2/checkpoint"
	"mnv2/model"
)

// File is a checkpoint file that was read, with what is known of its content.
type File struct {
	Path   string
	Format checkpoint.Format
	Naming model.Scheme
	Config model.Config // width, classes and input channels of the network inside; no drop rate
	Card   *Card        // nil if the file carries none
	Run    *RunState    // nil if the file carries none

	tensors map[string]checkpoint.Tensor // of the network, by MindCV name
	state   map[string]checkpoint.Tensor // of the optimizer, by their own names
	unused  []string
}

// Open reads the file at path, whatever its format, and finds the MobileNetV2 in it. Errors of damaged files, and of files
// that hold another network, wrap checkpoint.ErrFormat.
func Open(path string) (*File, error) {
	raw, err := checkpoint.Read(path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, Format: raw.Format, tensors: map[string]checkpoint.Tensor{}, state: map[string]checkpoint.Tensor{}}
	if raw.Format == checkpoint.TFLite {
		raw, err = unfoldTFLite(raw)
	} else {
		raw = checkpoint.Unwrap(raw)
	}
	if err == nil {
		err = f.sort(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint %q: %w: %w", path, checkpoint.ErrFormat, err)
	}
	return f, nil
}

// sort deals the tensors out to the network, the optimizer's state and the rest, and reads the metadata.
func (f *File) sort(raw *checkpoint.File) error {
	var names []string
	for _, t := range raw.Tensors {
		names = append(names, t.Name)
	}
	var known int
	if f.Naming, known = model.DetectScheme(names); known == 0 {
		return fmt.Errorf("no tensor has a name of MobileNetV2 (the first of %d is %q)", len(names), first(names))
	}
	for _, t := range raw.Tensors {
		name, ok := model.Rename(t.Name, f.Naming, model.MindCV)
		switch {
		case ok:
			f.tensors[name] = t
		case isState(t.Name):
			f.state[t.Name] = t
		case !strings.HasSuffix(t.Name, "num_batches_tracked"):
			f.unused = append(f.unused, t.Name)
		}
	}
	if err := f.readMeta(raw.Meta); err != nil {
		return err
	}
	return f.detect()
}

func (f *File) readMeta(meta map[string]string) error {
	var card Card
	var run RunState
	hasCard, err := decodeMeta(meta, cardKey, &card)
	if err != nil {
		return err
	}
	if hasCard {
		f.Card = &card
	}
	hasRun, err := decodeMeta(meta, runKey, &run)
	if hasRun {
		f.Run = &run
	}
	return err
}

// detect finds the width whose channels fit the file, and reads the other sizes off the tensors.
func (f *File) detect() error {
	stem, okStem := f.shape("features.0.weight", 4)
	dense, okDense := f.shape("classifier.1.weight", 2)
	if !okStem {
		return fmt.Errorf("the first convolution is missing")
	}
	f.Config = model.Config{InChannels: stem[1]}
	if okDense {
		f.Config.Classes = dense[0]
	}
	best := -1
	for _, width := range []float64{1, 0.75, 0.35, 0.5, 1.4, 1.3} {
		if n := f.fits(width); n > best {
			best, f.Config.Width = n, width
		}
	}
	return nil
}

// fits counts the tensors whose shape is that of the network of the given width.
func (f *File) fits(width float64) int {
	a, err := model.New(model.Config{Width: width, Classes: max(1, f.Config.Classes), InChannels: min(4, max(1, f.Config.InChannels))})
	if err != nil {
		return 0
	}
	n := 0
	for _, p := range a.Params() {
		if t, ok := f.tensors[p.Name]; ok && sameShape(t.Shape, p.Shape) {
			n++
		}
	}
	return n
}

func (f *File) shape(name string, dims int) ([]int, bool) {
	t, ok := f.tensors[name]
	if !ok || len(t.Shape) < dims {
		return nil, false
	}
	return t.Shape, true
}

// sameShape compares shapes; sizes of 1 at the end do not count, since some programs keep a dense weight as a convolution.
func sameShape(a, b []int) bool { return slices.Equal(trimOnes(a), trimOnes(b)) }

func trimOnes(s []int) []int {
	for len(s) > 0 && s[len(s)-1] == 1 {
		s = s[:len(s)-1]
	}
	return s
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// statePrefixes stand before parameter names in the state of MindSpore's optimizers and of weight averaging.
var statePrefixes = []string{velocityPrefix, "accum.", "stat.", "moment.", "moment1.", "moment2.", "adam_m.", "adam_v.", "lion_m.",
	"nadam_m.", "nadam_v.", "mean_square.", "lamb_m.", "lamb_v.", "ema.", "grad_accumulation."}

// stateNames are the rest of that state.
var stateNames = []string{"global_step", "learning_rate", "momentum", "beta1_power", "beta2_power", "mu_schedule", "updates",
	"scale_sense", "accumulation_step", "current_iterator_step", "last_overflow_iterator_step"}

func isState(name string) bool {
	if slices.Contains(stateNames, name) || strings.HasPrefix(name, "learning_rate_group_") {
		return true
	}
	for _, prefix := range statePrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
