package train

import "math"

// emaDecay is the share of the old averages at step n, counted from 1: less in the beginning, when the weights change fast.
//
//	decay * (1 - exp(-n/2000))
//
// Source: MindCV's TrainStep. It counts every batch, those whose gradients are only added up too. Here those that are skipped count as well.
func emaDecay(decay float64, n int) float64 { return decay * -math.Expm1(-float64(n)/2000) }
