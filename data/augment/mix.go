package augment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"mnv2/data/pixel"
)

// MixMode says how many pictures share one draw.
type MixMode int

// The modes. MindCV always takes the first; the others are timm's.
const (
	MixBatch MixMode = iota // all pictures of a batch
	MixPair                 // the two that are mixed with each other
	MixElem                 // each picture draws for itself
)

// ParseMixMode reads batch, pair or elem.
func ParseMixMode(text string) (MixMode, error) {
	for i, name := range []string{"batch", "pair", "elem"} {
		if strings.EqualFold(text, name) {
			return MixMode(i), nil
		}
	}
	return 0, fmt.Errorf("mixup_mode %q: want batch, pair or elem", text)
}

// Mix is mixup (Zhang et al. 2017) and cutmix (Yun et al. 2019), as MindCV combines them: pictures are mixed in pairs, and so are their labels.
//
//	mixup   x = l*x + (1-l)*y, with l from Beta(Mixup, Mixup); on bytes, rounded to the nearest
//	cutmix  a box of y replaces that of x. Its sides are the picture's times sqrt(1-l), l from Beta(Cutmix, Cutmix), its centre is even
//	        over the picture; it is cut off at the border, and l becomes the share of x that is left
type Mix struct {
	Mixup, Cutmix float64 // alpha; 0 is off
	Prob          float64 // that pictures are mixed at all: MindCV's cutmix_prob
	Switch        float64 // probability of cutmix where both are on; MindCV: 0.5
	Mode          MixMode
	OffEpoch      int // epochs after which nothing is mixed any more; 0 is never
}

// IsOn reports whether pictures are ever mixed.
func (m Mix) IsOn() bool { return m.Mixup > 0 || m.Cutmix > 0 }

// IsOnIn reports whether pictures are mixed in an epoch, counted from 0.
func (m Mix) IsOnIn(epoch int) bool { return m.IsOn() && (m.OffEpoch <= 0 || epoch < m.OffEpoch) }

// Check returns nil, or which field is wrong and the values it may take.
func (m Mix) Check() error {
	for _, p := range []struct {
		name     string
		v, limit float64
	}{{"mixup", m.Mixup, 1e6}, {"cutmix", m.Cutmix, 1e6}, {"cutmix_prob", m.Prob, 1}, {"mixup_switch_prob", m.Switch, 1}} {
		if !(p.v >= 0 && p.v <= p.limit) {
			return fmt.Errorf("%s %v: must be between 0 and %g", p.name, p.v, p.limit)
		}
	}
	return nil
}

// Mixture is what was drawn for a pair, or for a whole batch.
type Mixture struct {
	Lambda float32    // weight of a picture's own label; the partner's is 1-Lambda
	Box    pixel.Rect // of cutmix
	IsCut  bool
}

// Draw draws for pictures of size x size pixels.
func (m Mix) Draw(rng *rand.Rand, size int) Mixture {
	if !m.IsOn() || rng.Float64() >= m.Prob {
		return Mixture{Lambda: 1}
	}
	cut := m.Cutmix > 0
	if cut && m.Mixup > 0 {
		cut = rng.Float64() < m.Switch
	}
	if !cut {
		return Mixture{Lambda: float32(Beta(rng, m.Mixup))}
	}
	lambda := Beta(rng, m.Cutmix)
	y := rng.IntN(size) // before x, as in MindCV
	return cutAt(lambda, size, rng.IntN(size), y)
}

// cutAt is the cutmix of ratio lambda around the centre (x, y).
func cutAt(lambda float64, size, x, y int) Mixture {
	side := int(float64(size) * math.Sqrt(1-lambda))
	clip := func(v int) int { return min(max(v, 0), size) }
	x0, x1, y0, y1 := clip(x-side/2), clip(x+side/2), clip(y-side/2), clip(y+side/2)
	box := pixel.Rect{X: x0, Y: y0, W: x1 - x0, H: y1 - y0}
	return Mixture{Lambda: float32(1 - float64(box.W*box.H)/float64(size*size)), Box: box, IsCut: true}
}

// Pair mixes two pictures of size x size pixels with each other, in place: each becomes Lambda of itself and the rest of the other.
func (x Mixture) Pair(a, b []byte, size int) {
	switch {
	case x.Lambda == 1:
	case x.IsCut:
		x.rows(a, b, size, func(p, q []byte) {
			for i, v := range p {
				p[i], q[i] = q[i], v
			}
		})
	default:
		w, v := x.weights()
		b = b[:len(a)]
		for i, p := range a {
			q := b[i]
			a[i] = byte((uint32(p)*w + uint32(q)*v + 1<<15) >> 16)
			b[i] = byte((uint32(q)*w + uint32(p)*v + 1<<15) >> 16)
		}
	}
}

// One mixes the picture b into a, in place, and leaves b as it is.
func (x Mixture) One(a, b []byte, size int) {
	switch {
	case x.Lambda == 1:
	case x.IsCut:
		x.rows(a, b, size, func(p, q []byte) { copy(p, q) })
	default:
		w, v := x.weights()
		b = b[:len(a)]
		for i, p := range a {
			a[i] = byte((uint32(p)*w + uint32(b[i])*v + 1<<15) >> 16)
		}
	}
}

// weights are Lambda and its rest with 16 bits behind the point; a byte is off by 1/500 at most.
func (x Mixture) weights() (own, other uint32) {
	own = uint32(math.Round(float64(x.Lambda) * (1 << 16)))
	return own, 1<<16 - own
}

// rows calls f with the part of each row that lies in the box.
func (x Mixture) rows(a, b []byte, size int, f func(p, q []byte)) {
	channels := len(a) / (size * size)
	for y := x.Box.Y; y < x.Box.Y+x.Box.H; y++ {
		from, to := (y*size+x.Box.X)*channels, (y*size+x.Box.X+x.Box.W)*channels
		f(a[from:to], b[from:to])
	}
}
