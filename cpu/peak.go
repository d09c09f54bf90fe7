package cpu

import (
	"sync"
	"time"

	"mnv2/cpu/internal/kernels"
)

// peakUnits is how much work one timing of the peak is: about half a millisecond. peakRounds is how many a thread takes.
const peakUnits, peakRounds = 2500, 20

// PeakFLOPS measures how many float32 operations a second this device can do at most: multiply-adds in registers on all of
// its threads at once, each multiply-add counted as two. It is the sum of every thread's best of several short rounds, and 0
// where there is no probe.
func (d *Device) PeakFLOPS() float64 {
	if !kernels.Peak(1) {
		return 0
	}
	rates := make([]float64, d.info.Threads)
	var threads sync.WaitGroup
	for i := range rates {
		threads.Go(func() { rates[i] = peakRate() })
	}
	threads.Wait()
	sum := 0.0
	for _, rate := range rates {
		sum += rate
	}
	return sum
}

// peakRate is the rate of one thread in its best round.
func peakRate() float64 {
	best := 0.0
	for range peakRounds {
		start := time.Now()
		kernels.Peak(peakUnits)
		best = max(best, peakUnits*kernels.PeakFLOPs/time.Since(start).Seconds())
	}
	return best
}
