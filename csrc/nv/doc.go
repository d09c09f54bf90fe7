// Package nv is a thin binding of NVIDIA's driver API, NVRTC and cuDNN, which are opened at run time and never linked.
//
// [Load] finds the libraries and returns a [Library] with a table of their functions, or one error that names everything
// that is missing. [Library.Open] retains the primary context of a device; every method of a [Context] crosses into C once,
// sets the context there, does one thing and brings the vendor's error text back, so that goroutines may move between threads.
//
// The package has no opinion: no memory plan, no choice of kernels, no caches. Handles are plain numbers that belong to
// whoever created them; nothing is freed by a finalizer; C keeps no pointer to Go memory after a call.
//
// Without cgo the package is empty.
package nv
