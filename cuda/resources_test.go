//go:build cgo && linux

package cuda

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
	"mnv2/internal/shareddata"
)

var update = flag.Bool("update", false, "write docs/cuda-resources.md anew")

// report is what is kept of the compiler's words.
const report = "../docs/cuda-resources.md"

// architectures are Ampere, Hopper and Blackwell.
var architectures = []string{"sm_80", "sm_90", "sm_100"}

// variants are the macros of files that are compiled with more than a type.
var variants = map[string][]string{
	kernels.Convert: {"FROM=U8", "FROM=I32", "FROM=F32", "FROM=F16", "FROM=BF16"},
}

// maySpill are kernels whose variables need not all fit into registers, and why.
var maySpill = map[string]string{}

// TestKernelsCompile compiles every kernel with NVIDIA's own compiler, which needs no GPU, for every type and architecture. No kernel
// may spill registers. Where the compiler is not asked for by name (make check-kernels) only float16 on Hopper is compiled, in seconds.
func TestKernelsCompile(t *testing.T) {
	if standInLoaded { // the loader would give the stand-in under the compiler's name
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKernelsCompile$", fmt.Sprintf("-update=%v", *update))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	lib, err := nv.OpenCompiler(nv.OptionsFromEnv())
	if err != nil {
		shareddata.Skip(t, "nvrtc", err)
	}
	list := compileAll(t, lib, jobs(shareddata.Required("nvrtc") || *update))
	for _, r := range list {
		if maySpill[r.kernel] == "" {
			assert.Zero(t, r.spill, "%s: %s spills %d bytes with %v %s on %s", r.job.file, r.kernel, r.spill, r.job.dtype, r.variant, r.arch)
		}
	}
	if *update {
		major, minor := lib.CompilerVersion()
		require.NoError(t, os.WriteFile(report, []byte(document(list, major, minor)), 0o600))
	}
	kept, err := os.ReadFile(report)
	require.NoError(t, err)
	for _, r := range list {
		require.Contains(t, string(kept), "\n| "+r.name()+" | ", "the report is older than %s: make check-kernels UPDATE=1", r.job.file)
	}
}

// job is one call of the compiler.
type job struct {
	kernel
	variant, arch string
}

func jobs(all bool) []job {
	var list []job
	for _, file := range kernels.Sources() {
		defines := variants[file]
		if defines == nil {
			defines = []string{""}
		}
		for _, variant := range defines {
			for _, t := range []backend.DType{backend.F32, backend.F16, backend.BF16} {
				for _, arch := range architectures {
					if all || (t == backend.F16 && arch == "sm_90") {
						list = append(list, job{kernel{file: file, dtype: t, defines: strings.Fields(variant)}, variant, arch})
					}
				}
			}
		}
	}
	return list
}

// resources is what the compiler made of a kernel: registers of a thread, bytes of static shared memory of a block, and bytes that are
// stored and loaded for the lack of registers.
type resources struct {
	job
	kernel                   string
	registers, shared, spill int
}

func (r resources) name() string {
	return strings.TrimSpace(fmt.Sprintf("%s %v %s", r.kernel, r.job.dtype, r.variant))
}

// compileAll runs the jobs on all processors and returns what became of their kernels, in order.
func compileAll(t *testing.T, lib *nv.Library, list []job) []resources {
	t.Helper()
	found, errs := make([][]resources, len(list)), make([]error, len(list))
	next := make(chan int)
	var done sync.WaitGroup
	for range runtime.NumCPU() {
		done.Go(func() {
			for i := range next {
				found[i], errs[i] = list[i].compile(lib)
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	done.Wait()
	var all []resources
	for i, f := range found {
		require.NoError(t, errs[i], "%+v", list[i])
		require.NotEmpty(t, f, "%+v: the compiler tells of no kernel", list[i])
		all = append(all, f...)
	}
	return all
}

func (j job) compile(lib *nv.Library) ([]resources, error) {
	source, err := j.source()
	if err != nil {
		return nil, err
	}
	source.Options = append(source.Options, "--ptxas-options=-v")
	made, err := lib.Compile(source, j.arch)
	if err != nil {
		return nil, err
	}
	var list []resources
	for _, section := range strings.Split(made.Log, "Compiling entry function")[1:] {
		list = append(list, resources{job: j, kernel: kernelName.FindStringSubmatch(section)[1], registers: number(section, registersUsed),
			shared: number(section, sharedUsed), spill: number(section, spillStores) + number(section, spillLoads)})
	}
	return list, nil
}

// What is read from the compiler's log of a kernel.
var (
	kernelName    = regexp.MustCompile(`^ '(\w+)'`)
	registersUsed = regexp.MustCompile(`Used (\d+) registers`)
	sharedUsed    = regexp.MustCompile(`(\d+) bytes smem`)
	spillStores   = regexp.MustCompile(`(\d+) bytes spill stores`)
	spillLoads    = regexp.MustCompile(`(\d+) bytes spill loads`)
)

func number(text string, pattern *regexp.Regexp) int {
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		panic(err) // the pattern has digits alone
	}
	return n
}

// document is the report: a table for each file, a row for each kernel, type and variant, a column for each architecture.
func document(list []resources, major, minor int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What NVRTC makes of the CUDA kernels\n\nWritten by `make check-kernels UPDATE=1` with NVRTC %d.%d: registers of a thread / bytes of static "+
		"shared memory\nof a block, and the bytes that are stored and loaded for the lack of registers where there are any.\n", major, minor)
	file, row := "", ""
	for _, arch := range perArchitecture(list) {
		if arch[0].job.file != file {
			file = arch[0].job.file
			fmt.Fprintf(&b, "\n## %s\n\n| kernel | %s |\n|---|%s\n", file, strings.Join(architectures, " | "), strings.Repeat("---|", len(architectures)))
		}
		row = "| " + arch[0].name() + " |"
		for _, r := range arch {
			row += fmt.Sprintf(" %d / %d", r.registers, r.shared)
			if r.spill > 0 {
				row += fmt.Sprintf(", spills %d", r.spill)
			}
			row += " |"
		}
		b.WriteString(row + "\n")
	}
	return b.String()
}

// perArchitecture gathers what belongs into a row. The order is that of the first architecture.
func perArchitecture(list []resources) [][]resources {
	var rows [][]resources
	at := map[string]int{}
	for _, r := range list {
		key := r.job.file + " " + r.name()
		i, ok := at[key]
		if !ok {
			i = len(rows)
			at[key], rows = i, append(rows, nil)
		}
		rows[i] = append(rows[i], r)
	}
	return rows
}
