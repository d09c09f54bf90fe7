package model

import "mnv2/backend"

// Normalization is how bytes of an image become numbers: (byte - Mean[c]) / Std[c], both on the scale 0 to 255.
type Normalization struct{ Mean, Std []float64 }

// convert returns the operation that turns n images of size x size, bytes in pixel order, into the network's input.
func (m Normalization) convert(to backend.Desc) backend.Convert {
	op := backend.Convert{From: to.With(backend.U8, backend.NHWC), To: to, Normalize: true}
	for c := range min(to.C, len(m.Mean), len(m.Std), len(op.Mean)) {
		op.Mean[c], op.Std[c] = float32(m.Mean[c]), float32(m.Std[c])
	}
	return op
}

// logitsOut returns the operation that turns the network's output into one row of classes per image.
func logitsOut(y backend.Desc) backend.Convert {
	return backend.Convert{From: y, To: y.With(backend.F32, backend.NCHW)}
}
