package cpu

import "syscall"

// hugePages is the size from which the system is asked for large pages, of which the processor can look up addresses more
// quickly. It is that of a large page on x86-64; others are larger still and ignore the wish for less.
const hugePages = 2 << 20

// adviseHuge asks for large pages. A system that has none goes on with small ones.
func adviseHuge(mem []byte) {
	const madvHugepage = 14
	if len(mem) >= hugePages {
		_ = syscall.Madvise(mem, madvHugepage)
	}
}
