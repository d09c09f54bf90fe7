package main

import (
	"fmt"
	"strings"

	"mnv2/internal/options"
	"mnv2/train"
)

// names splits a list of names.
func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// autoLossScale is where loss_scale_type auto begins, as MindSpore's level O2 does.
const autoLossScale = 1 << 24

// stepOptions are the options of a single step: the loss scale, what happens to gradients, the averages of the weights.
func stepOptions(o *options.Options, to *train.Options) {
	to.Loss = o.Loss
	to.DropPath = o.DropPathRate.Or(0)
	to.Grouping = train.Grouping{DecayFilter: o.WeightDecayFilter, LayerDecay: o.LayerDecay.Or(0), HeadLR: o.HeadLR.Or(0), Freeze: names(o.Freeze)}
	to.LossScale, to.DynamicScale = o.LossScale, o.LossScaleType == "dynamic"
	if o.LossScaleType == "auto" && o.AmpLevel != "O0" {
		to.DynamicScale = true
		if !o.IsSet("loss_scale") {
			to.LossScale = autoLossScale
		}
	}
	if o.ClipGrad {
		to.Clip = o.ClipValue
	}
	to.Accumulate = o.GradientAccumulationSteps
	if o.EMA {
		to.EMA = o.EMADecay
	}
}

// rescale multiplies the learning rates by the images of an update over those that they are meant for, and says so.
func rescale(o *options.Options, to *train.Options) string {
	images := o.BatchSize * o.GradientAccumulationSteps
	if o.LRBaseBatch == 0 || images == o.LRBaseBatch {
		return ""
	}
	factor := float64(images) / float64(o.LRBaseBatch)
	to.Schedule.LR, to.HeadLR = o.LR*factor, to.HeadLR*factor
	return fmt.Sprintf("lr %g is meant for %d images per update; with %d it is %.6g", o.LR, o.LRBaseBatch, images, to.Schedule.LR)
}
