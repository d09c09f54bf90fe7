package devices

import (
	"fmt"
	"os"
	"strconv"

	"mnv2/backend"
)

// deviceVariable chooses the NPU where --device names no number, as MindSpore's programs have it.
const deviceVariable = "DEVICE_ID"

// first returns the number of the device that is meant when a driver is named without one.
func first(driver string) (int, error) {
	text := os.Getenv(deviceVariable)
	if driver != "ascend" || text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %s=%q: want the number of an NPU", backend.ErrUnavailable, deviceVariable, text)
	}
	return n, nil
}

// unnumbered stands for no number.
const unnumbered = -1

// openNumber opens device number index of d, or, unnumbered, the one that is meant.
func openNumber(d backend.Driver, index int) (backend.Backend, error) {
	if index == unnumbered {
		var err error
		if index, err = first(d.Name); err != nil {
			return nil, err
		}
	}
	return d.Open(index)
}
