// Package tflite reads the weights of an int8 or float .tflite model: convolutions, depthwise convolutions and dense
// layers, in the order in which they run, dequantised to float32 and turned into PyTorch's layout.
//
// A .tflite file is a flatbuffer: tables that point to each other by 32-bit offsets. The reader checks every offset
// against the file. Layers have no names of their own that mean anything outside TensorFlow, so that tensors are
// called layer.N.weight and layer.N.bias with N counting from 0.
package tflite
