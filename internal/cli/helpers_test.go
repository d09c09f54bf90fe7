package cli

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./internal/cli -update writes it")
	wants, gots := strings.Split(strings.ReplaceAll(string(want), "\r\n", "\n"), "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) { // a line tells more than two pages
		require.Equal(t, wants[i], gots[i], "%s, line %d; go test ./internal/cli -update writes it anew", path, i+1)
	}
	require.Len(t, gots, len(wants), path)
}

// declared is the program with commands that do nothing but keep their invocation.
func declared(seen *Invocation) App {
	app := App{Commands: declarations()}
	for i := range app.Commands {
		app.Commands[i].Run = func(_ context.Context, in Invocation) error {
			*seen = in
			return nil
		}
	}
	return app
}

// runMain runs the program and returns what it printed and its exit code.
func runMain(t *testing.T, app App, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(context.Background(), args, &out, &errs, app)
	return out.String(), errs.String(), code
}
