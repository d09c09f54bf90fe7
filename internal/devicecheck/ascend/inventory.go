//go:build cgo && linux

package ascend

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mnv2/csrc/acl"
	"mnv2/internal/devicecheck"
)

// inventory notes what is installed, in which version, and which files are in use.
func inventory(r *devicecheck.Recorder, index int) {
	r.Try("libraries", libraries)
	r.Try("chip", func(c *devicecheck.Case) error { return chip(c, index) })
	r.Try("files", files)
	for _, args := range [][]string{{"info"}, {"info", "-m"}, {"info", "-t", "board", "-i", "0"}, {"info", "-t", "health", "-i", "0"}, {"topo"}} {
		r.Try("npu-smi "+strings.Join(args, " "), func(c *devicecheck.Case) error { return devicecheck.Output(c, "npu-smi", args...) })
	}
}

// libraries notes which set is loaded, its versions, what it lacks, and where the system found every file of it.
func libraries(c *devicecheck.Case) error {
	lib, err := acl.Load()
	if err != nil {
		return err
	}
	c.Set("folder", lib.Dir())
	c.Set("files", lib.Files())
	c.Set("missing", lib.Missing())
	if api, err := lib.APIVersion(); err == nil {
		c.Set("interface", api)
	}
	for name, p := range map[string]acl.Package{"CANN": acl.PackageCANN, "toolkit": acl.PackageToolkit, "runtime": acl.PackageRuntime,
		"operators": acl.PackageOps, "kernels": acl.PackageKernels, "driver": acl.PackageDriver} {
		c.Set("version of "+name, lib.Version(p))
	}
	loaded, err := mapped()
	c.Set("loaded", loaded)
	c.Set("value", fmt.Sprintf("toolkit %s, driver %s", lib.Version(acl.PackageToolkit), lib.Version(acl.PackageDriver)))
	return err
}

// mapped lists the files of libraries in this process that are the vendor's, by their names.
func mapped() ([]string, error) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []string
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		if len(fields) == 6 && strings.Contains(fields[5], ".so") && !slices.Contains(list, fields[5]) {
			list = append(list, fields[5])
		}
	}
	return list, nil
}

// chip notes what the device says of itself.
func chip(c *devicecheck.Case, index int) error {
	lib, err := acl.Load()
	if err != nil {
		return err
	}
	n, err := lib.Devices()
	if err != nil {
		return err
	}
	c.Set("devices", n)
	soc, err := lib.SocName()
	if err != nil {
		return err
	}
	c.Set("chip", soc)
	d, err := lib.Open(index, acl.DeviceOptions{InfNaN: !saturates(soc)})
	if err != nil {
		return err
	}
	if mode, err := d.SaturationMode(); err == nil {
		c.Set("results may be infinite", mode == 1)
	}
	if cores, err := d.Cores(); err == nil {
		c.Set("cores", cores)
	}
	free, total, err := d.Memory()
	c.Set("bytes free", free)
	c.Set("bytes", total)
	c.Set("value", fmt.Sprintf("%s, %.1f of %.1f GiB free", soc, float64(free)/(1<<30), float64(total)/(1<<30)))
	return errors.Join(err, d.Close())
}

// files notes the small text files that tell versions.
func files(c *devicecheck.Case) error {
	patterns := []string{"/etc/ascend_install.info", "/usr/local/Ascend/driver/version.info", "/usr/local/Ascend/firmware/version.info",
		filepath.Join(os.Getenv("ASCEND_HOME_PATH"), "*install.info"), filepath.Join(os.Getenv("ASCEND_HOME_PATH"), "share/info/*/version.info"),
		filepath.Join(os.Getenv("ASCEND_HOME_PATH"), "version.cfg")}
	for _, p := range patterns {
		found, _ := filepath.Glob(p)
		for _, name := range found {
			if text, err := os.ReadFile(name); err == nil && len(text) < 1<<16 {
				c.Set(name, string(text))
			}
		}
	}
	kernels, _ := filepath.Glob(filepath.Join(os.Getenv("ASCEND_OPP_PATH"), "built-in/op_impl/ai_core/tbe/kernel/*"))
	c.Set("kernel packages", kernels)
	return nil
}
