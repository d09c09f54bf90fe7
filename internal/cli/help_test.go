package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHelpIsGolden(t *testing.T) {
	var seen Invocation
	app := declared(&seen)
	lines := map[string][]string{"help.txt": {"help"}, "help_train_all.txt": {"train", "--help", "all"}}
	for _, c := range app.Commands {
		lines["help_"+c.Name+".txt"] = []string{c.Name, "--help"}
	}
	for name, args := range lines {
		t.Run(name, func(t *testing.T) {
			out, errs, code := runMain(t, app, args...)
			require.Equal(t, Done, code)
			require.Empty(t, errs)
			golden(t, name, out)
		})
	}
}

func TestHelpFitsAScreen(t *testing.T) {
	texts := map[string]string{"mnv2": App{Commands: Declarations()}.Help()}
	for _, c := range Declarations() {
		texts[c.Name] = c.Help(false)
	}
	for name, text := range texts {
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		assert.LessOrEqual(t, len(lines), 43, "%s: lines", name)
		for _, line := range lines {
			assert.LessOrEqual(t, len(line), 82, "%s: %q", name, line)
		}
	}
}

func TestEveryFormOfHelp(t *testing.T) {
	var seen Invocation
	app := declared(&seen)
	all, _, _ := runMain(t, app)
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}, {"-help"}, {"--format", "json", "--help"}} {
		out, _, code := runMain(t, app, args...)
		assert.Equal(t, Done, code, args)
		assert.Equal(t, all, out, args)
	}
	train := app.Commands[0].Help(false)
	for _, args := range [][]string{{"help", "train"}, {"train", "-h"}, {"train", "--hel"}, {"--device", "cpu", "train", "--lr", "1", "--help"}} {
		out, _, _ := runMain(t, app, args...)
		assert.Equal(t, train, out, args)
	}
	long := app.Commands[0].Help(true)
	for _, args := range [][]string{{"help", "train", "all"}, {"train", "--help-all"}, {"train", "--help=all"}, {"train", "-h", "all"}} {
		out, _, _ := runMain(t, app, args...)
		assert.Equal(t, long, out, args)
	}
	infer, _, _ := runMain(t, app, "infer", "--help")
	assert.Contains(t, infer, "mnv2 predict: classify images")
}

// Examples in help must be accepted by the program as they stand.
func TestExamplesAreUnderstood(t *testing.T) {
	for _, c := range Declarations() {
		for _, e := range c.Examples {
			var seen Invocation
			words := strings.Fields(e)
			require.Equal(t, "mnv2", words[0])
			_, errs, code := runMain(t, declared(&seen), words[1:]...)
			assert.Equal(t, Done, code, "%s: %s", e, errs)
			assert.Equal(t, c.Name, seen.Command)
		}
	}
}
