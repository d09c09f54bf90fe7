package train

import "mnv2/data"

// targets are rows of probabilities, for batches whose pictures are mixed.
type targets struct{ rows []float32 }

// fill makes a row of each picture. Label smoothing is the loss's.
//
//	row[c] = lambda*[c = label] + (1-lambda)*[c = partner's label]
func (t *targets) fill(b *data.Batch, classes int) {
	n := b.Rows()
	t.rows = resized(t.rows, n*classes)
	clear(t.rows)
	for i, label := range b.Labels[:n] {
		lambda := float32(1)
		if b.Lambda != nil {
			lambda = b.Lambda[i]
			t.rows[i*classes+int(b.Partners[i])] = 1 - lambda
		}
		t.rows[i*classes+int(label)] += lambda
	}
}
