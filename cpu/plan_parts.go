package cpu

import (
	"errors"
	"time"

	"mnv2/backend"
)

// timedProgram is a program whose pieces can be timed.
type timedProgram interface {
	program
	parts() []backend.Part
	runParts(took []time.Duration) error
}

// Parts implements backend.PartsTimer.
func (p *plan) Parts() []backend.Part {
	if t, ok := p.program.(timedProgram); ok {
		return t.parts()
	}
	return nil
}

// RunParts implements backend.PartsTimer.
func (p *plan) RunParts(args backend.Args, s backend.Scratch, took []time.Duration) error {
	t, ok := p.program.(timedProgram)
	if !ok || p.device.recording != nil {
		return p.device.fail(p.name, errors.New("its parts cannot be timed"))
	}
	p.program = partsProgram{t, took}
	defer func() { p.program = t }()
	return p.Run(args, s)
}

// partsProgram is a program that times its pieces as it runs.
type partsProgram struct {
	timedProgram
	took []time.Duration
}

func (p partsProgram) run() error { return p.runParts(p.took) }
