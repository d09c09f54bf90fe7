package model

import "unsafe"

// bytesOf is v seen as bytes, in the machine's own order, which is little-endian on every machine that is supported.
func bytesOf[T float32 | int32](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*4)
}
