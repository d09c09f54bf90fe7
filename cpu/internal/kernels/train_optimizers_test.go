package kernels

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// optimizers are the rules of a set.
func optimizers(k *Train) map[string]func(*Optimizer) {
	return map[string]func(*Optimizer){"adam": k.Adam, "lion": k.Lion, "rmsprop": k.RMSProp, "adagrad": k.Adagrad}
}

// all returns eight times a number.
func all(x float32) (v vec) {
	for l := range v {
		v[l] = x
	}
	return v
}

func someOptimizer() Optimizer {
	return Optimizer{Rate: all(0.1), Decay: all(0.01), Momentum: all(0.9), Scale: all(0.5), Second: all(0.99), Eps: all(1e-3),
		FirstScale: all(1.5), SecondScale: all(1.2), Share: all(0.3), Decoupled: all(0.05), NotMomentum: all(0.1), NotSecond: all(0.01),
		One: all(1)}
}

func TestOptimizers(t *testing.T) {
	for name := range optimizers(genericTrain()) {
		t.Run(name, func(t *testing.T) {
			twins(t, 1e-5, func(k *Train, r *rand.Rand) []float32 {
				a, dw := someOptimizer(), normal(r, 5*Lanes)
				w, v, s := guarded(len(dw)), guarded(len(dw)), guarded(len(dw))
				for _, list := range [][]float32{w, v, s} {
					copy(list, normal(r, len(list)))
				}
				for i := range s {
					v[i], s[i] = max(v[i], -v[i]), max(s[i], -s[i]) // some are sums of squares
				}
				dw[3], v[3], w[3] = 0, 0, 0 // the sign of nothing
				a.DW, a.W, a.V, a.S, a.Count = &dw[0], &w[0], &v[0], &s[0], 5
				optimizers(k)[name](&a)
				var list []float32
				for _, one := range [][]float32{w, v, s} {
					requireGuards(t, one)
					list = append(list, one...)
				}
				return list
			})
		})
	}
}

// TestOptimizersSpreadNaN says that a gradient which is not a number is not hidden.
func TestOptimizersSpreadNaN(t *testing.T) {
	for _, s := range Sets() {
		for name, step := range optimizers(s.Train()) {
			a := someOptimizer()
			dw, w, v, second := all(1), all(1), all(1), all(1)
			dw[2] = float32(math.NaN())
			a.DW, a.W, a.V, a.S, a.Count = &dw[0], &w[0], &v[0], &second[0], 1
			step(&a)
			for l, got := range w {
				require.Equal(t, l == 2, got != got, "%s %s lane %d: %v", s.Name, name, l, got)
			}
		}
	}
}
