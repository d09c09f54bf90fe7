package options

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// countFields counts the exported fields of Options.
func countFields(o *Options) int {
	n := 0
	typ := reflect.TypeOf(*o)
	for i := range typ.NumField() {
		if typ.Field(i).IsExported() {
			n++
		}
	}
	return n
}

// writeFile writes text to a file of that name in a fresh folder and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// loadFlags loads for train with these flags.
func loadFlags(t *testing.T, flags map[string]string) (Options, []Notice) {
	t.Helper()
	o, notices, err := Load(Request{Command: Train, Flags: flags})
	require.NoError(t, err)
	return o, notices
}

// texts returns the notices' texts.
func texts(notices []Notice) []string {
	out := []string{}
	for _, n := range notices {
		out = append(out, n.Text)
	}
	return out
}
