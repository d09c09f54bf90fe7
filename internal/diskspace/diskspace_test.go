package diskspace

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFree(t *testing.T) {
	free, known := Free(t.TempDir())
	assert.Equal(t, runtime.GOOS == "linux" || runtime.GOOS == "darwin" || runtime.GOOS == "windows", known)
	if known {
		assert.Positive(t, free)
	}
	_, known = Free(filepath.Join(t.TempDir(), "absent"))
	assert.False(t, known)
}
