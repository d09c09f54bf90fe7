package devicecheck

import (
	"context"
	"os/exec"
	"time"
)

// Output notes what a program of the vendor prints, as "output". One that is not there, or fails, is no failure of the device.
func Output(c *Case, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	c.Set("output", string(out))
	if err != nil {
		c.End(Unsupported, "%v", err)
	}
	return nil
}
