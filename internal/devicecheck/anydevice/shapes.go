package anydevice

import (
	"fmt"
	"reflect"

	"mnv2/backend"
	"mnv2/model"
)

// shape is a network at a size of images and of batch.
type shape struct {
	width       float64
	size, batch int
	classes     int
}

func (s shape) String() string {
	return fmt.Sprintf("width %g, %d px, batch %d", s.width, s.size, s.batch)
}

// shapes are those whose operations are tried. Vendors choose kernels by size, so both ends of each are there.
func (t Target) shapes() []shape {
	if t.Quick {
		return []shape{{0.35, 32, 2, kinds}}
	}
	return []shape{{1, 224, 1, 1000}, {0.35, 224, 1, 1000}, {1, 96, 8, 1000}, {0.35, 96, 8, 1000}, {1, 96, 32, 1000}, {1, 224, 8, 1000}}
}

func (s shape) arch() (*model.Arch, error) {
	return model.New(model.Config{Width: s.width, Classes: s.classes, InChannels: 3, DropRate: 0.2})
}

// primitives lists every operation of the network that is no block, in training and in inference, once each.
func (s shape) primitives(t backend.DType, l backend.Layout) ([]backend.Op, error) {
	a, err := s.arch()
	if err != nil {
		return nil, err
	}
	var list []backend.Op
	seen := map[backend.Op]bool{}
	var add func(op backend.Op)
	add = func(op backend.Op) {
		if block, ok := op.(backend.Block); ok {
			for _, step := range block.Compose().Steps {
				add(step.Op)
			}
		} else if !seen[op] {
			seen[op] = true
			list = append(list, op)
		}
	}
	chain, err := a.Blocks(backend.Forward, t, l, s.batch, s.size)
	if err != nil {
		return nil, err
	}
	for _, op := range s.around(a, chain) {
		add(op)
	}
	for _, p := range []backend.Pass{backend.Forward, backend.Backward, backend.Infer} {
		add(chain.WithPass(p, false))
	}
	return list, nil
}

// around lists what a step does before and after the network.
func (s shape) around(a *model.Arch, chain backend.Chain) []backend.Op {
	x, y := chain.In(), chain.Out()
	trained, _ := a.Count()
	all := backend.Vec(backend.F32, trained)
	convert := backend.Convert{From: x.With(backend.U8, backend.NHWC), To: x, Normalize: true}
	for c, m := range []float32{123.675, 116.28, 103.53} {
		convert.Mean[c], convert.Std[c] = m, []float32{58.395, 57.12, 57.375}[c]
	}
	loss := backend.SoftmaxCrossEntropy{Pass: backend.Backward, DType: y.DType, Layout: y.Layout, N: y.N, C: y.C, Smoothing: 0.1, Mean: true}
	soft := loss
	soft.Soft = true
	forward := loss
	forward.Pass, forward.Mean = backend.Forward, false
	return []backend.Op{convert, forward, loss, soft,
		backend.Reduce{Kind: backend.Sum, Desc: all}, backend.Reduce{Kind: backend.SumSquares, Desc: all}, backend.Reduce{Kind: backend.AllFinite, Desc: all},
		backend.Update{Rule: backend.Momentum, Elements: trained}, backend.Update{Rule: backend.Nesterov, Elements: trained},
		backend.Update{Rule: backend.Adam, Elements: trained}, backend.Fill{Desc: all, Value: 1}}
}

// pair is a block in both passes of training or of inference.
type pair struct{ first, second backend.Block }

func (p pair) String() string { return p.first.String() }

// pairs lists the blocks of the network and the blocks that those are made of, once each.
func (s shape) pairs(t backend.DType, l backend.Layout) ([]pair, error) {
	a, err := s.arch()
	if err != nil {
		return nil, err
	}
	chain, err := a.Blocks(backend.Forward, t, l, s.batch, s.size)
	if err != nil {
		return nil, err
	}
	var list []pair
	seen := map[backend.Block]bool{}
	var add func(b backend.Block)
	add = func(b backend.Block) {
		if !seen[b] {
			seen[b] = true
			list = append(list, pair{b.WithPass(backend.Forward, true), b.WithPass(backend.Backward, true)},
				pair{b.WithPass(backend.Prepare, false), b.WithPass(backend.Infer, false)})
		}
		for _, step := range b.Compose().Steps {
			if inner, ok := step.Op.(backend.Block); ok {
				add(inner.WithPass(backend.Forward, true))
			}
		}
	}
	for _, b := range chain.Blocks[:chain.Len] {
		add(b.WithPass(backend.Forward, true))
	}
	return list, nil
}

// single returns op as the reference computes it: in float32, in that device's layout. Flat lists of numbers keep theirs.
func single(op backend.Op, l backend.Layout) backend.Op {
	v := reflect.New(reflect.TypeOf(op)).Elem()
	v.Set(reflect.ValueOf(op))
	for i := range v.NumField() {
		switch f := v.Field(i); x := f.Interface().(type) {
		case backend.DType:
			f.Set(reflect.ValueOf(backend.F32))
		case backend.Layout:
			f.Set(reflect.ValueOf(l))
		case backend.Desc:
			if x.DType.IsFloat() && x.N*x.H*x.W > 1 {
				f.Set(reflect.ValueOf(x.With(backend.F32, l)))
			} else if x.DType.IsFloat() {
				f.Set(reflect.ValueOf(x.With(backend.F32, x.Layout)))
			}
		}
	}
	return v.Interface().(backend.Op)
}
