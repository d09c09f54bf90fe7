//go:build cgo && linux

package acl

/*
#include "binding.h"
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// monitorFolders are where the driver's package puts its monitoring library; the loader's path comes first.
var monitorFolders = []string{"/usr/local/dcmi", "/usr/local/Ascend/driver/lib64/driver"}

const monitorLibrary = "libdcmi.so"

// monitor opens the driver's monitoring library once, if there is one.
var monitor = sync.OnceValue(func() bool {
	names := []string{monitorLibrary}
	for _, dir := range monitorFolders {
		names = append(names, filepath.Join(dir, monitorLibrary))
	}
	if home := os.Getenv("ASCEND_HOME_PATH"); home != "" {
		names = append(names, filepath.Join(home, "lib64", monitorLibrary))
	}
	for _, name := range names {
		if handle, err := open(name); err == nil {
			return C.mnv2_dcmi_open(handle) == 0
		}
	}
	return false
})

// State is how an NPU is at the moment, for a person: "health ok, 41 °C, 91.5 W, 3300 of 65536 MB in use". It is "" if the driver's
// monitoring library is not there or does not tell.
func State(index int) string {
	if !monitor() {
		return ""
	}
	logic, isVisible := physical(os.Getenv("ASCEND_RT_VISIBLE_DEVICES"), index)
	var s C.mnv2_dcmi_state
	if !isVisible || C.mnv2_dcmi_read(C.uint32_t(logic), &s) != 0 {
		return ""
	}
	var parts []string
	if s.has_health != 0 {
		parts = append(parts, "health "+healthName(int(s.health)))
	}
	if s.has_temperature != 0 {
		parts = append(parts, fmt.Sprintf("%d °C", s.celsius))
	}
	if s.has_power != 0 {
		parts = append(parts, fmt.Sprintf("%.1f W", float64(s.deciwatt)/10))
	}
	if s.has_memory != 0 {
		parts = append(parts, fmt.Sprintf("%d of %d MB in use", s.used_mb, s.memory_mb))
	}
	return strings.Join(parts, ", ")
}

func healthName(code int) string {
	names := []string{"ok", "minor alarm", "major alarm", "critical alarm"}
	if code < 0 || code >= len(names) {
		return strconv.Itoa(code)
	}
	return names[code]
}

// physical returns which of the driver's devices the process sees as number index: the monitoring library counts them all, the
// runtime those that the list names, up to the first entry that is none.
func physical(visible string, index int) (int, bool) {
	if strings.TrimSpace(visible) == "" {
		return index, true
	}
	for i, entry := range strings.Split(visible, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(entry))
		if err != nil || n < 0 {
			return 0, false
		}
		if i == index {
			return n, true
		}
	}
	return 0, false
}
