//go:build cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
	"mnv2/csrc/nv/cubin"
)

// kernel names a function of csrc/kernels and how its file is compiled.
type kernel struct {
	file    string        // kernels.Elements
	name    string        // "add"
	dtype   backend.DType // what element stands for
	defines []string      // "CIN=96": sizes that the file wants as constants
}

// moduleKey tells compiled files apart.
type moduleKey struct {
	file    string
	dtype   backend.DType
	defines string
}

// module is a compiled file. It stays loaded until the device is closed.
type module struct {
	module    nv.Module
	functions map[string]*function
}

// function is a kernel of a module.
type function struct {
	nv.Function
	shared int // bytes of dynamic shared memory that it may use
}

// dtypeMacros are the values of TYPE.
var dtypeMacros = map[backend.DType]string{backend.F32: "F32", backend.F16: "F16", backend.BF16: "BF16"}

// function returns a kernel that may use shared bytes of dynamic shared memory. It compiles and loads its file if that is new.
func (d *Device) function(k kernel, shared int) (nv.Function, error) {
	key := moduleKey{k.file, k.dtype, strings.Join(k.defines, " ")}
	m := d.modules[key]
	if m == nil {
		made, err := d.compile(k)
		if err != nil {
			return 0, err
		}
		loaded, err := d.c.LoadModule(made.Code)
		if err != nil {
			return 0, fmt.Errorf("load %s: %w", k.file, err)
		}
		m = &module{module: loaded, functions: map[string]*function{}}
		d.modules[key] = m
	}
	f, err := m.function(d.c, k.name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", k.file, err)
	}
	if shared > f.shared { // also where the 48 KiB that every kernel has would do, since static shared memory counts as well
		if err := d.c.SetDynamicShared(f.Function, shared); err != nil {
			return 0, fmt.Errorf("%s: %s: %w", k.file, k.name, err)
		}
		f.shared = shared
	}
	return f.Function, nil
}

func (m *module) function(c *nv.Context, name string) (*function, error) {
	if f := m.functions[name]; f != nil {
		return f, nil
	}
	found, err := c.Function(m.module, name)
	if err != nil {
		return nil, err
	}
	f := &function{Function: found}
	m.functions[name] = f
	return f, nil
}

// compile makes machine code of the kernel's file, or finds it in the user's cache.
func (d *Device) compile(k kernel) (cubin.Entry, error) {
	source, err := k.source()
	if err != nil {
		return cubin.Entry{}, err
	}
	lib := d.c.Library()
	return d.cubins.Get(cacheKey(lib.Files(), d.arch, source), func() (cubin.Entry, error) {
		made, err := lib.Compile(source, d.arch)
		return cubin.Entry{Code: made.Cubin, Log: made.Log}, err
	})
}

// cacheKey names all that machine code depends on: the source, what it includes, the options, the architecture, the compiler.
func cacheKey(files []nv.File, arch string, s nv.Source) cubin.Key {
	parts := append([]string{arch, s.Name, s.Text, fmt.Sprint(len(s.Options))}, s.Options...)
	for _, h := range s.Headers {
		parts = append(parts, h.Name, h.Text)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name, "NVRTC") {
			parts = append(parts, f.Name, f.Version, fileStamp(f.Path))
		}
	}
	return cubin.KeyOf(parts...)
}

// fileStamp tells two files of the same version apart, as far as a look at the folder can.
func fileStamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.Size(), " ", info.ModTime().UnixNano())
}

// source returns the kernel's file with the options that it is compiled with.
func (k kernel) source() (nv.Source, error) {
	s := nv.Source{Name: k.file, Text: kernels.Text(k.file), Options: []string{"--std=c++17"}}
	if s.Text == "" {
		return s, errors.New("there is no kernel file " + k.file)
	}
	if macro := dtypeMacros[k.dtype]; macro != "" {
		s.Options = append(s.Options, "-DTYPE="+macro)
	}
	for _, define := range k.defines {
		s.Options = append(s.Options, "-D"+define)
	}
	for _, name := range kernels.Headers() {
		s.Headers = append(s.Headers, nv.Header{Name: name, Text: kernels.Text(name)})
	}
	return s, nil
}
