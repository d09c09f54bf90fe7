//go:build unix

package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The entry point of the Ascend image sources the toolkit's script, adds the driver's folders, and hands the arguments on.
func TestAscendEntrypoint(t *testing.T) {
	home, bin := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, "set_env.sh"), []byte("export ASCEND_OPP_PATH=set LD_LIBRARY_PATH=/toolkit\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "mnv2"), []byte("#!/bin/sh\necho \"$ASCEND_OPP_PATH|$LD_LIBRARY_PATH|$#|$2\"\n"), 0o755))
	cmd := exec.Command("/bin/sh", "containers/ascend-entrypoint.sh", "predict", "two words.jpg")
	cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "ASCEND_HOME_PATH=" + home}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	const driver = "/usr/local/Ascend/driver/lib64"
	assert.Equal(t, "set|"+driver+"/common:"+driver+"/driver:"+driver+":/toolkit|2|two words.jpg", strings.TrimSpace(string(out)))
}
