package tflite

import (
	"bytes"
	"fmt"
	"strconv"

	"mnv2/checkpoint/internal/tensor"
)

// Is reports whether data begins like a .tflite file.
func Is(data []byte) bool { return len(data) >= 8 && bytes.Equal(data[4:8], []byte("TFL3")) }

// Decode reads a whole file. Layer N gives the tensors layer.N.weight ([out, in/groups, kh, kw], or [out, in] for a
// dense layer) and layer.N.bias, both F32 in memory of their own, and the metadata layer.N.op (conv, depthwise,
// dense), layer.N.stride, layer.N.padding (same, valid) and layer.N.activation. The metadata input.shape, input.scale
// and input.zero_point describe the input tensor. Every error is tensor.ErrFormat.
func Decode(data []byte) (*tensor.File, error) {
	m, err := open(data)
	if err != nil {
		return nil, err
	}
	m.describeInput()
	operators := m.graph.vector(graphOperators, 4)
	for i := range operators.n {
		if err := m.operator(operators.table(i)); err != nil {
			return nil, tensor.Errorf("tflite: operator %d: %w", i, err)
		}
		if err := m.f.err(); err != nil {
			return nil, err
		}
	}
	if m.layers == 0 {
		return nil, tensor.Errorf("tflite: the model has no convolution and no dense layer")
	}
	return m.file, nil
}

// maxLayers bounds what operators that share one tiny table can unfold to; MobileNetV2 has 53.
const maxLayers = 4096

// model is an opened file with its tables.
type model struct {
	f       *buffer
	codes   vector
	buffers vector
	graph   table
	tensors vector
	file    *tensor.File
	layers  int
	budget  int // bytes of float32 that may still be made: operators may share one buffer
}

func open(data []byte) (*model, error) {
	// int8 weights grow fourfold. Twice that leaves room for buffers that are used by several layers.
	const growth = 8
	f := &buffer{b: data}
	root := f.root()
	graphs := root.vector(modelSubgraphs, 4)
	m := &model{
		f: f, codes: root.vector(modelCodes, 4), buffers: root.vector(modelBuffers, 4),
		file:   &tensor.File{Format: tensor.TFLite, Meta: map[string]string{}},
		budget: growth * len(data),
	}
	if v := root.int32(modelVersion, 0); v != schemaVersion && !f.bad {
		return nil, tensor.Errorf("tflite: schema version %d is not %d", v, schemaVersion)
	}
	if graphs.n != 1 && !f.bad {
		return nil, tensor.Errorf("tflite: %d subgraphs, only models with one are supported", graphs.n)
	}
	m.graph = graphs.table(0)
	m.tensors = m.graph.vector(graphTensors, 4)
	return m, f.err()
}

// describeInput records what the first input tensor looks like.
func (m *model) describeInput() {
	inputs := m.graph.vector(graphInputs, 4)
	if inputs.n == 0 {
		return
	}
	t := m.tensors.table(int(inputs.int32(0)))
	if shape := t.vector(tensorShape, 4); shape.n <= maxDims {
		m.file.Meta["input.shape"] = fmt.Sprint(shape.int32s())
	}
	q := quantization(t)
	if q.scale.n == 1 {
		m.file.Meta["input.scale"] = strconv.FormatFloat(q.scaleAt(0), 'g', -1, 32)
		m.file.Meta["input.zero_point"] = strconv.FormatInt(q.zeroAt(0), 10)
	}
}

// operator adds the weights of one operator, if it is of a kind that has some.
func (m *model) operator(op table) error {
	inputs := op.vector(operatorInputs, 4)
	code := m.codes.table(int(op.int32(operatorCode, 0)))
	kind := max(int32(code.int8(codeOld)), code.int32(codeNew, 0))
	if kind != opConv && kind != opDepthwise && kind != opDense || m.f.bad {
		return nil
	}
	if m.layers == maxLayers {
		return fmt.Errorf("more than %d layers", maxLayers)
	}
	if inputs.n < 2 {
		return fmt.Errorf("a layer with %d inputs has no weights", inputs.n)
	}
	w, err := m.floats(inputs.int32(1))
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	options := op.table(operatorOptions)
	prefix := "layer." + strconv.Itoa(m.layers) + "."
	shape, values, err := m.layout(kind, w, options, prefix)
	if err != nil {
		return err
	}
	m.file.Tensors = append(m.file.Tensors, tensor.FromFloat32s(prefix+"weight", shape, values))
	m.layers++
	if inputs.n < 3 || inputs.int32(2) < 0 { // -1 stands for no bias
		return nil
	}
	b, err := m.floats(inputs.int32(2))
	if err != nil {
		return fmt.Errorf("bias: %w", err)
	}
	if len(b.shape) != 1 || b.shape[0] != shape[0] {
		return fmt.Errorf("bias of shape %v for %d output channels", b.shape, shape[0])
	}
	m.file.Tensors = append(m.file.Tensors, tensor.FromFloat32s(prefix+"bias", b.shape, b.values))
	return nil
}

// layout records what kind of layer this is and returns its weights in PyTorch's order.
func (m *model) layout(kind int32, w array, options table, prefix string) ([]int, []float32, error) {
	meta := m.file.Meta
	if kind == opDense {
		if len(w.shape) != 2 {
			return nil, nil, fmt.Errorf("dense weights of shape %v, want two dimensions", w.shape)
		}
		meta[prefix+"op"] = "dense"
		meta[prefix+"activation"] = activations[options.int8(denseActivation)]
		return w.shape, w.values, nil
	}
	if len(w.shape) != 4 || kind == opDepthwise && w.shape[0] != 1 {
		return nil, nil, fmt.Errorf("convolution weights of shape %v", w.shape)
	}
	stride, err := strideOf(kind, options)
	if err != nil {
		return nil, nil, err
	}
	meta[prefix+"stride"] = strconv.Itoa(stride)
	meta[prefix+"padding"] = "same"
	if options.int8(convPadding) != 0 {
		meta[prefix+"padding"] = "valid"
	}
	if kind == opConv {
		meta[prefix+"op"] = "conv"
		meta[prefix+"activation"] = activations[options.int8(convActivation)]
		shape, values := fromOHWI(w)
		return shape, values, nil
	}
	if n := options.int32(depthMultiplier, 0); n != 1 {
		return nil, nil, fmt.Errorf("depth multiplier %d is not supported", n)
	}
	meta[prefix+"op"] = "depthwise"
	meta[prefix+"activation"] = activations[options.int8(depthActivation)]
	shape, values := from1HWC(w)
	return shape, values, nil
}

// strideOf returns the one stride of a convolution and refuses what MobileNetV2 does not have: unequal strides, dilation.
func strideOf(kind int32, options table) (int, error) {
	w, h := options.int32(convStrideW, 0), options.int32(convStrideH, 0)
	if w != h || w < 1 {
		return 0, fmt.Errorf("strides %d and %d are not supported", h, w)
	}
	field := convDilationW
	if kind == opDepthwise {
		field = depthDilationW
	}
	if dw, dh := options.int32(field, 1), options.int32(field+1, 1); dw != 1 || dh != 1 {
		return 0, fmt.Errorf("dilation %d and %d is not supported", dh, dw)
	}
	return int(w), nil
}

// fromOHWI turns [out, kh, kw, in] into [out, in, kh, kw].
func fromOHWI(w array) ([]int, []float32) {
	O, H, W, I := w.shape[0], w.shape[1], w.shape[2], w.shape[3]
	out := make([]float32, len(w.values))
	for o := range O {
		for p := range H * W {
			for i := range I {
				out[(o*I+i)*H*W+p] = w.values[(o*H*W+p)*I+i]
			}
		}
	}
	return []int{O, I, H, W}, out
}

// from1HWC turns [1, kh, kw, channels] into [channels, 1, kh, kw].
func from1HWC(w array) ([]int, []float32) {
	H, W, C := w.shape[1], w.shape[2], w.shape[3]
	out := make([]float32, len(w.values))
	for p := range H * W {
		for c := range C {
			out[c*H*W+p] = w.values[p*C+c]
		}
	}
	return []int{C, 1, H, W}, out
}
