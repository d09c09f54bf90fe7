package cpu

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"mnv2/cpu/internal/kernels"
)

func TestPeakIsMeasuredWhereThereIsAProbe(t *testing.T) {
	peak := openDevice(t, Options{Threads: 1}).PeakFLOPS()
	assert.Equal(t, kernels.Peak(1), peak > 0)
}
