package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mnv2/internal/atomicfile"
)

// Step is a logged step.
type Step struct {
	Epoch        int     `json:"epoch"`       // counted from 1
	Step         int     `json:"step"`        // within the epoch, counted from 1
	GlobalStep   int     `json:"global_step"` // counted from 1
	Loss         float64 `json:"loss"`
	LR           float64 `json:"lr"`
	ImagesPerSec float64 `json:"images_per_sec"`
	InputWait    float64 `json:"input_wait"` // share of the time, 0 to 1
}

// Epoch is the end of an epoch. The validation's fields mean something if Validated.
type Epoch struct {
	Epoch        int     `json:"epoch"`
	GlobalStep   int     `json:"global_step"`
	Loss         float64 `json:"loss"` // of the last step
	Validated    bool    `json:"validated"`
	Top1         float64 `json:"top1"` // percent
	Top5         float64 `json:"top5"`
	ValLoss      float64 `json:"val_loss"`
	Best         bool    `json:"best"` // better than all epochs before
	ImagesPerSec float64 `json:"images_per_sec"`
	InputWait    float64 `json:"input_wait"`
	TrainSeconds float64 `json:"train_seconds"`
	EvalSeconds  float64 `json:"eval_seconds"`
}

// History is what metrics.jsonl holds.
type History struct {
	Steps  []Step
	Epochs []Epoch
}

// entry is one line of the file.
type entry struct {
	Step  *Step     `json:"step,omitempty"`
	Epoch *Epoch    `json:"epoch,omitempty"`
	Time  time.Time `json:"time"`
}

const metricsName = "metrics.jsonl"

// ReadHistory reads the metrics of the run in dir. A run without the file has none. The last line may be torn: the run may
// have been killed while it wrote it.
func ReadHistory(dir string) (History, error) {
	var h History
	f, err := os.Open(filepath.Join(dir, metricsName))
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // nothing, or a line that was not finished
			return h, nil
		}
		if err != nil {
			return h, err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return h, fmt.Errorf("%s, line %d: %w", f.Name(), number, err)
		}
		h.add(e)
	}
}

func (h *History) add(e entry) {
	if e.Step != nil {
		h.Steps = append(h.Steps, *e.Step)
	}
	if e.Epoch != nil {
		h.Epochs = append(h.Epochs, *e.Epoch)
	}
}

// before drops what lies after a number of steps: a run that goes on from there writes it again.
func (h History) before(globalStep int) History {
	var kept History
	for _, s := range h.Steps {
		if s.GlobalStep <= globalStep {
			kept.Steps = append(kept.Steps, s)
		}
	}
	for _, e := range h.Epochs {
		if e.GlobalStep <= globalStep {
			kept.Epochs = append(kept.Epochs, e)
		}
	}
	return kept
}

// HistoryWriter appends to metrics.jsonl.
type HistoryWriter struct {
	file *os.File
	now  func() time.Time
}

// OpenHistory starts to write the metrics of the run in dir, which goes on after globalStep steps; 0 for a new one. Lines of
// later steps, from a part of the run that is now done again, are dropped.
func OpenHistory(dir string, globalStep int) (*HistoryWriter, error) {
	old, err := ReadHistory(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, metricsName)
	kept := old.before(globalStep)
	if err := atomicfile.Write(path, 0o644, func(w io.Writer) error { return writeAll(w, kept) }); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &HistoryWriter{file: file, now: time.Now}, nil
}

// writeAll writes steps and epochs in the order in which they happened.
func writeAll(w io.Writer, h History) error {
	encoder := json.NewEncoder(w)
	at := 0
	for _, s := range h.Steps {
		for at < len(h.Epochs) && h.Epochs[at].GlobalStep < s.GlobalStep {
			if err := encoder.Encode(entry{Epoch: &h.Epochs[at]}); err != nil {
				return err
			}
			at++
		}
		if err := encoder.Encode(entry{Step: &s}); err != nil {
			return err
		}
	}
	for ; at < len(h.Epochs); at++ {
		if err := encoder.Encode(entry{Epoch: &h.Epochs[at]}); err != nil {
			return err
		}
	}
	return nil
}

// Step appends a step.
func (w *HistoryWriter) Step(s Step) error { return w.append(entry{Step: &s, Time: w.now()}) }

// Epoch appends the end of an epoch.
func (w *HistoryWriter) Epoch(e Epoch) error { return w.append(entry{Epoch: &e, Time: w.now()}) }

// Close closes the file.
func (w *HistoryWriter) Close() error { return w.file.Close() }

func (w *HistoryWriter) append(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = w.file.Write(append(line, '\n'))
	return err
}
