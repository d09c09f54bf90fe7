package train

import (
	"time"

	"mnv2/backend"
)

// Event is something that happened in a run: one of the structs below.
type Event interface{ event() }

// Started is the first event of a run.
type Started struct {
	StepsPerEpoch int
	Epochs        int
	FirstEpoch    int   // counted from 1; more than 1 if the run goes on from a checkpoint
	FirstStep     int   // steps of that epoch that are done already
	DeviceBytes   int64 // held on the device by the step and its parameters
	Guarded       bool  // the device skips steps whose loss or gradients are not finite; else the first such loss that is logged ends the run
}

// Stepped comes after every step, as soon as it is queued.
type Stepped struct {
	Epoch, Step   int // counted from 1
	LR            float64
	Images        int
	ImagesPerSec  float64       // lately
	InputWait     float64       // share of the time lately that the step waited for images, 0 to 1
	Remaining     time.Duration // of the run, at the present pace
	StepsPerEpoch int
	Epochs        int
}

// Logged comes at step 1, at every LogInterval-th and at the last of an epoch, with the loss of that one step.
type Logged struct {
	Stepped
	Loss    float64
	Elapsed time.Duration // since the last such event

	LossScale    float64 // of the next step
	Skipped      int     // steps of the run that changed nothing because their loss or gradients were not finite
	GradientNorm float64 // of the last step that counted; 0 if it has no limit

	Gauges []backend.Gauge // how the device is, where it tells
}

// Skipped tells, after a step that is logged, that steps since the one logged before changed nothing because their loss or gradients were not finite.
type Skipped struct {
	Epoch, Step  int // of the step that is logged
	Steps, Total int // since the last such event, and in the whole run
	LossScale    float64
	Layer        string // the first whose numbers are not finite, if the last step was skipped; else ""
	Expected     bool   // as happens while the loss scale is found
}

// Validating comes after every batch of a validation.
type Validating struct {
	Epoch, Images int // images done so far
}

// Validated comes after a validation.
type Validated struct {
	Epoch int
	Metrics
	Best bool // better than all before
}

// Saved comes after a checkpoint was written.
type Saved struct{ Path string }

// SaveFailed tells that a checkpoint could not be written. The run goes on and tries again.
type SaveFailed struct {
	Path string
	Err  error
}

// Removed comes after an old checkpoint was deleted to keep their number.
type Removed struct{ Path string }

// EpochEnded is the last event of an epoch.
type EpochEnded struct {
	Epoch              int
	Loss               float64
	Total, Train, Eval time.Duration
	Remaining          time.Duration
	ImagesPerSec       float64
	InputWait          float64
	Top1, Top5         float64
	Validated          bool
	BestTop1           float64
	BestEpoch          int
}

// BadFile tells of an image that could not be read.
type BadFile struct {
	Name string
	Err  error
}

func (Started) event()    {}
func (Stepped) event()    {}
func (Logged) event()     {}
func (Skipped) event()    {}
func (Validating) event() {}
func (Validated) event()  {}
func (Saved) event()      {}
func (SaveFailed) event() {}
func (Removed) event()    {}
func (EpochEnded) event() {}
func (BadFile) event()    {}
