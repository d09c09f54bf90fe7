package netplan

import (
	"fmt"

	"mnv2/cpu/internal/kernels"
)

// Plan is a net made ready for a kernel set and a pool. It may be used by one goroutine at a time.
type Plan struct {
	net    Net
	set    *kernels.Set
	pool   *Pool
	layers []layer
	head   head
	zeros  int // place in the packed weights of a row of zeros, as wide as the widest picture

	parts int // place in scratch of the outputs of groups

	weightFloats, scratchFloats int
	splitImages                 bool // threads share the work on one image; else each takes whole images
	workers                     []worker
	watch                       *stopwatch // of a run that is timed, else nil; see RunTimed

	// What runs now, for the tasks.
	run struct {
		x, y, weights, scratch []float32
		image                  int
		layer                  *layer
		in, out                []float32
	}
	tasks struct {
		image, band, group, sum, part, last, classify func(chunk, worker int)
	}
}

// New returns the plan of a net.
func New(net Net, set *kernels.Set, pool *Pool) (*Plan, error) {
	if err := net.check(); err != nil {
		return nil, fmt.Errorf("netplan: %w", err)
	}
	p := &Plan{net: net, set: set, pool: pool, splitImages: net.N == 1 || net.N < pool.Threads()}
	var weights room
	image := picture{net.H, net.W, net.C}
	at, widest := image, net.W
	for i, b := range net.Blocks {
		l := newLayer(&weights, at, b, i == 0, set.Widest())
		widest = max(widest, l.mid.w)
		p.layers = append(p.layers, l)
		at = l.out
	}
	p.head = newHead(&weights, at, net, set.Widest())
	p.zeros = weights.take(widest * kernels.Lanes)
	p.weightFloats = weights.used
	p.layOut()
	p.tasks.image, p.tasks.band, p.tasks.group = p.imageTask, p.bandTask, p.groupTask
	p.tasks.sum, p.tasks.part, p.tasks.last, p.tasks.classify = p.sumTask, p.partTask, p.lastTask, p.classifyTask
	return p, nil
}

// WeightFloats is how many numbers Prepare writes.
func (p *Plan) WeightFloats() int { return p.weightFloats }

// ScratchFloats is how many numbers Run needs as scratch memory; they need no values.
func (p *Plan) ScratchFloats() int { return p.scratchFloats }

// InputFloats is how many numbers the images have: [N][1][H*W][8], the first C of eight lanes used, the others zero.
func (p *Plan) InputFloats() int { return p.net.N * p.net.H * p.net.W * kernels.Lanes }

// OutputFloats is how many numbers the logits have: [N][Classes rounded up to a multiple of 8], the last ones zero.
func (p *Plan) OutputFloats() int { return p.net.N * p.head.outputs }

// Prepare folds batch norm into the convolutions, in float64, and packs all weights. Params may be dropped afterwards.
func (p *Plan) Prepare(params *Params, weights []float32) error {
	if err := p.checkParams(params); err != nil {
		return fmt.Errorf("netplan: prepare: %w", err)
	}
	if len(weights) < p.weightFloats {
		return fmt.Errorf("netplan: prepare: room for %d packed weights: want %d", len(weights), p.weightFloats)
	}
	convs := params.Convs
	next := func() *Conv {
		c := &convs[0]
		convs = convs[1:]
		return c
	}
	for i := range p.layers {
		p.layers[i].pack(weights, next(), next(), next())
	}
	p.head.pack(weights, next(), params)
	clear(weights[p.zeros:p.weightFloats])
	return nil
}

// checkParams compares the counts of all parameters with the net.
func (p *Plan) checkParams(params *Params) error {
	var taps, channels []int
	for _, l := range p.layers {
		taps = append(taps, l.groups[0].expand.k, 9, l.mid.c)
		channels = append(channels, l.mid.c, l.mid.c, l.out.c)
	}
	taps, channels = append(taps, p.head.last.k), append(channels, p.net.Last)
	if len(params.Convs) != len(taps) {
		return fmt.Errorf("%d convolutions: want %d", len(params.Convs), len(taps))
	}
	for i, c := range params.Convs {
		if len(c.W) != taps[i]*channels[i] {
			return fmt.Errorf("convolution %d: %d weights: want %d", i, len(c.W), taps[i]*channels[i])
		}
		for _, v := range [][]float32{c.Gamma, c.Beta, c.Mean, c.Var} {
			if len(v) != channels[i] {
				return fmt.Errorf("convolution %d: batch norm of %d channels: want %d", i, len(v), channels[i])
			}
		}
	}
	if len(params.DenseW) != p.net.Classes*p.net.Last || len(params.DenseB) != p.net.Classes {
		return fmt.Errorf("classifier of %d weights and %d biases: want %d and %d", len(params.DenseW), len(params.DenseB),
			p.net.Classes*p.net.Last, p.net.Classes)
	}
	return nil
}

// Run computes the logits y of the images x with the weights that Prepare packed. See [Plan.InputFloats] and
// [Plan.OutputFloats] for what x and y are.
func (p *Plan) Run(x, y, weights, scratch []float32) error {
	if err := p.checkMemory(x, y, weights, scratch); err != nil {
		return err
	}
	r := &p.run
	r.x, r.y, r.weights, r.scratch = x, y, weights, scratch
	switch {
	case p.net.N == 1:
		p.runShared(0)
		p.head.finishOne(p)
	case p.splitImages:
		for image := range p.net.N {
			p.runShared(image)
			p.pool.Run(p.head.lastChunks(p.pool.Threads()), p.tasks.last)
			p.watch.mark(0, len(p.layers))
		}
		p.head.finishAll(p)
	default:
		p.pool.Run(p.net.N, p.tasks.image)
		p.watch.begin(0)
		p.head.finishAll(p)
	}
	p.watch.mark(0, p.finish())
	p.forget()
	return nil
}

// checkMemory returns nil if everything that a run works on is large enough.
func (p *Plan) checkMemory(x, y, weights, scratch []float32) error {
	for _, s := range []struct {
		name      string
		got, want int
	}{
		{"images", len(x), p.InputFloats()}, {"logits", len(y), p.OutputFloats()},
		{"packed weights", len(weights), p.weightFloats}, {"scratch", len(scratch), p.scratchFloats},
	} {
		if s.got < s.want {
			return fmt.Errorf("netplan: run: %d numbers for the %s: want %d", s.got, s.name, s.want)
		}
	}
	return nil
}

// forget drops all addresses: the caller may give the memory back to the system, and the garbage collector is strict about
// pointers to nowhere.
func (p *Plan) forget() {
	r := &p.run
	r.x, r.y, r.weights, r.scratch, r.in, r.out = nil, nil, nil, nil, nil, nil
	for i := range p.workers {
		p.workers[i].arguments = arguments{}
	}
}

// imageTask runs a whole image on one thread, up to pooling.
func (p *Plan) imageTask(image, worker int) {
	w := &p.workers[worker]
	x := p.imageInput(image)
	p.watch.begin(worker)
	for i := range p.layers {
		l := &p.layers[i]
		y := p.scratch(w.between[i%2], l.out.floats())
		l.band(p, w, x, y, 0, l.out.h)
		x = y
		p.watch.mark(worker, i)
	}
	p.head.poolPanels(p, w, 0, len(p.head.last.panels), x, image)
	p.watch.mark(worker, len(p.layers))
}

func (p *Plan) imageInput(image int) []float32 {
	n := p.net.H * p.net.W * kernels.Lanes
	return p.run.x[image*n : (image+1)*n]
}

func (p *Plan) scratch(at, floats int) []float32 { return p.run.scratch[at : at+floats] }
