//go:build !linux

package pages

// PreferHuge does nothing.
func PreferHuge([]byte) {}

// Drop does nothing.
func Drop([]byte) {}
