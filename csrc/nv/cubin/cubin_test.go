package cubin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	key   = KeyOf("source", "sm_90")
	entry = Entry{Code: []byte("machine code"), Log: "no warnings"}
)

// counter compiles entry and counts.
type counter int

func (n *counter) compile() (Entry, error) { *n++; return entry, nil }

func pathIn(dir string, k Key) string { return filepath.Join(dir, hex.EncodeToString(k[:])+".cubin") }

func TestCompilesOnce(t *testing.T) {
	c := &Cache{Dir: filepath.Join(t.TempDir(), "new"), Warn: func(text string) { t.Error(text) }}
	var n counter
	for range 3 {
		e, err := c.Get(key, n.compile)
		require.NoError(t, err)
		assert.Equal(t, entry, e)
	}
	assert.EqualValues(t, 1, n)
	_, err := c.Get(KeyOf("source", "sm_80"), n.compile)
	require.NoError(t, err)
	assert.EqualValues(t, 2, n, "another architecture is another entry")
	files, err := os.ReadDir(c.Dir)
	require.NoError(t, err)
	assert.Len(t, files, 2, "nothing else lies there")
}

func TestKeysTellPartsApart(t *testing.T) {
	assert.NotEqual(t, KeyOf("ab", "c"), KeyOf("a", "bc"))
	assert.NotEqual(t, KeyOf("a"), KeyOf("a", ""))
	assert.Equal(t, KeyOf("a", "b"), KeyOf("a", "b"))
}

func TestAFailedCompilationIsNotKept(t *testing.T) {
	c := &Cache{Dir: t.TempDir()}
	boom := errors.New("boom")
	_, err := c.Get(key, func() (Entry, error) { return Entry{}, boom })
	require.ErrorIs(t, err, boom)
	var n counter
	_, err = c.Get(key, n.compile)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n)
}

// TestDamagedEntriesAreMadeAnew cuts an entry at every length, and changes every byte.
func TestDamagedEntriesAreMadeAnew(t *testing.T) {
	whole := encode(key, entry)
	_, err := decode(whole, key)
	require.NoError(t, err)
	for i := range whole {
		_, err := decode(whole[:i], key)
		require.Error(t, err, "cut at %d", i)
		changed := bytes.Clone(whole)
		changed[i] ^= 0x10
		_, err = decode(changed, key)
		require.Error(t, err, "changed at %d", i)
	}
	for name, content := range map[string][]byte{"empty": {}, "torn": whole[:len(whole)/2], "other": encode(KeyOf("other"), entry)} {
		t.Run(name, func(t *testing.T) {
			var told []string
			c := &Cache{Dir: t.TempDir(), Warn: func(text string) { told = append(told, text) }}
			require.NoError(t, os.WriteFile(pathIn(c.Dir, key), content, 0o600))
			var n counter
			for range 2 {
				e, err := c.Get(key, n.compile)
				require.NoError(t, err)
				assert.Equal(t, entry, e)
			}
			assert.EqualValues(t, 1, n, "the new one was kept")
			require.Len(t, told, 1)
			assert.Contains(t, told[0], "is made anew")
			assert.NotContains(t, told[0], "\n")
		})
	}
}

// TestUnusableFolder is said once and stops nothing. A file where the folder should be fails for every user, root too.
func TestUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	var told []string
	c := &Cache{Dir: filepath.Join(file, "cubin"), Warn: func(text string) { told = append(told, text) }}
	var n counter
	for range 3 {
		e, err := c.Get(key, n.compile)
		require.NoError(t, err)
		assert.Equal(t, entry, e)
	}
	assert.EqualValues(t, 3, n)
	require.Len(t, told, 1)
	assert.Contains(t, told[0], "compiled kernels are not kept")
	assert.Contains(t, told[0], EnvDir)
}

func TestNoFolderKeepsNothing(t *testing.T) {
	var c Cache
	var n counter
	for range 2 {
		_, err := c.Get(key, n.compile)
		require.NoError(t, err)
	}
	assert.EqualValues(t, 2, n)
}

func TestDefaultDir(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/somewhere")
	for value, want := range map[string]string{"": "/somewhere/mnv2/cubin", "off": "", "/else": "/else/cubin"} {
		t.Setenv(EnvDir, value)
		dir, err := DefaultDir()
		require.NoError(t, err)
		assert.Equal(t, want, dir)
	}
	t.Setenv(EnvDir, "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	_, err := DefaultDir()
	require.ErrorContains(t, err, EnvDir)
}

// large is an entry that takes many writes.
func large() Entry {
	return Entry{Code: bytes.Repeat([]byte{7}, 3<<20), Log: strings.Repeat("x", 1000)}
}

// childVariable makes this test's process one of two that fill a folder.
const childVariable = "MNV2_TEST_CUBIN_DIR"

// TestTwoProcesses compile the same kernels into one folder at the same time; each gets whole ones.
func TestTwoProcesses(t *testing.T) {
	if dir := os.Getenv(childVariable); dir != "" {
		fill(t, dir)
		return
	}
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 3 {
		args := append(strings.Fields(os.Getenv("MNV2_EXEC")), os.Args[0], "-test.run", "^TestTwoProcesses$") // another architecture's program needs its emulator
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), childVariable+"="+dir)
		all.Go(func() {
			out, err := cmd.CombinedOutput()
			assert.NoError(t, err, "%s", out)
		})
	}
	all.Wait()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, rounds, "no temporary file is left")
}

const rounds = 20

func fill(t *testing.T, dir string) {
	for i := range rounds {
		c := &Cache{Dir: dir, Warn: func(text string) { t.Error(text) }}
		e, err := c.Get(KeyOf(string(rune(i))), func() (Entry, error) { return large(), nil })
		require.NoError(t, err)
		require.Equal(t, sha256.Sum256(large().Code), sha256.Sum256(e.Code))
	}
}

func FuzzDecode(f *testing.F) {
	whole := encode(key, entry)
	f.Add(whole)
	f.Add(whole[:headSize])
	f.Add(encode(key, Entry{}))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decode(b, key)
		if err != nil {
			return
		}
		if !bytes.Equal(encode(key, e), b) { // what is accepted is exactly what was written
			t.Errorf("accepted a file that nobody wrote: %x", b)
		}
	})
}
