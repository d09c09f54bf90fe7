package anydevice

import (
	"os"
	"runtime"
	"slices"
	"strings"

	"mnv2/internal/devicecheck"
)

// prefixes of the environment variables that go into the report; all others stay out of it.
var prefixes = []string{"ASCEND", "ACL", "HCCL", "CUDA", "NVIDIA", "NCCL", "MNV2_", "LD_LIBRARY_PATH=", "DEVICE_ID=", "GOMAXPROCS=", "GODEBUG="}

// describeMachine notes what may matter about the host, and nothing that tells whose it is.
func describeMachine(c *devicecheck.Case) error {
	c.Set("system", runtime.GOOS+"/"+runtime.GOARCH)
	c.Set("cores", runtime.NumCPU())
	c.Set("go", runtime.Version())
	for name, file := range map[string]string{"kernel": "/proc/version", "release": "/etc/os-release", "limits": "/sys/fs/cgroup/memory.max"} {
		if text, err := os.ReadFile(file); err == nil {
			c.Set(name, strings.TrimSpace(string(text)))
		}
	}
	var list []string
	for _, v := range os.Environ() {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(v, p) }) {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	c.Set("environment", list)
	return nil
}
