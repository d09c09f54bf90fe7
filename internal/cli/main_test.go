package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/internal/options"
)

func TestCommandGetsItsInvocation(t *testing.T) {
	var seen Invocation
	_, errs, code := runMain(t, declared(&seen), "--format", "json", "predict", "a.jpg", "--ckpt-path", "w.pth", "--topk", "3", "-b.jpg")
	assert.Equal(t, Usage, code, errs)
	_, errs, code = runMain(t, declared(&seen), "--format", "json", "predict", "a.jpg", "--ckpt-path", "w.pth", "--topk", "3", "--", "-b.jpg")
	require.Equal(t, Done, code, errs)
	assert.Equal(t, "predict", seen.Command)
	assert.Equal(t, []string{"a.jpg", "-b.jpg"}, seen.Args)
	assert.Equal(t, map[string]string{"format": "json", "ckpt_path": "w.pth", "topk": "3"}, seen.Flags)
	assert.Equal(t, "w.pth", seen.Options.CkptPath)
	assert.Equal(t, 3, seen.Options.TopK)
	assert.True(t, seen.JSON)
	assert.Equal(t, 1, seen.Ranks)
	assert.Empty(t, seen.Base)
}

func TestShapesStandsInWhenNothingIsNamed(t *testing.T) {
	for _, c := range []struct{ line, base string }{
		{"train", "shapes"}, {"validate", "shapes"}, {"predict a.jpg", "shapes"}, {"train --dataset shapes", "shapes"}, {"train --lr 0.1", "shapes"},
		{"train --data_dir d --opt sgd", ""}, {"train --dataset cifar10 --opt sgd", ""}, {"train --config mobilenet_v2_1.0_ascend", ""},
		{"predict a.jpg --ckpt_path w", ""}, {"predict a.jpg --model mobilenet_v2_100", ""}, {"version", ""},
	} {
		t.Run(c.line, func(t *testing.T) {
			var seen Invocation
			_, errs, code := runMain(t, declared(&seen), strings.Fields(c.line)...)
			require.Equal(t, Done, code, errs)
			assert.Equal(t, c.base, seen.Base)
			if c.base != "" {
				assert.Equal(t, "shapes", seen.Options.Dataset)
			}
		})
	}
}

func TestRefusedValuesNeverReachTheCommand(t *testing.T) {
	var seen Invocation
	_, errs, code := runMain(t, declared(&seen), "train", "--opt", "adan", "--lr", "0.1")
	assert.Equal(t, Usage, code)
	assert.Equal(t, "mnv2: --opt adan: MindCV's Adan is not built yet; adamw comes nearest; sgd, momentum, adam, lion, rmsprop, adagrad, lamb and nadam are there, too\n  mnv2 train --help lists the options\n", errs)
	assert.Empty(t, seen.Command)
}

func TestYAMLProblemsArePrintedEach(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.yaml")
	require.NoError(t, os.WriteFile(path, []byte("batch_sizes: 7\nlr: x\n"), 0o600))
	var seen Invocation
	_, errs, code := runMain(t, declared(&seen), "train", "-c", path)
	assert.Equal(t, Usage, code)
	assert.Equal(t, fmt.Sprintf("mnv2: %s:1:14: unknown key batch_sizes; did you mean batch_size?\n"+
		"mnv2: %s:2:5: lr: must be a finite number, not \"x\"\n"+
		"  every option is listed in docs/options.md and by mnv2 train --help all\n", path, path), errs)
}

func TestErrorsAsJSON(t *testing.T) {
	var seen Invocation
	for _, args := range [][]string{{"train", "--format", "json", "--nosuch"}, {"--format=json", "trian"}, {"train", "--opt", "adan", "--form", "JSON"}} {
		out, errs, code := runMain(t, declared(&seen), args...)
		assert.Empty(t, out)
		assert.Equal(t, Usage, code)
		var line struct {
			Error, Hint string
			Exit        int
		}
		require.NoError(t, json.Unmarshal([]byte(errs), &line), errs)
		assert.NotEmpty(t, line.Error)
		assert.Equal(t, Usage, line.Exit)
		assert.Equal(t, 1, strings.Count(errs, "\n"))
	}
}

func TestNoticesAreAllOnStderr(t *testing.T) {
	var seen Invocation
	args := []string{"train", "--mode", "1", "--model", "mobilenet_v2_100_192"}
	out, errs, _ := runMain(t, declared(&seen), args...)
	assert.Empty(t, out)
	assert.Regexp(t, `(?m)^mnv2: note: mode has no effect: .*\nmnv2: warning: model mobilenet_v2_100_192 .*$`, errs)
	assert.Len(t, seen.Notices, 2)
	_, errs, _ = runMain(t, declared(&seen), append(args, "-q")...)
	assert.NotContains(t, errs, "note:")
	assert.Contains(t, errs, "warning:")
	_, errs, _ = runMain(t, declared(&seen), append(args, "--format", "json")...)
	assert.Contains(t, errs, `{"level":"note","message":"mode has no effect`)
}

var errSpecial = errors.New("special")

type codedError struct{ error }

func (codedError) ExitCode() int { return NoDevice }

func TestExitCodes(t *testing.T) {
	sentinels := []Sentinel{{errSpecial, BadData}}
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nil", nil, Done}, {"plain", errors.New("x"), Failed}, {"usage", usage("x"), Usage}, {"sentinel", fmt.Errorf("a: %w", errSpecial), BadData},
		{"coded", fmt.Errorf("a: %w", codedError{errors.New("x")}), NoDevice}, {"cancelled", fmt.Errorf("a: %w", context.Canceled), Interrupted},
		{"exit error", &ExitError{Code: BadData, Err: context.Canceled}, BadData}, {"status", Status(BadData), BadData},
		{"coded wins", fmt.Errorf("%w: %w", errSpecial, codedError{errSpecial}), NoDevice},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, Exit(c.err, sentinels...)) })
	}
	assert.Equal(t, "Exit codes: 0 done, 1 failed, 2 usage, 3 device unavailable, 4 bad data or checkpoint, 130 interrupted.", exitLine())
}

func TestErrorsOfCommands(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		code int
		want string
	}{
		{"plain", errors.New("disk: full"), Failed, "mnv2: disk: full\n"},
		{"hint", &ExitError{Code: NoDevice, Err: errors.New("--device \"cuda:1\": no such device"), Hint: "found: cuda:0, cpu"}, NoDevice,
			"mnv2: --device \"cuda:1\": no such device\n  found: cuda:0, cpu\n"},
		{"two lines", errors.Join(errors.New("a"), errors.New("b")), Failed, "mnv2: a\n  b\n"},
		{"silent", Status(BadData), BadData, ""},
		{"interrupted", context.Canceled, Interrupted, "mnv2: interrupted\n"},
		{"wrapped usage", fmt.Errorf("outer: %w", usage("inner")), Usage, "mnv2: outer: inner\n  mnv2 version --help lists the options\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := App{Commands: []Command{{Name: "version", Acts: options.Version,
				Run: func(context.Context, Invocation) error { return c.err }}}}
			_, errs, code := runMain(t, app, "version")
			assert.Equal(t, c.code, code)
			assert.Equal(t, c.want, errs)
		})
	}
}

func TestContextReachesTheCommand(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	app := App{Commands: []Command{{Name: "version", Acts: options.Version,
		Run: func(ctx context.Context, _ Invocation) error { return ctx.Err() }}}}
	assert.Equal(t, Interrupted, Main(ctx, []string{"version"}, &strings.Builder{}, &strings.Builder{}, app))
}

func TestLauncherIsNoticed(t *testing.T) {
	var seen Invocation
	app := declared(&seen)
	app.Getenv = func(k string) string { return map[string]string{"WORLD_SIZE": "4", "RANK": "2"}[k] }
	_, errs, code := runMain(t, app, "train")
	assert.Equal(t, Usage, code)
	assert.Contains(t, errs, "--distribute, 4 processes: training on more than one device is not built yet")
	_, errs, code = runMain(t, app, "train", "--distribute", "False")
	assert.Equal(t, Done, code, errs)
	assert.Equal(t, 4, seen.Ranks)
}

func TestCommandWithoutRun(t *testing.T) {
	_, errs, code := runMain(t, App{Commands: declarations()}, "version")
	assert.Equal(t, Failed, code)
	assert.Equal(t, "mnv2: version: not part of this build\n", errs)
}

// Texts that urfave or a template could take for something else must arrive as they are.
func TestOddTextsArrive(t *testing.T) {
	for _, text := range []string{"help", "h", "-h", "--help", "--lr=1", "-", "--", "", " ", "a,b", "{{.}}", "train", "completion", "--generate-bash-completion", "\xff"} {
		t.Run(text, func(t *testing.T) {
			var seen Invocation
			_, errs, code := runMain(t, declared(&seen), "predict", "--ckpt_path="+text, "--", text, "x", text)
			require.Equal(t, Done, code, errs)
			assert.Equal(t, []string{text, "x", text}, seen.Args)
			assert.Equal(t, text, seen.Flags["ckpt_path"])
		})
	}
}
