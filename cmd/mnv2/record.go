package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"time"

	"mnv2/data"
	"mnv2/internal/options"
	"mnv2/internal/tfevents"
	"mnv2/report"
	"mnv2/train"
)

// samplesShown is how many training pictures a report shows.
const samplesShown = 24

// recorder keeps the record of a training run in its folder: metrics, findings, TensorBoard's events, the page at the end.
// What it cannot write is told once and does not end the run.
type recorder struct {
	dir     string
	steps   int // of an epoch
	history *report.HistoryWriter
	events  *tfevents.Writer
	found   *report.Collector
	last    train.Validated
	warn    func(format string, args ...any)
	failed  bool
}

// openRecord starts the record of a run, or goes on with it.
func openRecord(j *trainJob) (*recorder, error) {
	dir, done := j.o.CkptSaveDir, 0
	if p := j.resumption.Position; p != nil {
		done = p.GlobalStep
	}
	r := &recorder{dir: dir, steps: j.trainLoader.Steps(), warn: j.report.warn}
	var err error
	if r.history, err = report.OpenHistory(dir, done); err != nil {
		return nil, err
	}
	if r.events, err = tfevents.Create(dir); err != nil {
		return nil, errors.Join(err, r.history.Close())
	}
	if j.val != nil {
		r.found = report.NewCollector(j.arch.Classes, j.o.EvalSize(), j.o.InChannels, j.val.Name)
	}
	return r, nil
}

// examine implements train.Options.Examine.
func (r *recorder) examine(epoch int) train.Examiner {
	if r.found == nil {
		return nil
	}
	r.found.Reset(epoch)
	return r.found
}

// event records what is worth keeping.
func (r *recorder) event(e train.Event) {
	switch e := e.(type) {
	case train.Logged:
		if finite(e.Loss) != nil { // a step that was skipped has no place in curves
			r.check(r.step(e))
		}
	case train.Validated:
		r.last = e
		if e.Best {
			r.check(r.found.Findings().Save(r.dir))
		}
	case train.EpochEnded:
		r.check(r.epoch(e))
	}
}

// check tells of the first failure.
func (r *recorder) check(err error) {
	if err != nil && !r.failed {
		r.failed = true
		r.warn("the record of the run cannot be kept, training goes on: %v", err)
	}
}

func (r *recorder) globalStep(epoch, step int) int { return (epoch-1)*r.steps + step }

func (r *recorder) step(e train.Logged) error {
	at := r.globalStep(e.Epoch, e.Step)
	err := r.events.Scalars(at, tfevents.Scalar{Tag: "loss/train", Value: e.Loss}, tfevents.Scalar{Tag: "learning rate", Value: e.LR},
		tfevents.Scalar{Tag: "speed/images per second", Value: e.ImagesPerSec}, tfevents.Scalar{Tag: "speed/input wait", Value: e.InputWait})
	for _, g := range e.Gauges {
		err = errors.Join(err, r.events.Scalars(at, tfevents.Scalar{Tag: "device/" + g.Name + " " + g.Unit, Value: g.Value}))
	}
	return errors.Join(err, r.events.Flush(), r.history.Step(report.Step{Epoch: e.Epoch, Step: e.Step, GlobalStep: at, Loss: e.Loss, LR: e.LR,
		ImagesPerSec: e.ImagesPerSec, InputWait: e.InputWait}))
}

func (r *recorder) epoch(e train.EpochEnded) error {
	line := report.Epoch{Epoch: e.Epoch, GlobalStep: r.globalStep(e.Epoch, r.steps), Loss: e.Loss, Validated: e.Validated,
		ImagesPerSec: e.ImagesPerSec, InputWait: e.InputWait, TrainSeconds: e.Train.Seconds(), EvalSeconds: e.Eval.Seconds()}
	if !e.Validated {
		return r.history.Epoch(line)
	}
	line.Top1, line.Top5, line.ValLoss, line.Best = e.Top1, e.Top5, r.last.Loss, r.last.Best
	err := r.events.Scalars(line.GlobalStep, tfevents.Scalar{Tag: "accuracy/top-1", Value: e.Top1},
		tfevents.Scalar{Tag: "accuracy/top-5", Value: e.Top5}, tfevents.Scalar{Tag: "loss/validation", Value: r.last.Loss})
	return errors.Join(err, r.events.Flush(), r.history.Epoch(line))
}

// finish draws the page and closes the files. It returns the page's path, "" if there is none.
func (r *recorder) finish() string {
	r.check(errors.Join(r.events.Close(), r.history.Close()))
	path, err := report.Page(r.dir)
	r.check(err)
	return path
}

// describeRun is what run.json says of a run. earlier is what it said before, if the run goes on.
func describeRun(ctx context.Context, j *trainJob) (report.Run, error) {
	_, parameters := j.arch.Count()
	info := j.device.Info()
	name, err := filepath.Abs(j.o.CkptSaveDir)
	if err != nil {
		return report.Run{}, err
	}
	run := report.Run{Name: filepath.Base(name), Version: version, Started: time.Now(), Model: j.o.Model, Parameters: parameters,
		Device: strings.TrimSpace(info.Device + " " + info.Model), Data: describe(j.o, j.o.TrainSplit),
		Fingerprint: fingerprint(j.train, j.o.DataDir), Classes: j.train.Classes(), TrainImages: j.train.Len(),
		Epochs: j.o.EpochSize, Seed: j.o.Seed}
	if j.val != nil {
		run.ValImages = j.val.Len()
	}
	for _, v := range options.Values(j.o) {
		run.Options = append(run.Options, report.Option{Name: v.Name, Value: v.Text, Changed: !v.IsDefault})
	}
	run.System = system(run, info.Versions)
	run.Samples, err = samples(ctx, j)
	return run, err
}

// system lists where the run takes place.
func system(run report.Run, versions map[string]string) []report.Option {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	list := []report.Option{{Name: "mnv2", Value: run.Version}, {Name: "device", Value: run.Device},
		{Name: "system", Value: runtime.GOOS + "/" + runtime.GOARCH}, {Name: "host", Value: host},
		{Name: "parameters", Value: fmt.Sprint(run.Parameters)}, {Name: "training images", Value: fmt.Sprint(run.TrainImages)},
		{Name: "validation images", Value: fmt.Sprint(run.ValImages)}, {Name: "data fingerprint", Value: run.Fingerprint}}
	names := make([]string, 0, len(versions))
	for name := range versions {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		list = append(list, report.Option{Name: name, Value: versions[name]})
	}
	return list
}

// fingerprint tells data sets apart by the names and labels of their samples; where the folder lies does not matter.
func fingerprint(set data.Dataset, root string) string {
	h := sha256.New()
	var label [4]byte
	for i := range set.Len() {
		name := filepath.ToSlash(set.Name(i))
		_, _ = h.Write([]byte(strings.TrimPrefix(name, filepath.ToSlash(filepath.Clean(root)))))
		binary.LittleEndian.PutUint32(label[:], uint32(set.Label(i)))
		_, _ = h.Write(label[:]) // a hash does not fail
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// samples are the first training pictures of the run, cropped and augmented as the network sees them.
func samples(ctx context.Context, j *trainJob) ([]report.Picture, error) {
	it := j.trainLoader.Epoch(ctx, 0, 0)
	defer it.Close()
	batch, err := it.Next()
	if err != nil {
		return nil, err
	}
	defer it.Release(batch)
	var list []report.Picture
	size := len(batch.Images) / len(batch.Labels)
	for i := range min(batch.Count, samplesShown) {
		list = append(list, report.Picture{JPEG: report.Thumbnail(batch.Images[i*size:(i+1)*size], j.o.ImageResize, j.o.InChannels),
			Text: caption(batch, i, j.train.Classes())})
	}
	return list, nil
}

// caption names the class of picture i, and how much it has of each if two are mixed.
func caption(b *data.Batch, i int, classes []string) string {
	label := classes[b.Labels[i]]
	if b.Lambda == nil || b.Lambda[i] == 1 {
		return label
	}
	return fmt.Sprintf("%s %.0f %%, %s %.0f %%", label, 100*b.Lambda[i], classes[b.Partners[i]], 100*(1-b.Lambda[i]))
}
