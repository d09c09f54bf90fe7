package main

import (
	"fmt"

	"mnv2/internal/bench"
	"mnv2/internal/cli"
)

// conditions are the first line of bench --format json.
type conditions struct {
	Version    string  `json:"version"`
	Device     string  `json:"device"`
	Model      string  `json:"model"`
	Kernels    string  `json:"kernels,omitempty"`
	Threads    int     `json:"threads,omitempty"`
	Go         string  `json:"go"`
	OS         string  `json:"os"`
	Arch       string  `json:"arch"`
	Network    string  `json:"network"`
	Weights    string  `json:"weights"`
	Pictures   string  `json:"pictures"`
	Seconds    float64 `json:"seconds"`
	JPEG       string  `json:"jpeg"`
	PeakGFLOPS float64 `json:"peak_gflops,omitempty"`
}

// benchReport prints results as they come and keeps them for the chart.
type benchReport struct {
	in      cli.Invocation
	title   string
	results []bench.Result
	opened  bool // the table of operations has its head line
}

func (r *benchReport) conditions(c conditions) error {
	r.title = fmt.Sprintf("mnv2 %s, %s, %s, %d threads, %s", c.Version, c.Model, c.Kernels, c.Threads, c.Go)
	if r.in.JSON {
		return printJSON(r.in, c)
	}
	out := r.in.Stdout
	fmt.Fprintf(out, "mnv2 %s, %s %s/%s, %s on %s: %s, %d threads", c.Version, c.Go, c.OS, c.Arch, c.Network, c.Device, c.Model, c.Threads)
	if c.Kernels != "" {
		fmt.Fprintf(out, ", kernels %s", c.Kernels)
	}
	if c.PeakGFLOPS > 0 {
		fmt.Fprintf(out, ", at most %.1f GFLOP/s", c.PeakGFLOPS)
	}
	fmt.Fprintf(out, "\nweights %s, pictures %s, JPEG decoder %s; a batch takes:\n\n", c.Weights, c.Pictures, c.JPEG)
	_, err := fmt.Fprintf(out, "%-10s %-9s %5s %5s %10s %10s %10s %7s %6s %10s %9s %9s\n",
		"case", "kind", "px", "batch", "best ms", "p25 ms", "median ms", "spread", "rounds", "images/s", "peak MiB", "resident")
	return err
}

func (r *benchReport) result(v bench.Result) error {
	r.results = append(r.results, v)
	if r.in.JSON {
		return printJSON(r.in, v)
	}
	_, err := fmt.Fprintf(r.in.Stdout, "%-10s %-9s %5d %5d %10.3f %10.3f %10.3f %6.1f%% %6d %10.1f %9s %9s\n", v.Name, v.Kind, v.Size, v.Batch,
		1000*v.Best, 1000*v.P25, 1000*v.Median, 100*v.Spread, v.Rounds, v.ImagesPerSec, benchMiB(v.PeakBytes), benchMiB(v.ResidentBytes))
	return err
}

func benchMiB(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(n)/(1<<20))
}

func (r *benchReport) op(v bench.OpResult) error {
	if r.in.JSON {
		return printJSON(r.in, v)
	}
	if !r.opened {
		r.opened = true
		fmt.Fprintf(r.in.Stdout, "\nOperations of one image of 224 px; rates are of the best round, bytes those of all operands.\n\n%-20s %-22s %9s %9s %7s %8s %8s %7s\n",
			"operation", "shape /stride", "best us", "median us", "spread", "GFLOP/s", "GB/s", "peak")
	}
	name, share := v.Name, "-"
	if v.Part {
		name = "   " + name
	}
	if v.Share > 0 {
		share = fmt.Sprintf("%.1f%%", 100*v.Share)
	}
	_, err := fmt.Fprintf(r.in.Stdout, "%-20s %-22s %9.1f %9.1f %6.1f%% %8.2f %8.2f %7s\n", name, v.Shape, 1e6*v.Best, 1e6*v.Median, 100*v.Spread,
		v.GFLOPS(), v.GBS(), share)
	return err
}

// chart draws the results to the file at path, if there is one.
func (r *benchReport) chart(path string) error {
	if path == "" {
		return nil
	}
	return writeChart(path, r.title, r.results)
}
