package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/bench"
	"mnv2/internal/cli"
)

func TestBenchReportAsText(t *testing.T) {
	var out bytes.Buffer
	r := benchReport{in: cli.Invocation{Stdout: &out}}
	require.NoError(t, r.conditions(conditions{Version: "v1", Model: "abacus", Kernels: "beads", Threads: 2, PeakGFLOPS: 1.5}))
	stats := bench.Stats{Best: 0.001, P25: 0.002, Median: 0.004, Spread: 0.5, Rounds: 3}
	require.NoError(t, r.result(bench.Result{Case: bench.Cases()[0], Stats: stats, ImagesPerSec: 250, PeakBytes: 3 << 20, ResidentBytes: 7 << 18}))
	require.NoError(t, r.op(bench.OpResult{Name: "dense", Part: true, Shape: "1x1", FLOPs: 1e6, Bytes: 1e6, Share: 0.25, Stats: stats}))
	for _, want := range []string{"abacus", "beads", "1.5 GFLOP/s", "250.0", "3.0", "1.8", "50.0%", "   dense", "25.0%", "1.00"} {
		assert.Contains(t, out.String(), want)
	}
}

func TestBenchReportAsJSON(t *testing.T) {
	var out bytes.Buffer
	r := benchReport{in: cli.Invocation{Stdout: &out, JSON: true}}
	require.NoError(t, r.result(bench.Result{Case: bench.Cases()[1], Stats: bench.Stats{Best: 0.5, Rounds: 3}, ImagesPerSec: 64}))
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	assert.Equal(t, "throughput", line["case"])
	assert.Equal(t, 0.5, line["best"])
	assert.Equal(t, 64.0, line["images_per_sec"])
}
