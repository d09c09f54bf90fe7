package devices

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"mnv2/backend"
)

func TestDeviceVariableChoosesTheNPU(t *testing.T) {
	var opened []int
	d := backend.Driver{Name: "ascend", Open: func(index int) (backend.Backend, error) { opened = append(opened, index); return nil, nil }}
	for _, c := range []struct {
		variable string
		index    int
	}{{"", unnumbered}, {"3", unnumbered}, {"3", 1}} {
		t.Setenv(deviceVariable, c.variable)
		_, err := openNumber(d, c.index)
		assert.NoError(t, err)
	}
	assert.Equal(t, []int{0, 3, 1}, opened, "--device ascend:1 goes before the variable")
	t.Setenv(deviceVariable, "two")
	_, err := openNumber(d, unnumbered)
	assert.ErrorIs(t, err, backend.ErrUnavailable)
	assert.ErrorContains(t, err, `DEVICE_ID="two": want the number of an NPU`)
	d.Name = "cuda"
	_, err = openNumber(d, unnumbered)
	assert.NoError(t, err)
	assert.Equal(t, 0, opened[len(opened)-1], "it is Ascend's alone")
}
