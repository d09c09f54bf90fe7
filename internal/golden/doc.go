// Package golden reads the reference results in testdata/golden and makes the numbers that they were computed from.
//
// The results come from PyTorch, ONNX Runtime and MindSpore. Weights and pictures are not stored: a counter-based
// generator makes the same ones in Python and in Go ([Fill], [Images], [Weights]). testdata/golden/README.md specifies
// it and says what each file holds. This package shares no code with the packages that its users test.
//
//	f := golden.Load(t, "ops/conv2d.safetensors")
//	for _, name := range f.Cases() {
//		var op struct{ N, H, W, C, K, R, S, Stride, Pad, Groups int }
//		f.Meta(name, &op)
//		x, y := f.Float64(name+"/x"), f.Float64(name+"/y")
//		...
//	}
package golden
