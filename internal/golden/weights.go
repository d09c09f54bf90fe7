package golden

import (
	"fmt"
	"math"
	"strings"
)

// Weights returns the starting values of the MobileNetV2 tensor that torchvision calls name, row-major, OIHW.
//
// Convolutions are uniform with variance 2/(inputs of one output), which is not MindCV's initialisation: see README.md,
// "Training". Everything else is spread around its usual start, so that a forgotten tensor is seen.
func Weights(name string, shape []int) ([]float32, error) {
	n := 1
	for _, s := range shape {
		n *= s
	}
	if len(shape) == 4 {
		fanIn := shape[1] * shape[2] * shape[3]
		return Fill(name, n, math.Sqrt(24/float64(fanIn))), nil
	}
	if strings.HasPrefix(name, "classifier.") {
		return Fill(name, n, 0.1), nil
	}
	if strings.Contains(name, ".conv.") && strings.HasSuffix(name, ".1.bias") {
		return Around(name, n, 0.4, 2.8), nil // index 1 in a block: ReLU6 follows, and few values shall be near its corners
	}
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "weight":
		return Around(name, n, 0.4, 1), nil
	case "bias", "running_mean":
		return Fill(name, n, 0.2), nil
	case "running_var":
		return Around(name, n, 0.5, 1), nil
	}
	return nil, fmt.Errorf("golden weights: %q of shape %v is no tensor of torchvision's mobilenet_v2", name, shape)
}
