//go:build !linux

package cpu

// adviseHuge does nothing: large pages are asked for on Linux only.
func adviseHuge([]byte) {}
