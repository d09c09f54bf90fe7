//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"mnv2/backend"
	"mnv2/csrc/acl"
)

const driverName = "ascend"

// Driver offers the NPUs that CANN sees.
var Driver = backend.Driver{
	Name:  driverName,
	Probe: probe,
	Open:  func(index int) (backend.Backend, error) { return Open(index, Options{}) },
}

// probe opens every NPU for a moment.
func probe() ([]backend.Info, error) {
	_, n, err := load()
	if err != nil {
		return nil, unavailable(driverName, err)
	}
	var list []backend.Info
	for i := range n {
		b, err := Open(i, Options{})
		if err != nil {
			return list, err
		}
		info := b.Info()
		info.State = acl.State(i)
		list = append(list, info)
		if err := b.Close(); err != nil {
			return list, err
		}
	}
	return list, nil
}

// load returns the libraries and how many NPUs they see.
func load() (*acl.Library, int, error) {
	lib, err := acl.Load()
	if err != nil {
		return nil, 0, err
	}
	if err := checkVersions(lib.Version(acl.PackageToolkit), lib.Version(acl.PackageKernels)); err != nil {
		return nil, 0, err
	}
	n, err := lib.Devices()
	if err != nil {
		return nil, 0, err
	}
	if n == 0 {
		return nil, 0, noDevice(os.Getenv("ASCEND_RT_VISIBLE_DEVICES"))
	}
	return lib, n, nil
}

// checkVersions refuses operators of another release than the toolkit: their kernels are looked up by version and chip.
func checkVersions(toolkit, kernels string) error {
	if toolkit == "" || kernels == "" || release(toolkit) == release(kernels) {
		return nil
	}
	return fmt.Errorf("the operator package is of another version than the toolkit: %s and %s: install the one that belongs to it",
		kernels, toolkit)
}

// release returns the first three parts of a version, "8.1.RC1" of "8.1.RC1.alpha002".
func release(version string) string {
	parts := strings.SplitN(version, ".", 4)
	return strings.Join(parts[:min(3, len(parts))], ".")
}

func unavailable(name string, err error) error {
	return &backend.Error{Device: name, Op: "open", Text: advised(err).Error(), Err: backend.ErrUnavailable}
}

// Open opens NPU number index. Errors wrap [backend.ErrUnavailable].
func Open(index int, o Options) (backend.Backend, error) {
	name := fmt.Sprintf("%s:%d", driverName, index)
	lib, n, err := load()
	if err != nil {
		return nil, unavailable(name, err)
	}
	if index >= n {
		return nil, unavailable(name, fmt.Errorf("there are %d NPUs", n))
	}
	soc, err := lib.SocName()
	if err != nil {
		return nil, unavailable(name, err)
	}
	chip, ok := chipOf(soc)
	if !ok {
		return nil, unavailable(name, unknownChip(soc))
	}
	if _, err := lib.SetDeterministic(!o.Fast); err != nil {
		return nil, unavailable(name, err)
	}
	c, err := lib.Open(index, acl.DeviceOptions{Debug: o.Debug, InfNaN: chip.infNaN})
	if err != nil {
		return nil, unavailable(name, err)
	}
	d := &Device{name: name, soc: soc, chip: chip, options: o, c: c, constants: map[string]acl.Address{},
		live: map[*buffer]struct{}{}, plans: map[*plan]struct{}{}}
	if err := d.setUp(lib); err != nil {
		return nil, unavailable(name, errors.Join(err, d.Close()))
	}
	return d, nil
}

// setUp asks the device what there is to know.
func (d *Device) setUp(lib *acl.Library) error {
	var err error
	if d.scratch, err = d.c.Malloc(slot); err != nil {
		return err
	}
	if err := d.tryKernels(); err != nil {
		return err
	}
	_, total, err := d.c.Memory()
	if err != nil {
		return err
	}
	mode, err := d.c.SaturationMode()
	if err != nil {
		return err
	}
	if d.chip.infNaN && mode == 0 {
		d.chip.infNaN = false // it did not take the mode: overflow must be read from the register
	}
	if !d.chip.infNaN {
		// What overflowed before belongs to somebody else. A release without the register says so when a guarded step reads it.
		_ = d.c.OverflowStatus(d.scratch)
	}
	cores, err := d.c.Cores()
	if err != nil {
		cores = 0 // nothing depends on it
	}
	d.info = backend.Info{Device: d.name, Model: d.soc, Memory: total, Layout: backend.NCHW,
		DTypes: d.chip.dtypes(d.options.AllowDown), Versions: versions(lib, cores)}
	return nil
}

// versions lists what is in use and where it was found.
func versions(lib *acl.Library, cores int64) map[string]string {
	v := map[string]string{"libraries": lib.Dir() + ": " + strings.Join(lib.Files(), " ")}
	if api, err := lib.APIVersion(); err == nil {
		v["acl"] = api
	}
	for name, p := range map[string]acl.Package{"toolkit": acl.PackageToolkit, "runtime": acl.PackageRuntime,
		"operators": acl.PackageOps, "kernels": acl.PackageKernels, "driver": acl.PackageDriver} {
		if text := lib.Version(p); text != "" {
			v[name] = text
		}
	}
	if cores > 0 {
		v["cores"] = fmt.Sprint(cores)
	}
	if missing := lib.Missing(); missing != "" {
		v["missing"] = missing
	}
	return v
}
