// Package safetensors reads and writes .safetensors files: eight bytes of header length N (little-endian), N bytes of
// JSON that name every tensor with its type, shape and place, then the data without gaps.
//
// The reader is strict: what the reference implementation (huggingface/safetensors, Rust) refuses is refused here too,
// and duplicate keys besides. The writer orders and pads as the reference does.
package safetensors
