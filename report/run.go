package report

import (
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

// Run says what a run is: run.json.
type Run struct {
	Name        string    `json:"name"` // of its folder
	Version     string    `json:"version"`
	Started     time.Time `json:"started"`
	Model       string    `json:"model"`
	Parameters  int       `json:"parameters"`
	Device      string    `json:"device"`
	Data        string    `json:"data"`
	Fingerprint string    `json:"fingerprint"` // of names and labels of the training set
	Classes     []string  `json:"classes"`
	TrainImages int       `json:"train_images"`
	ValImages   int       `json:"val_images"`
	Epochs      int       `json:"epochs"`
	Seed        int       `json:"seed"`
	Options     []Option  `json:"options"` // effective values
	System      []Option  `json:"system"`  // where it ran
	Samples     []Picture `json:"samples"` // training pictures as the network saw them
}

// Option is a name with a value.
type Option struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Changed bool   `json:"changed,omitempty"` // from its default
}

// Picture is a small JPEG with a caption.
type Picture struct {
	JPEG []byte `json:"jpeg"`
	Text string `json:"text"`
}

const (
	runName      = "run.json"
	findingsName = "findings.json"
)

// Save writes run.json to dir.
func (r Run) Save(dir string) error { return saveJSON(filepath.Join(dir, runName), r) }

// ReadRun reads run.json from dir. The error wraps fs.ErrNotExist where there is none.
func ReadRun(dir string) (Run, error) {
	var r Run
	err := readJSON(filepath.Join(dir, runName), &r)
	return r, err
}

// Difference is an option whose value is not that of an earlier part of the run.
type Difference struct{ Name, Before, Now string }

// String returns "name: before, now after".
func (d Difference) String() string { return fmt.Sprintf("%s was %s, now %s", d.Name, d.Before, d.Now) }

// DifferencesFrom lists what differs from the earlier run, leaving out the options named in ignored.
func (r Run) DifferencesFrom(earlier Run, ignored ...string) []Difference {
	skip := map[string]bool{}
	for _, name := range ignored {
		skip[name] = true
	}
	before := map[string]string{}
	for _, o := range earlier.Options {
		before[o.Name] = o.Value
	}
	var list []Difference
	for _, o := range r.Options {
		if old, known := before[o.Name]; known && old != o.Value && !skip[o.Name] {
			list = append(list, Difference{o.Name, old, o.Value})
		}
	}
	for _, d := range []Difference{{"the data", earlier.Fingerprint, r.Fingerprint}, {"the version of mnv2", earlier.Version, r.Version}} {
		if d.Before != "" && d.Before != d.Now {
			list = append(list, d)
		}
	}
	return list
}

func saveJSON(path string, v any) error {
	return atomicfile.Write(path, 0o644, func(w io.Writer) error { return json.NewEncoder(w).Encode(v) })
}

// readJSON reads a file of at most 64 MiB.
func readJSON(path string, v any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, 64<<20)).Decode(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// readOptional is readJSON where the file may be absent.
func readOptional(path string, v any) error {
	if err := readJSON(path, v); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
