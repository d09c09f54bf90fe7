package model

import (
	"fmt"
	"math"
	"strings"

	"mnv2/backend"
)

// FirstNotFinite takes the network through the batch of the last step again, block by block, and names where numbers first stop being
// finite: a parameter, the output of a block, or, going backward, the gradient of a parameter. It returns "" if all are. Weights and moving statistics stay as
// they are. It waits, allocates, and is slow: it is for a step that was skipped.
func (t *Training) FirstNotFinite() (string, error) {
	values, err := t.state.params.Load()
	if err != nil {
		return "", err
	}
	for _, q := range t.state.params.arch.params {
		if !allFinite(values[q.Name]) {
			return "the parameter " + q.Name, nil
		}
	}
	name, err := t.replay()
	if err == nil && name == "" {
		name, err = t.firstStatistic()
	}
	if restoreErr := t.state.params.Store(values); err == nil {
		err = restoreErr
	}
	if err != nil || name != "" {
		return name, err
	}
	return t.firstGradient()
}

// firstStatistic looks at the moving statistics after the step.
func (t *Training) firstStatistic() (string, error) {
	values, err := t.state.params.Load()
	if err != nil {
		return "", err
	}
	for _, q := range t.state.params.arch.params {
		if !allFinite(values[q.Name]) {
			return "the statistics of the batch: " + q.Name, nil
		}
	}
	return "", nil
}

// firstGradient looks at the gradients of the last step in the order in which they were computed.
func (t *Training) firstGradient() (string, error) {
	gradients, err := t.state.Gradients()
	if err != nil {
		return "", err
	}
	params := t.state.params.arch.params
	for i := len(params) - 1; i >= 0; i-- {
		if g, ok := gradients[params[i].Name]; ok && !allFinite(g) {
			return "the gradient of " + params[i].Name, nil
		}
	}
	return "", nil
}

// replay runs the blocks one by one on what the last step left at the input of the first.
func (t *Training) replay() (string, error) {
	chain := t.chain
	x, first, filters := t.x, 0, t.filters.tensors()
	for _, block := range chain.Blocks[:chain.Len] {
		n := len(block.Params())
		r := replayed{Training: t, memory: memory{device: t.state.params.device}, block: block, params: filters[first : first+n]}
		y, finite, err := r.run(x)
		if x.Buf != t.x.Buf {
			err = joinFree(err, x.Buf)
		}
		if err != nil || !finite {
			return blockName(t.state.params.arch.params[first].Name), joinFree(err, y.Buf)
		}
		x, first = y, first+n
	}
	return "", joinFree(nil, x.Buf)
}

// blockName is the part of a parameter's name that says where in the network it is: features.5, classifier.
func blockName(param string) string {
	parts := strings.Split(param, ".")
	if parts[0] == "features" {
		return "the output of " + parts[0] + "." + parts[1]
	}
	return "the output of " + parts[0]
}

func joinFree(err error, b backend.Buffer) error {
	if b == nil {
		return err
	}
	if freeErr := b.Free(); err == nil {
		err = freeErr
	}
	return err
}

// replayed is one block that runs alone.
type replayed struct {
	*Training
	memory memory
	block  backend.Block
	params []backend.Tensor
}

// run returns the output of the block, in memory of its own, and whether it is finite.
func (r *replayed) run(x backend.Tensor) (y backend.Tensor, finite bool, err error) {
	device := r.state.params.device
	block := r.block
	forward, backward, err := backend.CompilePair(device, block, block.WithPass(backend.Backward, true), r.options.Fuse)
	if err != nil {
		return y, false, err
	}
	defer func() { err = firstOf(err, closeAll(forward, backward)) }()
	reduce, err := backend.Compile(device, backend.Reduce{Kind: backend.AllFinite, Desc: block.Out()})
	if err != nil {
		return y, false, err
	}
	defer func() { err = firstOf(err, reduce.Close()) }()
	flag := r.memory.reserve(backend.Vec(backend.F32, 1))
	r.memory.want(forward, reduce)
	r.memory.saved = forward.Saved()
	scratch, err := r.memory.allocate("replay", &flag)
	defer func() { err = firstOf(err, r.memory.free()) }()
	if err != nil {
		return y, false, err
	}
	if y.Buf, err = device.Alloc(block.Out().Bytes(), "output of a replayed block"); err != nil {
		return y, false, err
	}
	y.Desc = block.Out()
	mask := backend.Tensor{}
	if _, ok := block.DropMask(); ok {
		mask = r.mask
	}
	if err = forward.Run(&backend.BlockArgs{X: x, Mask: mask, Params: r.params, Y: y}, scratch); err != nil {
		return y, false, err
	}
	if err = reduce.Run(&backend.ReduceArgs{X: y, Y: flag}, scratch); err != nil {
		return y, false, err
	}
	answer := make([]float32, 1)
	err = device.Download(bytesOf(answer), flag.Buf, flag.Off)
	return y, answer[0] != 0, err
}

func firstOf(a, b error) error {
	if a != nil {
		return fmt.Errorf("model: replay: %w", a)
	}
	return b
}

func allFinite(v []float32) bool {
	for _, x := range v {
		if math.Float32bits(x)&0x7f800000 == 0x7f800000 {
			return false
		}
	}
	return true
}
