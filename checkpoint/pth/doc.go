// Package pth reads what torch.save writes, in its zip form (PyTorch 1.6 and later) and its legacy form, and writes
// zip files that torch.load(weights_only=True) accepts.
//
// A PyTorch file is a Python pickle: a program for a small stack machine that may call any Python function by name.
// The reader runs that machine without Python. It knows the dozen names that tensors are made of, builds plain data
// for them, and refuses every other name. Nothing is executed, and memory is bounded by the size of the file.
//
// How a file becomes tensors:
//
//	archive.go, legacy.go  find the pickle and the storages (runs of raw elements)
//	machine.go, opcodes.go run the pickle
//	calls.go               the names that may be called
//	view.go                a view of a storage (offset, sizes, strides) becomes contiguous bytes
//	flatten.go             nested dictionaries become one list of dotted names
package pth
