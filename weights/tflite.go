package weights

import (
	"fmt"

	"mnv2/checkpoint"
	"mnv2/model"
)

// unfoldTFLite names the layers of a TFLite file after the network's parameters. There the batch norm is folded into the
// convolutions; here it becomes one that only shifts:
//
//	gamma = 1, beta = the layer's bias, moving mean = 0, moving variance = 1 - eps
//
// so that evaluation gives the same numbers: gamma/sqrt(variance+eps) is 1.
func unfoldTFLite(raw *checkpoint.File) (*checkpoint.File, error) {
	out := &checkpoint.File{Format: raw.Format, Meta: raw.Meta}
	layers := 0
	for _, conv := range model.Convolutions() {
		w, okW := raw.Find(fmt.Sprintf("layer.%d.weight", layers))
		b, okB := raw.Find(fmt.Sprintf("layer.%d.bias", layers))
		if !okW || !okB {
			return nil, fmt.Errorf("layer %d of MobileNetV2's %d is missing", layers, len(model.Convolutions()))
		}
		layers++
		w.Name = conv.Weight
		out.Tensors = append(out.Tensors, w)
		if conv.Norm == "" {
			b.Name = conv.Bias
			out.Tensors = append(out.Tensors, b)
			continue
		}
		n := b.Elements()
		b.Name = conv.Norm + ".beta"
		out.Tensors = append(out.Tensors, b,
			constant(conv.Norm+".gamma", n, 1), constant(conv.Norm+".moving_mean", n, 0),
			constant(conv.Norm+".moving_variance", n, 1-model.NormEps))
	}
	if _, more := raw.Find(fmt.Sprintf("layer.%d.weight", layers)); more {
		return nil, fmt.Errorf("it has more layers than MobileNetV2's %d", layers)
	}
	return out, nil
}

func constant(name string, n int, value float32) checkpoint.Tensor {
	v := make([]float32, n)
	for i := range v {
		v[i] = value
	}
	return checkpoint.FromFloat32s(name, []int{n}, v)
}
