package footprint

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// dropProgram drops pages of the program's file that are as they are in the file: those of mappings that cannot be written to, and
// never were. A dynamic loader writes addresses into some before it takes that right away. Where something is not as expected
// nothing is done.
func dropProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	for _, m := range clean(string(maps), program) {
		_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(nil, m.from)), m.to-m.from), syscall.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ from, to uintptr }

// clean returns the mappings of a file in the text of /proc/self/smaps that cannot be written to and have no page that differs
// from the file. The text is a line such as "00400000-00867000 r-xp 00000000 fe:00 1234   /usr/bin/mnv2" for each mapping, with
// lines such as "Anonymous:      0 kB" below it.
func clean(smaps, file string) []mapping {
	var list []mapping
	var now mapping
	wanted, proven := false, 0 // lines that say that nothing differs
	keep := func() {
		if wanted && proven == 2 {
			list = append(list, now)
		}
	}
	for line := range strings.Lines(smaps) {
		fields := strings.Fields(line)
		if len(fields) == 3 && (fields[0] == "Anonymous:" || fields[0] == "Swap:") && fields[1] == "0" {
			proven++
		}
		if len(fields) > 0 && !strings.HasSuffix(fields[0], ":") {
			keep()
			now, wanted = readOnly(fields, file)
			proven = 0
		}
	}
	keep()
	return list
}

// readOnly returns the addresses of a mapping if it is of the file and without the right to write.
func readOnly(fields []string, file string) (m mapping, ok bool) {
	if len(fields) != 6 || fields[5] != file || strings.Contains(fields[1], "w") {
		return m, false
	}
	first, end, _ := strings.Cut(fields[0], "-")
	a, errA := strconv.ParseUint(first, 16, strconv.IntSize)
	b, errB := strconv.ParseUint(end, 16, strconv.IntSize)
	return mapping{uintptr(a), uintptr(b)}, errA == nil && errB == nil && a < b
}
