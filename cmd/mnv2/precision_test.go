package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/internal/cli"
	"mnv2/internal/options"
)

func TestPrecisionLevels(t *testing.T) {
	all, old, cpu := []backend.DType{backend.F32, backend.F16, backend.BF16}, []backend.DType{backend.F16, backend.F32}, []backend.DType{backend.F32}
	for _, c := range []struct {
		level, half string
		has         []backend.DType
		want        backend.DType
		down        bool
	}{
		{"O0", "f16", all, backend.F32, false},
		{"O0", "f16", old, backend.F32, false},
		{"O1", "f16", all, backend.F32, true},
		{"O2", "f16", all, backend.F16, false},
		{"O3", "bf16", all, backend.BF16, false},
		{"auto", "f16", old, backend.F16, false},
		{"O3", "f16", cpu, backend.F32, false},
		{"O3", "bf16", cpu, backend.F32, false},
	} {
		for command, o := range map[string]options.Options{
			"train": {AmpLevel: c.level, ValAmpLevel: "O0", AmpDType: c.half}, "validate": {AmpLevel: "O0", ValAmpLevel: c.level, AmpDType: c.half}} {
			in := cli.Invocation{Command: command, Options: o}
			got, err := activationType(in, backend.Info{DTypes: c.has})
			require.NoError(t, err, "%+v", c)
			assert.Equal(t, c.want, got, "%+v", c)
			assert.Equal(t, c.down, deviceOptions(in).Down, "%+v", c)
		}
	}
	in := cli.Invocation{Command: "train", Options: options.Options{AmpLevel: "O3", AmpDType: "bf16"}}
	_, err := activationType(in, backend.Info{Model: "Ascend910A", DTypes: old})
	assert.EqualError(t, err, "--amp_dtype bf16: Ascend910A has none")
	assert.Equal(t, cli.Usage, cli.Exit(err))
}
