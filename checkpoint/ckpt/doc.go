// Package ckpt reads and writes MindSpore checkpoints: one protocol-buffer message (proto2), no header, no magic.
//
//	Checkpoint  1 repeated Value
//	Value       1 tag (name) · 2 TensorProto
//	TensorProto 1 repeated int64 dims · 2 tensor_type (text) · 3 tensor_content (little-endian, row-major)
//
// The format has no place for metadata; package checkpoint keeps it in a file beside the checkpoint.
package ckpt
