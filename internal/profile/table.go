package profile

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"mnv2/backend"
)

// Row is what one operation took, all its runs together.
type Row struct {
	Name  string        `json:"op"`
	Shape string        `json:"shape,omitempty"`
	Count int64         `json:"count"`
	Time  time.Duration `json:"nanoseconds"`
	FLOPs int64         `json:"flops"` // of one run; a multiply-add is two; convolutions only
	Bytes int64         `json:"bytes"` // of all operands of one run; 0 for a part of an operation
}

func newRow(key any) *Row {
	op := key.(backend.Op)
	name, shape := describe(op)
	return &Row{Name: name, Shape: shape, FLOPs: flops(op), Bytes: moved(op)}
}

func rowOfPart(key any) *Row {
	part := key.(backend.Part)
	return &Row{Name: part.Name, Shape: part.Shape, FLOPs: part.FLOPs}
}

// byTime sorts the largest first, equal ones by name.
func byTime(a, b Row) int {
	return cmp.Or(cmp.Compare(b.Time, a.Time), strings.Compare(a.Name, b.Name), strings.Compare(a.Shape, b.Shape))
}

// GFLOPS is the rate of the row's arithmetic.
func (r Row) GFLOPS() float64 { return rate(r.FLOPs*r.Count, r.Time) }

// GBS is gigabytes of operands a second.
func (r Row) GBS() float64 { return rate(r.Bytes*r.Count, r.Time) }

// rate is n billions a second.
func rate(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / float64(d.Nanoseconds())
}

// Table is where the time of some steps went.
type Table struct {
	Steps      int             `json:"steps"`
	Rows       []Row           `json:"operations"`
	Operations time.Duration   `json:"operations_nanoseconds"` // the sum of all rows
	Step       time.Duration   `json:"step_nanoseconds"`       // median of the same steps without a profile
	Input      time.Duration   `json:"input_nanoseconds"`      // of Step, spent waiting for images
	Peak       float64         `json:"peak_flops,omitempty"`   // of the device in operations a second, 0 if it has no probe
	Counts     *backend.Counts `json:"counts,omitempty"`       // of all steps; nil if the device does not count
}

// Write prints t.
func (t Table) Write(w io.Writer) error {
	p := printer{w: w}
	p.print("%-31s %-30s %6s %10s %6s %9s %8s %6s\n", "operation", "shape /stride", "a step", "ms a step", "share", "GFLOP/s", "GB/s", "peak")
	for _, r := range t.Rows {
		p.row(t, r)
	}
	steps := float64(max(t.Steps, 1))
	p.print("\n%d operations a step take %.3f ms one by one; a step as it usually runs takes %.3f ms, of which it waits %.3f ms for images\n",
		t.runs(), milliseconds(t.Operations)/steps, milliseconds(t.Step), milliseconds(t.Input))
	if c := t.Counts; c != nil {
		p.print("the device was asked, a step: %s launches, %s waits, %s allocations of memory\n",
			perStep(c.Launches, t.Steps), perStep(c.Syncs, t.Steps), perStep(c.Allocs, t.Steps))
	}
	return p.err
}

// runs is how many operations a step has.
func (t Table) runs() int64 {
	total := int64(0)
	for _, r := range t.Rows {
		total += r.Count
	}
	return total / int64(max(t.Steps, 1))
}

// perStep shows a share without decimals where it has none.
func perStep(n int64, steps int) string {
	return fmt.Sprintf("%.4g", float64(n)/float64(max(steps, 1)))
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) print(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) row(t Table, r Row) {
	steps := float64(max(t.Steps, 1))
	work, peak, memory := "-", "-", "-"
	if r.Bytes > 0 {
		memory = fmt.Sprintf("%.1f", r.GBS())
	}
	if r.FLOPs > 0 {
		work = fmt.Sprintf("%.1f", r.GFLOPS())
		if t.Peak > 0 {
			peak = fmt.Sprintf("%.0f %%", 100*r.GFLOPS()*1e9/t.Peak)
		}
	}
	share := 0.0
	if t.Operations > 0 {
		share = 100 * float64(r.Time) / float64(t.Operations)
	}
	p.print("%-31s %-30s %6.4g %10.3f %5.1f%% %9s %8s %6s\n", r.Name, r.Shape, float64(r.Count)/steps, milliseconds(r.Time)/steps, share, work, memory, peak)
}
