package bench

import (
	"context"
	"slices"
	"time"
)

// Stats are the durations of the rounds of one measurement, in seconds.
type Stats struct {
	Best   float64 `json:"best"`
	P25    float64 `json:"p25"`
	Median float64 `json:"median"`
	Spread float64 `json:"spread"` // distance between the quartiles as a share of the median
	Rounds int     `json:"rounds"`
}

// A round is at least this long, so that reading the clock does not matter; a measurement has at least minRounds of them.
const (
	minRound  = 200 * time.Microsecond
	minRounds = 3
)

// summarize returns the Stats of the durations, which it sorts. There must be one at least.
func summarize(seconds []float64) Stats {
	slices.Sort(seconds)
	s := Stats{Best: seconds[0], P25: quantile(seconds, 0.25), Median: quantile(seconds, 0.5), Rounds: len(seconds)}
	if s.Median > 0 {
		s.Spread = (quantile(seconds, 0.75) - s.P25) / s.Median
	}
	return s
}

// per returns the Stats of one of n equal parts of what was measured.
func (s Stats) per(n int) Stats {
	s.Best, s.P25, s.Median = s.Best/float64(n), s.P25/float64(n), s.Median/float64(n)
	return s
}

// quantile returns the value below which a share q of the sorted values lies, between two of them in proportion.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

// Measure runs work for about limit after a warm-up of a tenth of that, each at least once, and returns how long one run
// takes. Short work is repeated within a round. It stops with the first error, or when ctx ends.
func Measure(ctx context.Context, limit time.Duration, work func() error) (Stats, error) {
	repeat, err := warmUp(ctx, limit/10, work)
	if err != nil {
		return Stats{}, err
	}
	var seconds []float64
	for start := time.Now(); time.Since(start) < limit || len(seconds) < minRounds; {
		if err := ctx.Err(); err != nil {
			return Stats{}, err
		}
		began := time.Now()
		for range repeat {
			if err := work(); err != nil {
				return Stats{}, err
			}
		}
		seconds = append(seconds, time.Since(began).Seconds()/float64(repeat))
	}
	return summarize(seconds), nil
}

// warmUp runs work for about limit and returns how often it fits into a round, by the mean: single runs of work that is done
// ahead, as the input pipeline's, may be much faster.
func warmUp(ctx context.Context, limit time.Duration, work func() error) (repeat int, err error) {
	runs, start := 0, time.Now()
	for runs == 0 || time.Since(start) < limit {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := work(); err != nil {
			return 0, err
		}
		runs++
	}
	mean := time.Since(start) / time.Duration(runs)
	return max(1, int(minRound/max(mean, 1))), nil
}
