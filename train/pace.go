package train

import "time"

// waiter tells how long its user has waited for input so far.
type waiter interface{ Wait() time.Duration }

// pace measures how fast a run goes: over a sliding stretch for the progress line, and over the whole epoch.
type pace struct {
	input     waiter
	remaining int // steps of the run
	images    int // of this epoch

	epochStart, logStart, windowStart time.Time
	windowImages, windowSteps         int
	windowWait                        time.Duration
	rate, wait                        float64
	perStep                           time.Duration
}

// window is how long the sliding stretch is.
const window = 2 * time.Second

func (p *pace) start(input waiter, remaining int) {
	now := time.Now()
	*p = pace{input: input, remaining: remaining, epochStart: now, logStart: now, windowStart: now, rate: p.rate, perStep: p.perStep}
}

// step counts one step and fills in what s says of the pace.
func (p *pace) step(s *Stepped) {
	p.images += s.Images
	p.windowImages += s.Images
	p.windowSteps++
	p.remaining--
	if elapsed := time.Since(p.windowStart); elapsed > window || p.rate == 0 {
		p.rate = float64(p.windowImages) / elapsed.Seconds()
		p.perStep = elapsed / time.Duration(p.windowSteps)
		waited := p.input.Wait()
		p.wait = min(1, (waited-p.windowWait).Seconds()/elapsed.Seconds())
		p.windowStart, p.windowImages, p.windowSteps, p.windowWait = time.Now(), 0, 0, waited
	}
	s.ImagesPerSec, s.InputWait = p.rate, p.wait
	s.Remaining = p.perStep * time.Duration(p.remaining)
}

// sinceLog returns the time since it was called last, or since the start of the epoch.
func (p *pace) sinceLog() time.Duration {
	elapsed := time.Since(p.logStart)
	p.logStart = time.Now()
	return elapsed
}

// epochRate is images per second since the epoch began.
func (p *pace) epochRate() float64 { return float64(p.images) / time.Since(p.epochStart).Seconds() }

// epochWait is the share of the time since the epoch began that was spent waiting for input.
func (p *pace) epochWait() float64 {
	return p.input.Wait().Seconds() / time.Since(p.epochStart).Seconds()
}
