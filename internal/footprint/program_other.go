//go:build !linux

package footprint

// dropProgram does nothing: this system is not asked.
func dropProgram() {}
