package anydevice

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"mnv2/backend"
	"mnv2/internal/devicecheck"
	"mnv2/model"
)

// The training runs: of one batch until it is known by heart, and of ever new ones beside the CPU.
type trainingPlan struct {
	overfit      shape
	overfitSteps int
	overfitLoss  float64 // to be reached
	parity       shape
	paritySteps  int
	repeatSteps  int
}

func (t Target) trainingPlan() trainingPlan {
	if t.Quick {
		return trainingPlan{shape{0.35, 32, 8, kinds}, 60, 0.5, shape{0.35, 32, 8, kinds}, 10, 3}
	}
	return trainingPlan{shape{1, 96, 32, kinds}, 400, 0.05, shape{0.35, 64, 32, kinds}, 200, 20}
}

// training tries whether the device learns, in every type of activations, and learns what the CPU learns.
func (t Target) training(ctx context.Context, r *devicecheck.Recorder) error {
	return t.with(func(device, reference backend.Backend) error {
		p := t.trainingPlan()
		for _, dtype := range device.Info().DTypes {
			b := preferring{device, dtype}
			r.Try(fmt.Sprintf("overfit one batch in %v", dtype), func(c *devicecheck.Case) error { return overfit(ctx, c, b, p) })
			r.Try(fmt.Sprintf("the same bits again in %v", dtype), func(c *devicecheck.Case) error { return repeat(ctx, c, b, p) })
			r.Try(fmt.Sprintf("%d steps in %v beside the CPU", p.paritySteps, dtype), func(c *devicecheck.Case) error {
				return parity(ctx, c, b, reference, p)
			})
		}
		return nil
	})
}

// preferring is a device that prefers activations of a type.
type preferring struct {
	backend.Backend
	dtype backend.DType
}

// Unwrap returns the device inside, for [backend.As].
func (p preferring) Unwrap() backend.Backend { return p.Backend }

// Info puts the type first.
func (p preferring) Info() backend.Info {
	info := p.Backend.Info()
	rest := slices.DeleteFunc(slices.Clone(info.DTypes), func(t backend.DType) bool { return t == p.dtype })
	info.DTypes = append([]backend.DType{p.dtype}, rest...)
	return info
}

// overfit trains on one batch until its loss is small.
func overfit(ctx context.Context, c *devicecheck.Case, b backend.Backend, p trainingPlan) (err error) {
	n, err := newNet(b, p.overfit, false)
	if err != nil {
		return err
	}
	defer closing(&err, n.close)
	c.Set("network", p.overfit.String())
	first, last, start := 0.0, 0.0, time.Now()
	for i := range p.overfitSteps {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if last, err = n.step(1, 0.02); err != nil {
			return err
		}
		if i == 0 {
			first = last
		}
		c.Set("steps", i+1)
		if last < p.overfitLoss {
			break
		}
	}
	c.Set("first loss", first)
	c.Set("value", last)
	c.Set("images/s", float64(p.overfit.batch)*float64(c.Get("steps").(int))/time.Since(start).Seconds())
	if !(last < p.overfitLoss) {
		c.End(devicecheck.Wrong, "the loss of one batch is %.4g after %d steps, from %.4g: want less than %g", last, p.overfitSteps, first, p.overfitLoss)
	}
	return nil
}

// parityRate is the learning rate of the runs that are compared: small, since training is chaotic, and large enough to learn.
const parityRate = 0.002

// curve trains on ever new batches and returns the losses and the parameters at the end.
func curve(ctx context.Context, b backend.Backend, s shape, steps int, nudge bool) (losses []float64, values map[string][]float32, err error) {
	n, err := newNet(b, s, nudge)
	if err != nil {
		return nil, nil, err
	}
	defer closing(&err, n.close)
	for i := range steps {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		loss, err := n.step(uint64(i), parityRate)
		if err != nil {
			return nil, nil, err
		}
		losses = append(losses, loss)
	}
	values, err = n.params.Load()
	return losses, values, err
}

// repeat trains twice and wants the same bits.
func repeat(ctx context.Context, c *devicecheck.Case, b backend.Backend, p trainingPlan) error {
	losses, values, err := curve(ctx, b, p.parity, p.repeatSteps, false)
	if err != nil {
		return err
	}
	lossesAgain, valuesAgain, err := curve(ctx, b, p.parity, p.repeatSteps, false)
	if err != nil {
		return err
	}
	if !slices.Equal(losses, lossesAgain) || !maps.EqualFunc(values, valuesAgain, slices.Equal[[]float32]) {
		c.End(devicecheck.Wrong, "after %d steps the same training gave other bits: losses %v and %v", p.repeatSteps, losses, lossesAgain)
	}
	return nil
}

// farthest is by how much the smoothed loss of the device may differ from that of the CPU, on average over the steps. It is for
// float32; what half precision gives is noted and judged by nothing but that it is a number.
const farthest = 0.02

// window is over how many steps losses are averaged before they are compared.
const window = 10

// parity trains on the device, on the CPU, and on the CPU from initial values that differ in their last bits: training is
// chaotic, and what that last one shows is how far apart two right runs end.
func parity(ctx context.Context, c *devicecheck.Case, b, reference backend.Backend, p trainingPlan) error {
	want, wantValues, err := curve(ctx, reference, p.parity, p.paritySteps, false)
	if err != nil {
		return fmt.Errorf("the CPU: %w", err)
	}
	nudge, nudgeValues, err := curve(ctx, reference, p.parity, p.paritySteps, true)
	if err != nil {
		return fmt.Errorf("the CPU: %w", err)
	}
	got, gotValues, err := curve(ctx, b, p.parity, p.paritySteps, false)
	if err != nil {
		return err
	}
	off, chance := apart(got, want), apart(nudge, want)
	c.Set("network", p.parity.String())
	c.Set("losses", got)
	c.Set("losses of the CPU", want)
	c.Set("value", fmt.Sprintf("losses differ by %.3g %%, those of two runs on the CPU by %.3g %%; the last are %.4g and %.4g",
		100*off, 100*chance, got[len(got)-1], want[len(want)-1]))
	c.Set("parameters", distance(gotValues, wantValues))
	c.Set("parameters of two runs on the CPU", distance(nudgeValues, wantValues))
	limit := max(farthest, 2*chance)
	if b.Info().DTypes[0] != backend.F32 {
		limit = math.MaxFloat64
	}
	if !(off <= limit) {
		c.End(devicecheck.Wrong, "the losses differ from the CPU's by %.3g %% on average, those of two runs on the CPU by %.3g %%", 100*off, 100*chance)
	}
	return nil
}

// apart is the mean relative difference of two smoothed curves.
func apart(a, b []float64) float64 {
	sum, n := 0.0, 0
	for i := 0; i < len(b); i += window {
		end := min(i+window, len(b))
		x, y := mean(a[i:end]), mean(b[i:end])
		sum += math.Abs(x-y) / math.Abs(y)
		n++
	}
	return sum / float64(n)
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// distance is the length of the difference over all parameters.
func distance(a, b map[string][]float32) float64 {
	sum := 0.0
	for name, v := range a {
		for i, x := range v {
			d := float64(x) - float64(b[name][i])
			sum += d * d
		}
	}
	return math.Sqrt(sum)
}

// nudged moves every number by one unit in its last place, up or down.
func nudged(a *model.Arch, values map[string][]float32) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, p := range a.Params() {
		for i, v := range values[p.Name] {
			values[p.Name][i] = math.Nextafter32(v, v+float32(rng.IntN(3)-1))
		}
	}
}
