package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	urfave "github.com/urfave/cli/v2"

	"mnv2/internal/options"
)

// Main runs the command that args (without the program's name) ask for and returns the exit code. Results go to
// stdout, everything else to stderr. A context that is cancelled means that the user interrupted the program.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer, app App) int {
	if app.Getenv == nil {
		app.Getenv = func(string) string { return "" }
	}
	asJSON := wantsJSON(args)
	line, err := Normalise(app, args)
	if err == nil {
		err = app.dispatch(ctx, line, stdout, stderr)
	}
	code := Exit(err, app.Sentinels...)
	if err != nil {
		report(stderr, err, code, asJSON, helpFor(app, args, code))
	}
	return code
}

// wantsJSON looks for --format json before anything else is understood, so that errors about the rest keep to it.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") || name == "" || !strings.HasPrefix("format", name) || len(name) < 2 {
			continue
		}
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if strings.EqualFold(value, "json") {
			return true
		}
	}
	return false
}

// helpFor points to the help that fits, for usage errors.
func helpFor(app App, args []string, code int) string {
	if code != Usage {
		return ""
	}
	for _, arg := range args {
		if c, ok := app.command(arg); ok {
			return "mnv2 " + c.Name + " --help lists the options"
		}
	}
	return "mnv2 --help lists the commands"
}

// dispatch hands a normalised line to urfave/cli, which parses the flags and calls the command.
func (a App) dispatch(ctx context.Context, line []string, stdout, stderr io.Writer) error {
	if line[0] == "help" {
		return a.printHelp(line[1:], stdout)
	}
	app := &urfave.App{
		Name: "mnv2", Writer: stdout, ErrWriter: stderr, HideHelp: true, HideHelpCommand: true, HideVersion: true,
		ExitErrHandler: func(*urfave.Context, error) {}, // Main maps errors to exit codes
	}
	for i := range a.Commands {
		app.Commands = append(app.Commands, a.bind(&a.Commands[i], stdout, stderr))
	}
	return app.RunContext(ctx, append([]string{"mnv2"}, line...))
}

func (a App) printHelp(words []string, w io.Writer) error {
	text := a.Help()
	if a.Version != "" {
		text += "This is version " + a.Version + ".\n"
	}
	if len(words) > 0 {
		c, ok := a.command(words[0])
		if !ok {
			return usage("unknown command %q", words[0])
		}
		text = c.Help(len(words) > 1)
	}
	_, err := io.WriteString(w, text)
	return err
}

// bind makes the urfave command: a flag for each option, and an action that runs ours.
func (a App) bind(c *Command, stdout, stderr io.Writer) *urfave.Command {
	cmd := &urfave.Command{Name: c.Name, HideHelp: true,
		OnUsageError: func(_ *urfave.Context, err error, _ bool) error { return usage("%s: %v", c.Name, err) }}
	var names []string
	for _, o := range c.options() {
		cmd.Flags = append(cmd.Flags, &urfave.StringFlag{Name: o.Name})
		names = append(names, o.Name)
	}
	for old := range options.RenamedNames() {
		cmd.Flags = append(cmd.Flags, &urfave.StringFlag{Name: old})
		names = append(names, old)
	}
	cmd.Action = func(u *urfave.Context) error {
		flags := make(map[string]string)
		for _, name := range names {
			if u.IsSet(name) {
				flags[name] = u.String(name)
			}
		}
		in := Invocation{Command: c.Name, Flags: flags, Args: u.Args().Slice(), Stdout: stdout, Stderr: stderr}
		return a.run(u.Context, c, in)
	}
	return cmd
}

// run merges the options, refuses what is not built, and calls the command.
func (a App) run(ctx context.Context, c *Command, in Invocation) error {
	in.Ranks, _ = options.Launcher(a.Getenv)
	request := options.Request{Command: c.Acts, Config: in.Flags["config"], Flags: in.Flags, Ranks: in.Ranks}
	if c.Base != nil && request.Config == "" {
		in.Base = c.Base(in.Flags)
		request.Base = in.Base
	}
	var err error
	if in.Options, in.Notices, err = options.Load(request); err != nil {
		return err
	}
	in.JSON = in.Options.Format == "json"
	if err := options.Refuse(&in.Options, options.Situation{Command: c.Acts, Ranks: in.Ranks}); err != nil {
		return err
	}
	notices(in.Stderr, in.Notices, in.JSON, in.Options.Quiet)
	if c.Run == nil {
		return fmt.Errorf("%s: not part of this build", c.Name)
	}
	return c.Run(ctx, in)
}
