package model

import (
	"hash/fnv"
	"math/rand/v2"
)

// Init returns the values a fresh network starts from, as MindCV draws them: convolutions from N(0, 2/(R*S*K)), where a
// depthwise layer of K channels counts as K outputs; the classifier from N(0, 0.01^2); gamma and moving variance 1, the rest 0.
// Every tensor has a random stream of its own, made of the seed and its name.
func (a *Arch) Init(seed uint64) map[string][]float32 {
	values := make(map[string][]float32, len(a.params))
	for _, p := range a.params {
		v := make([]float32, p.Elements())
		switch p.Kind {
		case ConvWeight:
			fillNormal(v, seed, p.Name, sqrtFanOut(p.Shape[2]*p.Shape[3], p.Shape[0]))
		case DenseWeight:
			fillNormal(v, seed, p.Name, 0.01)
		case Gamma, MovingVariance:
			for i := range v {
				v[i] = 1
			}
		}
		values[p.Name] = v
	}
	return values
}

func fillNormal(v []float32, seed uint64, name string, deviation float64) {
	h := fnv.New64a()
	h.Write([]byte(name))
	rng := rand.New(rand.NewPCG(seed, h.Sum64()))
	for i := range v {
		v[i] = float32(rng.NormFloat64() * deviation)
	}
}
