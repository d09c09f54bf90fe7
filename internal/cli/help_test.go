package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/options"
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
	texts := map[string]string{"mnv2": App{Commands: declarations()}.Help()}
	for _, c := range declarations() {
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

func TestHelpNamesTheVersion(t *testing.T) {
	out, _, _ := runMain(t, App{Commands: declarations(), Version: "1.2.3"}, "--help")
	assert.Contains(t, out, "This is version 1.2.3.\n")
}

func TestCheckExamples(t *testing.T) {
	require.NoError(t, App{Commands: declarations()}.CheckExamples())
	app := App{Commands: []Command{{Name: "train", Acts: options.Train, Examples: []string{
		"mnv2 train --opt adan", "mnv2 train --nosuch", "mnv", "mnv2 train --config shapes"}}}}
	assert.EqualError(t, app.CheckExamples(),
		"example \"mnv2 train --opt adan\": --opt adan: MindCV's Adan is not built yet; adamw comes nearest; sgd, momentum, adam, lion, rmsprop, adagrad, lamb and nadam are there, too\n"+
			"example \"mnv2 train --nosuch\": --nosuch: no such option of train\n"+
			"example \"mnv\": is not a call of mnv2")
}
