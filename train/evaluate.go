package train

import (
	"context"
	"errors"
	"io"
	"time"

	"mnv2/data"
	"mnv2/model"
)

// EvalOptions say how to measure a network.
type EvalOptions struct {
	Batch     int
	Loss      string // BCE measures that in place of softmax cross-entropy
	Smoothing float64
	Progress  func(images int) // told how many images are done; may be nil
	Examiner  Examiner         // shown every image; may be nil
}

// Examiner is shown what a validation makes of each image: its number in the data set, its bytes (height, width, channel), its
// label and its row of scores. Neither slice may be kept.
type Examiner interface {
	Add(index int, picture []byte, label int, scores []float32)
}

// Evaluate measures net, made ready for o.Batch images, on everything the loader gives. Images that could not be read
// count neither as right nor as wrong.
func Evaluate(ctx context.Context, net *model.Inference, classes int, loader *data.Loader, o EvalOptions) (Metrics, error) {
	start := time.Now()
	counts := tally{smoothing: o.Smoothing, isBinary: o.Loss == "BCE"}
	logits := make([]float32, o.Batch*classes)
	it := loader.Epoch(ctx, 0, 0)
	defer it.Close()
	for {
		batch, err := it.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Metrics{}, err
		}
		if err := counts.addBatch(net, batch, logits, classes); err != nil {
			return Metrics{}, err
		}
		if o.Examiner != nil {
			show(o.Examiner, batch, logits, classes)
		}
		it.Release(batch)
		if o.Progress != nil {
			o.Progress(counts.images)
		}
	}
	m := counts.metrics()
	m.Seconds = time.Since(start).Seconds()
	return m, nil
}

// addBatch classifies a batch and counts its images. A batch of files that could not be read has none.
func (t *tally) addBatch(net *model.Inference, batch *data.Batch, logits []float32, classes int) error {
	if batch.Count == 0 {
		return nil
	}
	if err := net.Logits(logits, batch.Images, batch.Count); err != nil {
		return err
	}
	for i, label := range batch.Labels[:batch.Count] {
		t.add(logits[i*classes:(i+1)*classes], int(label))
	}
	return nil
}

// show hands the images of a batch to an examiner one by one.
func show(e Examiner, batch *data.Batch, logits []float32, classes int) {
	size := len(batch.Images) / len(batch.Labels)
	for i, label := range batch.Labels[:batch.Count] {
		e.Add(batch.Index[i], batch.Images[i*size:(i+1)*size], int(label), logits[i*classes:(i+1)*classes])
	}
}
