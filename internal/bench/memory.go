package bench

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
)

// resetPeak makes the system forget the most memory that this process has had, as far as it can (Linux).
func resetPeak() {
	debug.FreeOSMemory()
	f, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	_, _ = f.WriteString("5") // where it is refused, the peak is that of the whole run
	_ = f.Close()
}

// peakMemory returns the most bytes of memory that this process has had at once since resetPeak, 0 where the system
// does not tell.
func peakMemory() int64 {
	return statusLine("VmHWM:")
}

// residentMemory returns the bytes of memory that this process has now, 0 where the system does not tell.
func residentMemory() int64 {
	return statusLine("VmRSS:")
}

func statusLine(name string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	return parseStatus(text, name)
}

// parseStatus finds a line such as "VmHWM:   1234 kB" in the text of /proc/self/status.
func parseStatus(text []byte, name string) int64 {
	_, rest, ok := bytes.Cut(text, []byte(name))
	if !ok {
		return 0
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	kb, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(line), []byte("kB")))), 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}
