package train

import "math"

// scheduleNames are the schedules that there are.
var scheduleNames = []string{"constant", "cosine_decay", "exponential_decay", "polynomial_decay", "step_decay", "multi_step_decay",
	"one_cycle", "cyclic"}

// main returns the rate of step i after the warm-up, of n such steps.
//
//	exponential  lr*rate^e                                     rate = DecayRate, every epoch
//	polynomial   lr*(1 - e/E)^rate                             E = epochs after the warm-up
//	step         lr*rate^floor(floor(e)/DecayEpochs)
//	multi-step   lr*rate^(number of Milestones <= floor(e))
//	one-cycle    half a cosine from lr/25 to lr over 0.3 of the steps, then one down to MinLR
//	cyclic       straight from MinLR to lr and back, NumCycles times
//
// Source: MindCV's scheduler, and for the last two PyTorch's that it follows.
func (s Schedule) main(i, stepsPerEpoch, n int) float64 {
	e, whole := s.epoch(i, stepsPerEpoch), float64(i/stepsPerEpoch)
	switch s.Name {
	case "cosine_decay":
		return s.cosine(i, stepsPerEpoch)
	case "exponential_decay":
		return s.LR * math.Pow(s.DecayRate, e)
	case "polynomial_decay":
		length := float64(n) / float64(stepsPerEpoch)
		return s.LR * math.Pow(1-min(e, length)/length, s.DecayRate)
	case "step_decay":
		return s.LR * math.Pow(s.DecayRate, math.Floor(whole/s.DecayEpochs))
	case "multi_step_decay":
		passed := 0.0
		for _, m := range s.Milestones {
			if m <= whole {
				passed++
			}
		}
		return s.LR * math.Pow(s.DecayRate, passed)
	case "one_cycle":
		return s.oneCycle(float64(i), float64(n))
	case "cyclic":
		half := float64(max(1, n/s.NumCycles/2))
		return s.MinLR + (s.LR-s.MinLR)*(1-math.Abs(math.Mod(float64(i), 2*half)/half-1))
	}
	return s.LR
}

func (s Schedule) oneCycle(i, n float64) float64 {
	const rising, divisor = 0.3, 25
	top, last := rising*n-1, n-1
	if i <= top {
		return halfCosine(s.LR/divisor, s.LR, i/top)
	}
	return halfCosine(s.LR, s.MinLR, (i-top)/(last-top))
}

// halfCosine goes from a to b while p goes from 0 to 1.
func halfCosine(a, b, p float64) float64 { return b + (a-b)/2*(math.Cos(math.Pi*p)+1) }
