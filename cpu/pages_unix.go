//go:build linux || darwin

package cpu

import (
	"fmt"
	"math"
	"syscall"

	"mnv2/cpu/internal/pages"
)

// mapPages returns n zero bytes from the system and what gives them back.
func mapPages(n int64) (mem []byte, unmap func() error, err error) {
	if n > math.MaxInt {
		return nil, nil, fmt.Errorf("map %d bytes: too many for this system", n)
	}
	mem, err = syscall.Mmap(-1, 0, int(n), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, nil, fmt.Errorf("map %d bytes: %w", n, err)
	}
	pages.PreferHuge(mem)
	return mem, func() error { return syscall.Munmap(mem) }, nil
}
