package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInside holds the arithmetic to a search, for every small filter.
func TestInside(t *testing.T) {
	for stride := 1; stride <= 3; stride++ {
		for pad := range 4 {
			for in := 1; in <= 6; in++ {
				for out := range 7 {
					for tap := range 6 {
						from, to := inside(tap, pad, stride, in, out)
						for p := range out {
							x := p*stride + tap - pad
							require.Equal(t, x >= 0 && x < in, p >= from && p < to, "stride %d pad %d in %d out %d tap %d p %d",
								stride, pad, in, out, tap, p)
						}
					}
				}
			}
		}
	}
}
