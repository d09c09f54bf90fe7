package cpu

import "golang.org/x/sys/unix"

// hostMemory returns the bytes of memory the machine has, 0 if unknown.
func hostMemory() int64 {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return 0
	}
	return int64(n)
}
