package main

import (
	"mnv2/internal/options"
	"mnv2/train"
)

// autoLossScale is where loss_scale_type auto begins, as MindSpore's level O2 does.
const autoLossScale = 1 << 24

// stepOptions are the options of a single step: the loss scale, what happens to gradients, the averages of the weights.
func stepOptions(o *options.Options, to *train.Options) {
	to.Loss = o.Loss
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
