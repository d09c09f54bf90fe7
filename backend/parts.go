package backend

import "time"

// Part is a piece of an operation that runs as a whole.
type Part struct {
	Name  string
	Shape string
	FLOPs int64 // of one run; a multiply-add is two
}

// PartsTimer is what a Plan implements that can tell how long the pieces of its operation take.
type PartsTimer interface {
	// Parts lists them; nil if this operation has none that can be told apart.
	Parts() []Part
	// RunParts is Run that waits; took[i] becomes the time that part i of Parts took. Where threads work on different parts at
	// the same time, it is their time divided by their number.
	RunParts(args Args, s Scratch, took []time.Duration) error
}
