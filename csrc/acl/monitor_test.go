//go:build cgo && linux

package acl

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVisibleDevicesAreCountedAsTheDriverDoes(t *testing.T) {
	for _, c := range []struct {
		visible string
		index   int
		want    int
		ok      bool
	}{{"", 3, 3, true}, {"1,3", 0, 1, true}, {"1, 3", 1, 3, true}, {"1,3", 2, 0, false}, {"2,x,4", 0, 2, true}, {"2,x,4", 2, 0, false}, {"-1", 0, 0, false}} {
		got, ok := physical(c.visible, c.index)
		assert.Equal(t, c.ok, ok, "%q %d", c.visible, c.index)
		assert.Equal(t, c.want, got, "%q %d", c.visible, c.index)
	}
	assert.Equal(t, "major alarm", healthName(2))
	assert.Equal(t, "9", healthName(9))
}
