//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"mnv2/csrc/acl"
)

// hints say what to try when a device cannot be opened, by the vendor's code.
var hints = map[int]string{
	107001: "check that npu-smi info lists the device",
	207004: "check that npu-smi info lists a device",
	500000: "check that npu-smi info works; in a container, mount /usr/local/Ascend/driver and pass /dev/davinci* in",
	507008: "install a newer driver: npu-smi info shows the one that is there",
	507033: "install the driver that belongs to the toolkit, or wait until nobody else uses the device",
}

// advised returns err with what to try, if there is something.
func advised(err error) error {
	var v *acl.Error
	if errors.As(err, &v) && hints[v.Code] != "" {
		return fmt.Errorf("%w: %s", err, hints[v.Code])
	}
	return err
}

// noDevice is the error of a toolkit that sees no NPU, where the environment makes those visible that it names.
func noDevice(visible string) error {
	if visible != "" {
		return fmt.Errorf("CANN sees no NPU: ASCEND_RT_VISIBLE_DEVICES=%s hides them: correct or unset it", visible)
	}
	return errors.New("CANN sees no NPU: check that npu-smi info lists one; in a container, pass /dev/davinci* in")
}

// refusedChips are known, and known to lack what this device needs.
var refusedChips = map[string]string{
	"Ascend310B": "it has no kernels for the operators that MobileNetV2 needs; only models converted with the vendor's tools run there",
}

// unknownChip is the error of a chip without a place in the table.
func unknownChip(soc string) error {
	for prefix, why := range refusedChips {
		if strings.HasPrefix(soc, prefix) {
			return fmt.Errorf("the chip %q cannot be used: %s", soc, why)
		}
	}
	return fmt.Errorf("the chip %q is not one this program knows", soc)
}

// noKernels are the codes of an operator that finds none: the vendor's list of return codes of aclnn.
var noKernels = []int{561003, 561103, 561107, 561112}

// tryKernels plans the smallest operator there is, to find out now, and not in the middle of the first network, that the operator
// package has no kernels for the chip.
func (d *Device) tryKernels() error {
	b, err := d.c.NewBatch([]acl.Spec{{Op: acl.InplaceZero, Inputs: []acl.Tensor{describe(acl.Float, acl.ND, 8)}}}, false, d.scratch)
	if err == nil {
		return b.Close()
	}
	var v *acl.Error
	if errors.As(err, &v) && slices.Contains(noKernels, v.Code) {
		return fmt.Errorf("the operator package in ASCEND_OPP_PATH=%s has no kernels for %s: install the one (\"ops\" or \"kernels\") of the toolkit's "+
			"version for this chip: %w", os.Getenv("ASCEND_OPP_PATH"), d.soc, err)
	}
	return err
}
