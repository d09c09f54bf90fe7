package options

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Option is one row of the table.
type Option struct {
	Name    string   // MindCV's spelling, also the YAML key
	Short   string   // one letter, or ""
	Group   Group    // heading it is listed under
	Default string   // as it would be typed; "None" for no value
	Choices []string // the values it takes, as help offers them; nil for any
	Hidden  []string // values it also takes; MindCV knows them from YAML only
	Unit    string   // "epochs", "pixels", ...; "" for none
	Help    string   // one line
	Note    string   // what a user of MindCV should know; "" for nothing
	Ours    bool     // MindCV has no such option
	Arg     string   // what stands for the value in help; "" for a word that follows from the kind
	Common  Command  // commands whose short help shows it
	Acts    Command  // the commands on which it has an effect
	Here    string   // why it has no effect at all here; "" if it has one
	Flag    bool     // exists on the command line only, is neither read from YAML nor saved
	Bounds  Bounds   // allowed range of a number and of each element of a list
	Lens    []int    // allowed lengths of a list; nil for any
	None    bool     // may be None (null in YAML)
	Lone    string   // what a text means that stands alone on the command line; it may then be a truth value, too. "" for a text that needs a value
	Later   *Later   // what this version refuses; nil for nothing

	at func(*Options) any // pointer to the field
}

// Later says which values of an option are understood but not built yet.
type Later struct {
	What  string              // "weight averaging is", "this optimizer is"
	Built []string            // values that do work; nil: see When
	When  func(*Options) bool // true for a value that is refused; nil: any value not in Built
	Try   string              // what to do instead
}

// Group is a heading under which options are listed.
type Group string

// The groups, in MindCV's order, ours between.
const (
	System       Group = "System"
	Dataset      Group = "Dataset"
	Augmentation Group = "Augmentation"
	Model        Group = "Model"
	Optimizer    Group = "Optimizer"
	Scheduler    Group = "Scheduler"
	Loss         Group = "Loss"
	Precision    Group = "Mixed precision"
	Output       Group = "Output"
	Cloud        Group = "ModelArts"
	Global       Group = "Global"
)

// Groups lists the headings in the order in which they are printed.
func Groups() []Group {
	return []Group{System, Dataset, Augmentation, Model, Optimizer, Scheduler, Loss, Precision, Output, Cloud, Global}
}

// Command is a set of commands of the program.
type Command uint

// The commands. Shared marks options that MindCV's train.py and validate.py both take because they share a parser.
const (
	Train Command = 1 << iota
	Validate
	Predict
	Convert
	Bench
	Devices
	Version
	Report
	Data

	Runs = Train | Validate | Predict // commands that run the network
	All  = Runs | Convert | Bench | Devices | Version | Report | Data
)

// Name returns the command's name as typed.
func (c Command) Name() string {
	var names []string
	for i, name := range []string{"train", "validate", "predict", "convert", "bench", "devices", "version"} {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// Takes reports whether command c accepts the option. Global options stand on every command; train and validate take
// every option of MindCV, as its two programs do. One that has no effect on the command is pointed out by [Load].
func (o *Option) Takes(c Command) bool {
	return o.Acts&c != 0 || o.Group == Global || (!o.Ours && c&(Train|Validate) != 0)
}

// Bounds is a closed or half-open range; the zero value allows everything finite.
type Bounds struct {
	Low, High         float64
	HasLow, HasHigh   bool
	OpenLow, OpenHigh bool
}

func atLeast(low float64) Bounds { return Bounds{Low: low, HasLow: true} }
func above(low float64) Bounds   { return Bounds{Low: low, HasLow: true, OpenLow: true} }
func between(low, high float64) Bounds {
	return Bounds{Low: low, High: high, HasLow: true, HasHigh: true}
}

// check returns nil if v lies within the bounds, else an error that says the range.
func (b Bounds) check(v float64) error {
	low := !b.HasLow || v > b.Low || (v == b.Low && !b.OpenLow)
	high := !b.HasHigh || v < b.High || (v == b.High && !b.OpenHigh)
	if low && high {
		return nil
	}
	return fmt.Errorf("must be %s", b)
}

// String describes the range in words: "at least 1", "above 0 and at most 1"; "" for none.
func (b Bounds) String() string {
	var parts []string
	if b.HasLow {
		parts = append(parts, pick(b.OpenLow, "above ", "at least ")+bound(b.Low))
	}
	if b.HasHigh {
		parts = append(parts, pick(b.OpenHigh, "below ", "at most ")+bound(b.High))
	}
	return strings.Join(parts, " and ")
}

func bound(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func pick(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

// Table returns every option in the order in which help and documents list them. The rows must not be changed.
func Table() []*Option { return table }

// Lookup returns the option of that name. Dashes count as underscores.
func Lookup(name string) (*Option, bool) {
	o, ok := byName[strings.ReplaceAll(name, "-", "_")]
	return o, ok
}

// For returns the options that a command takes, in table order.
func For(c Command) []*Option {
	var out []*Option
	for _, o := range table {
		if o.Takes(c) {
			out = append(out, o)
		}
	}
	return out
}

var (
	table = slices.Concat(systemRows(), datasetRows(), augmentationRows(), modelRows(), checkpointRows(), optimizerRows(),
		schedulerRows(), lossRows(), precisionRows(), outputRows(), cloudRows(), globalRows())
	byName = index(table)
)

func index(rows []*Option) map[string]*Option {
	m := make(map[string]*Option, len(rows))
	for _, o := range rows {
		m[o.Name] = o
	}
	return m
}
