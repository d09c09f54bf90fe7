package main

import (
	"slices"

	"mnv2/internal/options"
	"mnv2/model"
	"mnv2/weights"
)

// openWeights reads what the run starts from: the checkpoint of --ckpt_path, from which a run may go on, or else the file of --pretrained, of
// which only the parameters count. The file decides what neither the command line nor the user's configuration says.
func (j *trainJob) openWeights() (err error) {
	path, pretrained := j.o.CkptPath, j.o.PretrainedFile()
	switch {
	case path == "" && pretrained == "":
		return nil
	case path == "":
		path, j.afresh = pretrained, true
	case pretrained != "" && j.o.Source("pretrained") == options.FromFlag:
		j.report.warn("--pretrained %s is not read: --ckpt_path says what to start from", pretrained)
	}
	if j.weights, err = openCheckpoint(path, j.in.Stderr); err == nil && j.afresh && j.weights.HasAverages() {
		err = j.weights.UseAverages()
	}
	if err != nil {
		return err
	}
	j.followWeights()
	if j.afresh && j.o.InChannels == 1 {
		return j.weights.SumStem()
	}
	return nil
}

// followWeights takes width and normalisation from the file where the user has not said otherwise, and tells of it.
func (j *trainJob) followWeights() {
	o, f := j.o, j.weights
	free := func(name string) bool {
		s := o.Source(name)
		return s == options.FromDefault || s == options.FromRecipe
	}
	width, _, err := model.Lookup(o.Model)
	if name := model.NameOf(f.Config.Width); free("model") && err == nil && name != "" && width != f.Config.Width {
		o.Model = name
		note(j.in, "the weights are of "+name+", which is trained")
	}
	if c := f.Card; c != nil && j.afresh && free("mean") && free("std") && len(c.Mean) == len(c.Std) && len(c.Mean) == o.InChannels &&
		!(slices.Equal(c.Mean, o.Mean) && slices.Equal(c.Std, o.Std)) {
		o.Mean, o.Std = slices.Clone(c.Mean), slices.Clone(c.Std)
		note(j.in, "mean and std are those of the weights")
	}
}

// keepNoStrangeHead leaves out a classifier that has as many classes as the data set, but others: equal numbers would mean different things.
func (j *trainJob) keepNoStrangeHead(f *weights.File, fit *weights.Fit) {
	if fit.DroppedHead || f.Card == nil || len(f.Card.Classes) == 0 || slices.Equal(f.Card.Classes, j.train.Classes()) {
		return
	}
	for _, p := range j.arch.Params() {
		if p.Kind == model.DenseWeight || p.Kind == model.DenseBias {
			delete(fit.Values, p.Name)
		}
	}
	fit.DroppedHead = true
}
