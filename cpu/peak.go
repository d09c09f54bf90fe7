package cpu

import (
	"sync"
	"time"

	"mnv2/cpu/internal/kernels"
)

// peakUnits is how much work one timing of the peak is: about a millisecond. peakRounds is how many are taken.
const peakUnits, peakRounds = 5000, 40

// PeakFLOPS measures how many float32 operations a second this device can do at most: multiply-adds in registers on all of
// its threads at once, each multiply-add counted as two; the best of several short rounds. It is 0 where there is no probe.
func (d *Device) PeakFLOPS() float64 {
	if !kernels.Peak(1) {
		return 0
	}
	best := 0.0
	for range peakRounds {
		var threads sync.WaitGroup
		start := time.Now()
		for range d.info.Threads {
			threads.Go(func() { kernels.Peak(peakUnits) })
		}
		threads.Wait()
		best = max(best, float64(d.info.Threads)*peakUnits*kernels.PeakFLOPs/time.Since(start).Seconds())
	}
	return best
}
