package train

import (
	"time"

	"mnv2/backend"
	"mnv2/model"
	"mnv2/weights"
)

// Options say what a run does. Where a value's meaning is not told here, it is that of the MindCV option it is named after.
type Options struct {
	Model     string // name for files
	ImageSize int
	EvalSize  int // of validation; 0 is ImageSize
	model.Normalization

	Batch         int
	Epochs        int
	Seed          uint64
	Shuffle       bool
	DropRemainder bool
	Workers       int // decoding goroutines
	MaxBadFiles   int

	Schedule Schedule
	Optimizer
	WeightDecay float64
	Grouping
	Loss         string // MindCV's name; "" is CE
	Smoothing    float64
	SumLoss      bool
	LossScale    float64       // the first one if it is found on the way
	DynamicScale bool          // double the loss scale from time to time, halve it when gradients overflow
	Clip         float64       // limit of the gradient's norm; 0 for none
	Accumulate   int           // batches whose gradients are added up before an update; 0 and 1: none
	DropPath     float64       // rate of stochastic depth at the last block; 0 for none
	EMA          float64       // decay of the averages of the weights; 0 for none
	DType        backend.DType // of activations and products; 0 for what the device prefers
	Fuse         backend.Fuse
	LogInterval  int // steps
	ValInterval  int // epochs
	SaveDir      string
	SaveInterval int           // epochs
	SaveSteps    int           // steps between checkpoints inside an epoch; 0 for none
	SaveEvery    time.Duration // time between checkpoints inside an epoch; 0 for none
	SavePolicy   string
	KeepMax      int

	// Examine returns who looks at the validation of an epoch image by image; nil for nobody.
	Examine func(epoch int) Examiner

	// Report is told what happens, in order, from the goroutine that called Run.
	Report func(Event)
}

// Check returns nil, or which of the options cannot be, alone or with the state of the run that goes on; from is nil for a new run. Nothing has
// been written by then.
func (o Options) Check(from *weights.State) error {
	if err := checkPolicy(o.SavePolicy); err != nil {
		return err
	}
	if err := o.Schedule.check(); err != nil {
		return err
	}
	if _, err := o.Optimizer.rule(); err != nil || from == nil {
		return err
	}
	return o.Optimizer.takes(*from)
}
