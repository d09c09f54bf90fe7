//go:build !linux

package netplan

// PreferHugePages does nothing: the system chooses its pages.
func PreferHugePages([]float32) {}
