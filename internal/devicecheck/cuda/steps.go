// Package cuda holds the steps of a device check that concern NVIDIA's GPUs alone: what is installed.
package cuda

import (
	"context"
	"os"
	"strings"
	"time"

	"mnv2/internal/devicecheck"
)

// Steps returns the steps. None of them opens a device.
func Steps() []devicecheck.Step {
	return []devicecheck.Step{{Name: "inventory", Title: "What is installed", Setup: time.Minute, Limit: 2 * time.Minute,
		Run: func(_ context.Context, r *devicecheck.Recorder) error { inventory(r); return nil }}}
}

// inventory notes what the driver says of itself and of the GPUs.
func inventory(r *devicecheck.Recorder) {
	r.Try("driver", func(c *devicecheck.Case) error {
		text, err := os.ReadFile("/proc/driver/nvidia/version")
		if err != nil {
			c.End(devicecheck.Unsupported, "%v", err)
			return nil
		}
		line, _, _ := strings.Cut(string(text), "\n")
		c.Set("value", strings.Join(strings.Fields(line), " "))
		return nil
	})
	for _, args := range [][]string{{}, {"-q"}, {"topo", "-m"}, {"nvlink", "--status"}} {
		r.Try(strings.TrimSpace("nvidia-smi "+strings.Join(args, " ")), func(c *devicecheck.Case) error {
			return devicecheck.Output(c, "nvidia-smi", args...)
		})
	}
}
