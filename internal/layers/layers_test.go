// Package layers has no code: its test holds the packages to the import rules of docs/architecture.md.
package layers

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rule says what a package may import besides the standard library. Tests of a package may import more.
type rule struct {
	pkg     string // a folder name ends in "/" when the rule is for everything below
	why     string
	imports []string // packages of this module, or modules; "*" allows everything
}

// rules are tried from the top; the first that fits a package holds for it.
var rules = []rule{
	{"backend", "says what a device is: it knows no vendor, no device and no network", nil},
	{"backend/ref", "is the oracle: it shares nothing with what it judges", []string{"backend"}},
	{"backend/backendtest", "judges every device alike: it knows none", []string{"backend", "backend/ref", "internal/tolerance", "github.com/stretchr/testify"}},
	{"cpu/", "is always compiled in, without cgo", []string{"backend", "cpu/", "golang.org/x/sys/cpu"}},
	{"csrc/fake/nv", "stands in for NVIDIA's libraries in tests", []string{"C", "csrc/fake/cudahost"}},
	{"csrc/nv/cubin", "keeps files: it needs no vendor's library", []string{"internal/atomicfile"}},
	{"csrc/", "binds vendor libraries: it uses cgo and knows nothing of this program", []string{"C"}},
	{"ascend", "runs the operations on NPUs: C types stay in the binding", []string{"backend", "csrc/acl"}},
	{"cuda", "runs the operations on NVIDIA GPUs: C types stay in the binding", []string{"backend", "csrc/nv", "csrc/nv/cubin", "csrc/kernels"}},
	{"model", "issues operations: it names no vendor, reads no file, knows no flag", []string{"backend"}},
	{"checkpoint/", "reads and writes tensors: it knows no network and no device", []string{"checkpoint/", "internal/atomicfile", "google.golang.org/protobuf/encoding/protowire"}},
	{"data/", "makes bytes of pixels: it knows no device and no network", []string{"data/", "csrc/jpegturbo", "internal/atomicfile", "golang.org/x/image/", "github.com/parquet-go/parquet-go", "golang.org/x/sys/cpu"}},
	{"weights", "fits files to networks: it opens no device", []string{"model", "checkpoint/", "backend"}},
	{"train", "is the loop: it parses no flag and opens no device", []string{"model", "data/", "backend", "checkpoint/", "weights", "internal/atomicfile"}},
	{"report", "keeps the record of a run and draws it: it opens no device", []string{"internal/atomicfile", "golang.org/x/image/"}},
	{"configs", "holds the recipes", nil},
	{"internal/bench", "measures what the commands measure: it opens no device", []string{"backend", "data/", "model", "internal/footprint", "golang.org/x/image/"}},
	{"internal/profile", "times the operations of any device: it opens none", []string{"backend"}},
	{"internal/devices", "lists the devices that are compiled in", []string{"backend", "cpu", "cuda", "ascend"}},
	{"internal/devicecheck/anydevice", "tries any device: it knows no vendor", []string{"backend", "backend/ref", "backend/backendtest", "model", "internal/devicecheck", "internal/bench", "internal/profile"}},
	{"internal/devicecheck/ascend", "asks one vendor's libraries", []string{"backend", "backend/ref", "csrc/acl", "csrc/aclprobe", "internal/devicecheck"}},
	{"internal/devicecheck/cuda", "asks one vendor's tools", []string{"internal/devicecheck"}},
	{"internal/devicecheck", "runs steps in processes of their own: what they try is not its matter", []string{"backend", "internal/atomicfile"}},
	{"build", "holds recipes for containers and clusters", nil},
	{"internal/atomicfile", "writes files", nil},
	{"internal/diskspace", "asks the system", []string{"golang.org/x/sys/"}},
	{"internal/footprint", "knows the system's memory and nothing else", nil},
	{"internal/tolerance", "compares numbers", nil},
	{"internal/shareddata", "finds test data", nil},
	{"internal/tfevents", "writes what TensorBoard reads", []string{"google.golang.org/protobuf/encoding/protowire"}},
	{"internal/golden", "reads test data", nil},
	{"internal/layers", "has no code", nil},
	{"internal/parity", "has no code", nil},
	{"internal/term", "draws on a terminal", []string{"golang.org/x/term"}},
	{"internal/options", "is the table of options", []string{"configs", "internal/atomicfile", "go.yaml.in/yaml/v4"}},
	{"internal/cli", "turns arguments into options", []string{"internal/options", "internal/term", "configs", "github.com/urfave/cli/v2"}},
	{"cmd/", "puts everything together", []string{"*"}},
}

func TestImportsFollowTheLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "mnv2/...").Output()
	require.NoError(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], "mnv2/")
		r := ruleFor(pkg)
		if r == nil {
			t.Errorf("package %s has no rule: add one to this test and to docs/architecture.md", pkg)
			continue
		}
		for _, imported := range fields[1:] {
			if !r.allows(imported) {
				t.Errorf("%s imports %s: package %s %s", pkg, imported, r.pkg, r.why)
			}
		}
	}
}

func ruleFor(pkg string) *rule {
	for i, r := range rules {
		if covers(r.pkg, pkg) {
			return &rules[i]
		}
	}
	return nil
}

// covers reports whether name is pattern, or below it if pattern ends in "/".
func covers(pattern, name string) bool {
	folder, isFolder := strings.CutSuffix(pattern, "/")
	return name == folder || (isFolder && strings.HasPrefix(name, pattern))
}

func (r *rule) allows(imported string) bool {
	name, ours := strings.CutPrefix(imported, "mnv2/")
	if !ours && !strings.Contains(strings.Split(imported, "/")[0], ".") {
		return imported != "C" || slices.Contains(r.imports, "C") // the standard library; cgo is for packages that have a rule for it
	}
	return slices.ContainsFunc(r.imports, func(allowed string) bool {
		return allowed == "*" || covers(allowed, name) || strings.HasPrefix(name, allowed+"/") && strings.Contains(allowed, ".")
	})
}
