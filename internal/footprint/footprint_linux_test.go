package footprint

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClean(t *testing.T) {
	const untouched = "Size: 4 kB\nAnonymous:       0 kB\nSwap:    0 kB\nVmFlags: rd ex\n"
	for text, want := range map[string][]mapping{
		"00400000-00867000 r-xp 00000000 fe:00 1234   /bin/x\n" + untouched:                                           {{0x400000, 0x867000}},
		"1000-2000 r--p 0 fe:00 1 /bin/x\n" + untouched + "3000-4000 r--p 0 fe:00 1 /bin/x\n" + untouched:             {{0x1000, 0x2000}, {0x3000, 0x4000}},
		"1000-2000 r--p 0 fe:00 1 /bin/x\nAnonymous: 4 kB\nSwap: 0 kB\n3000-4000 r-xp 0 fe:00 1 /bin/x\n" + untouched: {{0x3000, 0x4000}},
		"1000-2000 r--p 0 fe:00 1 /bin/x\nAnonymous: 0 kB\nSwap: 4 kB\n":                                              nil,
		"1000-2000 r--p 0 fe:00 1 /bin/x\nAnonymous: 0 kB\n":                                                          nil,
		"1000-2000 r--p 0 fe:00 1 /bin/x\n":                                                                           nil,
		"1000-2000 rw-p 0 fe:00 1 /bin/x\n" + untouched:                                                               nil,
		"1000-2000 r-xp 0 fe:00 1 /bin/y\n" + untouched:                                                               nil,
		"1000-2000 r-xp 0 00:00 0\n" + untouched:                                                                      nil,
		"1000 r-xp 0 fe:00 1 /bin/x\n" + untouched:                                                                    nil,
		"2000-1000 r-xp 0 fe:00 1 /bin/x\n" + untouched:                                                               nil,
		"zz-1000 r-xp 0 fe:00 1 /bin/x\n" + untouched:                                                                 nil,
		"1000-2000 r-xp 0 fe:00 1 /bin/x (deleted)\n" + untouched:                                                     nil,
		"": nil,
	} {
		require.Equal(t, want, clean(text, "/bin/x"), "%q", text)
	}
}

// TestShrinkKeepsTheProgram runs code and reads constants whose pages were dropped.
func TestShrinkKeepsTheProgram(t *testing.T) {
	before := strings.Repeat("constant", 3)
	Shrink()
	require.Equal(t, "constantconstantconstant", before)
	require.True(t, strings.HasPrefix(strings.ToUpper(before), "CONSTANT"))
}
