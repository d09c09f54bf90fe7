// Package checkpoint reads and writes files of named tensors: MindSpore's .ckpt, safetensors, PyTorch's .pth in both
// forms, and the weights of an int8 .tflite model. It knows nothing of any network; names and shapes pass through.
//
// Three names matter. A File is what a file holds: Tensors and, beside them, Meta, text that travels with the weights.
// Read finds out what a file is from its content, never from its name. Write replaces a file atomically.
//
//	f, err := checkpoint.Read("weights.pth")
//	if errors.Is(err, checkpoint.ErrFormat) { ... } // the file is to blame, not the disk
//	w, ok := checkpoint.Unwrap(f).Find("features.0.0.weight")
//	values, err := w.Float32s()
//
// Every reader treats its file as hostile: all lengths are compared with the bytes that are there, memory is bounded by
// a small multiple of the file's size, and nothing in a file is ever executed. docs/formats.md describes the bytes.
package checkpoint
