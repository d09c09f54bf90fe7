package model

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what a parameter is.
type Kind uint8

// The kinds.
const (
	ConvWeight Kind = iota + 1 // OIHW
	Gamma                      // batch norm scale
	Beta                       // batch norm shift
	MovingMean
	MovingVariance
	DenseWeight // classes x features
	DenseBias
)

// Trainable reports whether gradients exist for parameters of this kind.
func (k Kind) Trainable() bool { return k != MovingMean && k != MovingVariance }

// Param is one parameter tensor of a network.
type Param struct {
	Name  string // in MindCV's naming
	Kind  Kind
	Shape []int // OIHW for convolutions, [classes, features] for the classifier, [channels] else
}

// Elements returns the product of the shape.
func (p Param) Elements() int {
	n := 1
	for _, s := range p.Shape {
		n *= s
	}
	return n
}

// Params lists the parameters in the order in which the blocks take them.
func (a *Arch) Params() []Param { return slices.Clone(a.params) }

// Count returns the number of trainable values and of all values, moving statistics included. MindCV reports the second.
func (a *Arch) Count() (trainable, all int) {
	for _, p := range a.params {
		if p.Kind.Trainable() {
			trainable += p.Elements()
		}
		all += p.Elements()
	}
	return trainable, all
}

// listParams lists the parameters of the network; last is the channel count before the last convolution.
func (a *Arch) listParams(last int) []Param {
	list := convNorm("features.0", "features.1", a.stem, a.InChannels, 3)
	for i, b := range a.blocks {
		prefix := fmt.Sprintf("features.%d.layers", i+3)
		k := 0 // index inside layers: conv, norm, activation, conv, ...
		next := func(out, in, filter int) {
			list = append(list, convNorm(fmt.Sprintf("%s.%d", prefix, k), fmt.Sprintf("%s.%d", prefix, k+1), out, in, filter)...)
			k += 3
		}
		if b.expand {
			next(b.hidden, b.in, 1)
		}
		next(b.hidden, 1, 3)
		next(b.out, b.hidden, 1)
	}
	list = append(list, convNorm("features.20", "features.21", a.last, last, 1)...)
	return append(list,
		Param{"classifier.1.weight", DenseWeight, []int{a.Classes, a.last}},
		Param{"classifier.1.bias", DenseBias, []int{a.Classes}})
}

// convNorm lists the parameters of a convolution and the batch norm behind it.
func convNorm(conv, norm string, out, in, filter int) []Param {
	return []Param{
		{conv + ".weight", ConvWeight, []int{out, in, filter, filter}},
		{norm + ".gamma", Gamma, []int{out}}, {norm + ".beta", Beta, []int{out}},
		{norm + ".moving_mean", MovingMean, []int{out}}, {norm + ".moving_variance", MovingVariance, []int{out}}}
}

// Convolution names the parameters of one convolution, or of the classifier, in MindCV's naming.
type Convolution struct {
	Weight string
	Norm   string // prefix of the batch norm behind it; "" for the classifier
	Bias   string // of the classifier; "" for convolutions
}

// Convolutions lists the 52 convolutions and the classifier in the order in which they run. It is the same for every width.
func Convolutions() []Convolution {
	var list []Convolution
	names := nameTables().order
	for i, name := range names {
		switch {
		case name == "classifier.1.weight":
			list = append(list, Convolution{Weight: name, Bias: "classifier.1.bias"})
		case strings.HasSuffix(name, ".gamma"):
			list = append(list, Convolution{Weight: names[i-1], Norm: strings.TrimSuffix(name, ".gamma")})
		}
	}
	return list
}
