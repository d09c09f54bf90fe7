package options

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mnv2/configs"
)

// Request says where option values come from.
type Request struct {
	Command Command
	Config  string            // YAML file or name of a built-in recipe; "" for none
	Base    string            // built-in recipe that stands in for the defaults when Config is ""; "" for none
	Flags   map[string]string // values from the command line by option name, as typed
	Ranks   int               // processes started together, see [Launcher]; 0 and 1 mean alone
}

// Load returns the effective options: the table's defaults, under the YAML file or recipe, under the command line.
// Everything wrong with the file or with the flags is reported at once, as a [UsageError]. Notices tell what was
// understood in an unexpected way, or has no effect, or looks like a mistake.
// Whether the values are built in this version is a separate question: see [Unsupported].
func Load(r Request) (Options, []Notice, error) {
	o := Defaults()
	var notices []Notice
	name := r.Config
	if name == "" {
		name = r.Base
	}
	if name != "" {
		more, err := o.loadConfig(name, r.Config != "")
		if err != nil {
			return Options{}, nil, err
		}
		notices = append(notices, more...)
	}
	more, err := o.setFlags(r.Flags)
	if err != nil {
		return Options{}, nil, err
	}
	o.Config = r.Config
	notices = append(notices, more...)
	notices = append(notices, o.settle()...)
	if err := o.check(r.Command); err != nil {
		return Options{}, nil, err
	}
	return o, append(notices, o.notices(r)...), nil
}

// Defaults returns the table's defaults.
func Defaults() Options {
	var o Options
	for _, opt := range table {
		if err := opt.Set(&o, opt.Default); err != nil {
			panic(fmt.Sprintf("options: default of %s: %v", opt.Name, err)) // a fault in the table; a test reads it whole
		}
	}
	return o
}

// loadConfig reads a file, or the built-in recipe of that name where there is no such file.
func (o *Options) loadConfig(name string, files bool) ([]Notice, error) {
	text, source, err := readConfig(name, files)
	if err != nil {
		return nil, err
	}
	list, err := readYAML(name, text)
	if err != nil {
		return nil, err
	}
	return o.apply(list, source)
}

func readConfig(name string, files bool) ([]byte, Source, error) {
	var fileErr error
	if files {
		text, err := readSmall(name)
		if err == nil {
			return text, FromFile, nil
		}
		fileErr = err
	}
	if text, ok := configs.Recipe(name); ok {
		return text, FromRecipe, nil
	}
	e := &UsageError{Problems: []string{fmt.Sprintf("--config %q: %v", name, fileErr)}, Cause: fileErr,
		Hint: "built-in recipes: " + strings.Join(configs.Names(), ", ")}
	if os.IsNotExist(fileErr) {
		e.Problems = []string{fmt.Sprintf("--config %q: no such file or recipe", name)}
		base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
		if near := Nearest(base, configs.Names()); near != "" {
			e.Hint = fmt.Sprintf("did you mean %s? %s", near, e.Hint)
		}
	}
	return nil, 0, e
}

// readSmall reads at most one byte more than a recipe may have.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("is a folder, not a YAML file")
	}
	return io.ReadAll(io.LimitReader(f, maxYAML+1))
}

// apply sets each key. Unknown keys and values that do not fit are all collected.
func (o *Options) apply(list []setting, source Source) ([]Notice, error) {
	var problems []string
	var notices []Notice
	for _, s := range list {
		more, err := o.applyOne(s, source)
		if err != nil {
			problems = append(problems, s.where+": "+err.Error())
		}
		notices = append(notices, more...)
	}
	if problems != nil {
		return nil, &UsageError{Problems: limit(problems), Hint: "every option is listed in docs/options.md and by mnv2 train --help all"}
	}
	return notices, nil
}

func (o *Options) applyOne(s setting, source Source) ([]Notice, error) {
	if s.key == "config" { // saved files name the file that they came from
		return nil, nil
	}
	if old, ok := renamed[s.key]; ok {
		return o.applyOld(s.key, old, s.text, source)
	}
	opt, ok := byName[s.key]
	switch {
	case !ok:
		return nil, unknownKey(s.key)
	case opt.Flag:
		return nil, fmt.Errorf("%s: belongs on the command line, not in a file", s.key)
	case s.null:
		if err := opt.setNone(o); err != nil {
			return nil, fmt.Errorf("%s: %w", s.key, err)
		}
	default:
		if err := opt.Set(o, s.text); err != nil {
			return nil, fmt.Errorf("%s: %w", s.key, err)
		}
	}
	o.setSource(s.key, source)
	return nil, nil
}

func unknownKey(key string) error {
	var names []string
	for _, opt := range table {
		if !opt.Flag {
			names = append(names, opt.Name)
		}
	}
	if near := Nearest(key, names); near != "" {
		return fmt.Errorf("unknown key %s; did you mean %s?", clip(key), near)
	}
	return fmt.Errorf("unknown key %s", clip(key))
}

// setFlags sets what the command line says, in the order of the names so that messages do not depend on chance.
func (o *Options) setFlags(flags map[string]string) ([]Notice, error) {
	var problems []string
	var notices []Notice
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		if old, ok := renamed[name]; ok {
			more, err := o.applyOld(name, old, flags[name], FromFlag)
			if err != nil {
				problems = append(problems, "--"+err.Error())
			}
			notices = append(notices, more...)
			continue
		}
		opt, ok := byName[name]
		if !ok {
			problems = append(problems, fmt.Sprintf("--%s: no such option", clip(name)))
			continue
		}
		if err := opt.Set(o, flags[name]); err != nil {
			problems = append(problems, fmt.Sprintf("--%s: %v", name, err))
			continue
		}
		o.setSource(name, FromFlag)
	}
	if problems != nil {
		return nil, &UsageError{Problems: limit(problems)}
	}
	return notices, nil
}
