package pages

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestWithin(t *testing.T) {
	mem := make([]byte, 3*pageSize)
	skip := int(-uintptr(unsafe.Pointer(&mem[0])) & (pageSize - 1))
	mem = mem[skip : skip+2*pageSize] // begins with a page
	for _, c := range []struct{ from, to, first, size int }{
		{0, 2 * pageSize, 0, 2 * pageSize}, {1, 2 * pageSize, pageSize, pageSize}, {0, 2*pageSize - 1, 0, pageSize},
		{1, 2*pageSize - 1, 0, 0}, {5, 5, 0, 0}, {pageSize - 1, pageSize + 1, 0, 0},
	} {
		got := within(mem[c.from:c.to], pageSize)
		require.Len(t, got, c.size, "bytes %d to %d", c.from, c.to)
		if c.size > 0 {
			require.Same(t, &mem[c.first], &got[0])
		}
	}
}

// TestDrop sees that whole pages lose what was in them, and that the bytes beside them do not.
func TestDrop(t *testing.T) {
	mem, err := syscall.Mmap(-1, 0, 4*pageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Munmap(mem)) }()
	for i := range mem {
		mem[i] = 7
	}
	PreferHuge(mem)
	Drop(mem[100 : 4*pageSize-100])
	require.Equal(t, []byte{7, 0, 0, 7}, []byte{mem[pageSize-1], mem[pageSize], mem[3*pageSize-1], mem[3*pageSize]})
}
