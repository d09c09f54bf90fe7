//go:build cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"path/filepath"

	"mnv2/backend"
	"mnv2/csrc/nv"
	"mnv2/csrc/nv/cubin"
)

const driverName = "cuda"

// Driver offers the GPUs that the NVIDIA driver shows.
var Driver = backend.Driver{
	Name:  driverName,
	Probe: probe,
	Open:  func(index int) (backend.Backend, error) { return Open(index, Options{}) },
}

// oldestMajor is the oldest compute capability that the kernels are written for: bf16 and asynchronous copies came with it.
const oldestMajor = 8

// probe asks about every GPU without opening it.
func probe() ([]backend.Info, error) {
	lib, n, err := load()
	if err != nil {
		return nil, unavailable(driverName, err)
	}
	management, without := nv.OpenManagement(nv.OptionsFromEnv())
	var list []backend.Info
	for i := range n {
		g, err := lib.Device(i)
		if err != nil {
			return list, unavailable(deviceName(i), err)
		}
		info := describe(lib, g)
		addState(&info, management, without, g)
		list = append(list, info)
	}
	return list, nil
}

// load returns the libraries and how many GPUs they show.
func load() (*nv.Library, int, error) {
	lib, err := nv.Load(nv.OptionsFromEnv())
	if err != nil {
		return nil, 0, err
	}
	n, err := lib.DeviceCount()
	return lib, n, err
}

func deviceName(index int) string { return fmt.Sprintf("%s:%d", driverName, index) }

func unavailable(name string, err error) error {
	return &backend.Error{Device: name, Op: "open", Text: err.Error(), Err: backend.ErrUnavailable}
}

// describe returns what there is to know about a GPU and the libraries in use.
func describe(lib *nv.Library, g nv.Device) backend.Info {
	versions := map[string]string{"compute capability": fmt.Sprintf("%d.%d", g.Major, g.Minor)}
	for _, f := range lib.Files() {
		versions[f.Name] = f.Version + " " + f.Path
	}
	if reason := lib.WithoutDNN(); reason != "" {
		versions["cuDNN"] = "not in use (" + reason + "): all operations run on kernels of our own"
	}
	return backend.Info{Device: deviceName(g.Ordinal), Model: g.Name, Memory: g.Memory, Layout: backend.NHWC,
		DTypes: []backend.DType{backend.F32, backend.F16, backend.BF16}, Versions: versions}
}

// Open opens GPU number index. Errors wrap [backend.ErrUnavailable].
func Open(index int, o Options) (backend.Backend, error) {
	name := deviceName(index)
	lib, n, err := load()
	if err != nil {
		return nil, unavailable(name, err)
	}
	if index < 0 || index >= n {
		return nil, unavailable(name, fmt.Errorf("there are %d GPUs (CUDA_VISIBLE_DEVICES hides those that it does not name)", n))
	}
	g, err := lib.Device(index)
	if err != nil {
		return nil, unavailable(name, err)
	}
	if g.Major < oldestMajor {
		return nil, unavailable(name, fmt.Errorf("%s has compute capability %d.%d, and %d.0 is the oldest supported", g.Name, g.Major, g.Minor, oldestMajor))
	}
	arch, err := architecture(lib, g)
	if err != nil {
		return nil, unavailable(name, err)
	}
	kept, err := cubin.DefaultDir()
	if err != nil && o.Warn != nil {
		o.Warn(err.Error())
	}
	c, err := lib.Open(index)
	if err != nil {
		return nil, unavailable(name, err)
	}
	d := &Device{name: name, info: describe(lib, g), gpu: g, arch: arch, options: o, c: c, cubins: &cubin.Cache{Dir: kept, Warn: o.Warn},
		choices: choicesBeside(kept, o.Warn), live: map[*buffer]struct{}{}, plans: map[*plan]struct{}{}, recordings: map[*recording]struct{}{}, modules: map[moduleKey]*module{}}
	if err := d.setUp(); err != nil {
		return nil, unavailable(name, errors.Join(err, d.Close()))
	}
	return d, nil
}

// choicesBeside is where choices of engines are kept, beside the folder of compiled kernels.
func choicesBeside(kept string, warn func(string)) *cubin.Cache {
	c := &cubin.Cache{What: "engine choice", Warn: warn}
	if kept != "" {
		c.Dir = filepath.Join(filepath.Dir(kept), "autotune")
	}
	return c
}

// architecture returns what to compile for: the GPU's own, or the newest of its family that the compiler knows, whose code it
// runs too.
func architecture(lib *nv.Library, g nv.Device) (string, error) {
	known, err := lib.Architectures()
	if err != nil {
		return "", err
	}
	best := 0
	for _, a := range known {
		if a/10 == g.Major && a%10 <= g.Minor {
			best = max(best, a)
		}
	}
	if best == 0 {
		major, minor := lib.CompilerVersion()
		return "", fmt.Errorf("NVRTC %d.%d does not know %s (%s): install a newer one", major, minor, g.Arch(), g.Name)
	}
	return fmt.Sprintf("sm_%d", best), nil
}
