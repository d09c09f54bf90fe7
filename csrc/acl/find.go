package acl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// LibsVariable names a folder whose libraries are used whatever is installed elsewhere.
const LibsVariable = "MNV2_ASCEND_LIBS"

// Set is one consistent set of library files of a toolkit: the older layout or the split one, never some of each.
type Set struct {
	Dir     string
	Split   bool // CANN 8.5 and newer: libacl_rt, libopapi_nn, libopapi_math
	Runtime []string
	Objects string
	Ops     []string
}

// The names of the libraries by layout. All of one list must be there.
var (
	splitOps  = []string{"libopapi_nn.so", "libopapi_math.so"}
	singleOps = []string{"libopapi.so"}
	oldestOps = []string{"libaclnn_ops_infer.so", "libaclnn_ops_train.so", "libaclnn_math.so"}
)

// env is what finding looks at besides the file system.
type env struct {
	getenv func(string) string
	loader func(name string) string // where the loader finds a library of this name, or ""
	roots  []string                 // folders into which CANN is installed
}

// Place is a folder that was looked into, and why there.
type Place struct{ Dir, Why string }

// NotFound says that no toolkit is there, and where it was looked for.
type NotFound struct{ Tried []Place }

// Error implements error.
func (e *NotFound) Error() string {
	var tried []string
	for _, p := range e.Tried {
		tried = append(tried, p.Dir+" ("+p.Why+")")
	}
	return "CANN is not installed, or not where it is looked for: " + strings.Join(tried, ", ")
}

// installRoots are where the vendor's installers put the toolkit, newest layout first.
func installRoots() []string {
	roots := []string{"/usr/local/Ascend/cann", "/usr/local/Ascend/ascend-toolkit/latest"}
	if home, err := os.UserHomeDir(); err == nil {
		roots = append(roots, filepath.Join(home, "Ascend/cann"), filepath.Join(home, "Ascend/ascend-toolkit/latest"))
	}
	return roots
}

// find returns the set to load. A folder that is named explicitly is the only one looked at.
func (e env) find() (Set, error) {
	if dir := e.getenv(LibsVariable); dir != "" {
		set, err := setIn(dir)
		if err != nil {
			return Set{}, fmt.Errorf("%s=%s: %w", LibsVariable, dir, err)
		}
		return set, nil
	}
	var tried []Place
	for _, p := range e.places() {
		set, err := setIn(p.Dir)
		if err == nil {
			return set, e.checkEnvironment(set, p)
		}
		if !errors.Is(err, os.ErrNotExist) {
			return Set{}, fmt.Errorf("CANN in %s (%s): %w", p.Dir, p.Why, err)
		}
		tried = append(tried, p)
	}
	return Set{}, &NotFound{tried}
}

// places lists the folders that may hold the libraries, in the order in which they are tried.
func (e env) places() []Place {
	var list []Place
	for _, name := range []string{"libacl_rt.so", "libascendcl.so"} {
		if path := e.loader(name); path != "" {
			list = append(list, Place{filepath.Dir(path), "the loader's path"})
			break
		}
	}
	for _, name := range []string{"ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"} {
		if home := e.getenv(name); home != "" {
			list = append(list, Place{filepath.Join(home, "lib64"), name})
		}
	}
	for _, root := range e.roots {
		list = append(list, Place{filepath.Join(root, "lib64"), installed})
	}
	return list
}

const installed = "the usual folder"

// checkEnvironment refuses a toolkit whose environment is not set, or that of another toolkit: the libraries read
// ASCEND_HOME_PATH and ASCEND_OPP_PATH themselves and would mix two installations.
func (e env) checkEnvironment(set Set, p Place) error {
	home := e.getenv("ASCEND_HOME_PATH")
	if home == "" || e.getenv("ASCEND_OPP_PATH") == "" {
		script := filepath.Join(filepath.Dir(set.Dir), "set_env.sh")
		return fmt.Errorf("CANN is installed in %s (%s), but its environment is not set: run \"source %s\" first", set.Dir, p.Why, script)
	}
	if !sameFolder(filepath.Join(home, "lib64"), set.Dir) {
		return fmt.Errorf("two CANN toolkits are in use: the libraries are found in %s (%s), ASCEND_HOME_PATH is %s: "+
			"source the set_env.sh of one of them in a new shell", set.Dir, p.Why, home)
	}
	if opp := e.getenv("ASCEND_OPP_PATH"); isToolkit(filepath.Dir(opp)) && !sameFolder(filepath.Dir(opp), home) {
		return fmt.Errorf("two CANN toolkits are in use: ASCEND_HOME_PATH is %s, ASCEND_OPP_PATH is %s: "+
			"source the set_env.sh of one of them in a new shell", home, opp)
	}
	return nil
}

// isToolkit reports whether dir has the runtime's libraries.
func isToolkit(dir string) bool {
	_, err := setIn(filepath.Join(dir, "lib64"))
	return err == nil
}

func sameFolder(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// setIn returns the set of libraries in dir. The error wraps os.ErrNotExist if there is no runtime library at all; a set
// that is there in part is an error that names what is missing.
func setIn(dir string) (Set, error) {
	has := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	set := Set{Dir: dir, Objects: "libnnopbase.so"}
	for _, name := range []string{"libacl_rt.so", "libascendcl.so"} {
		if has(name) {
			set.Runtime = append(set.Runtime, name)
		}
	}
	if len(set.Runtime) == 0 {
		return Set{}, fmt.Errorf("no libascendcl.so and no libacl_rt.so: %w", os.ErrNotExist)
	}
	switch {
	case has(splitOps[0]) || has(splitOps[1]):
		set.Ops, set.Split = splitOps, true
	case has(oldestOps[0]) && !has(singleOps[0]):
		set.Ops = oldestOps
	default:
		set.Ops = singleOps
	}
	var missing []string
	for _, name := range append([]string{set.Objects}, set.Ops...) {
		if !has(name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return Set{}, fmt.Errorf("the runtime is there but the operators are not: %s: install the operator package (\"ops\" or \"kernels\") of the same version and chip",
			strings.Join(missing, ", "))
	}
	if set.Split {
		set.Runtime = set.Runtime[:1] // libascendcl is only a shell around libacl_rt there
	}
	return set, nil
}
