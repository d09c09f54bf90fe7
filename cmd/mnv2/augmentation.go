package main

import (
	"mnv2/data"
	"mnv2/data/augment"
	"mnv2/internal/options"
)

// trainTransform is what happens to a picture on its way into training. The notes say which parts of a policy have no effect.
func trainTransform(o *options.Options) (t data.Transform, notes []string, err error) {
	filter, err := filterOf(o)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case o.Dataset == "mnist":
		t := augment.Whole{Size: o.ImageResize, Filter: filter}
		return t, nil, t.Check()
	case isSmall(o):
		t := augment.CifarTrain{Size: o.ImageResize, Filter: filter}
		return t, nil, t.Check()
	}
	train := augment.Train{Size: o.ImageResize, Scale: [2]float64(o.Scale), Ratio: [2]float64(o.Ratio),
		HFlip: o.HFlip, VFlip: o.VFlip, ColorJitter: jitter(o.ColorJitter), Filter: filter}
	if o.AutoAugment != "" {
		train.Policy, notes, err = augment.ParsePolicy(o.AutoAugment, augment.PolicyConfig{Mean: o.Mean, Filter: filter})
		if err != nil {
			return nil, nil, err
		}
	}
	if train.Erase, err = erasing(o); err != nil {
		return nil, nil, err
	}
	return train, notes, train.Check()
}

// erasing reads the options of random erasing. Numbers count after normalisation.
func erasing(o *options.Options) (augment.Erasing, error) {
	if o.ReProb == 0 {
		return augment.Erasing{}, nil
	}
	mode, value, err := augment.ParseEraseValue(o.ReValue)
	n := normalization(o)
	return augment.Erasing{Prob: o.ReProb, Scale: [2]float64(o.ReScale), Ratio: [2]float64(o.ReRatio), Mode: mode, Value: value,
		Attempts: o.ReMaxAttempts, Mean: [3]float64(n.Mean), Std: [3]float64(n.Std)}, err
}

// mixing reads the options of mixup and cutmix. As in MindCV a batch of one is never mixed.
func mixing(o *options.Options) (augment.Mix, error) {
	if o.BatchSize < 2 {
		return augment.Mix{}, nil
	}
	mode, err := augment.ParseMixMode(o.MixupMode)
	return augment.Mix{Mixup: o.Mixup, Cutmix: o.Cutmix, Prob: o.CutmixProb, Switch: o.MixupSwitchProb, Mode: mode, OffEpoch: o.MixupOffEpoch}, err
}

// jitter spreads color_jitter: one number stands for brightness, contrast and saturation alike.
func jitter(list []float64) [4]float64 {
	var j [4]float64
	if len(list) == 1 {
		list = []float64{list[0], list[0], list[0]}
	}
	copy(j[:], list)
	return j
}
