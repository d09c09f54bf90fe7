package cli

import (
	"fmt"
	"slices"
	"strings"

	"mnv2/internal/options"
)

// Normalise brings a command line (without the program's name) into the one form
//
//	COMMAND --option=value ... [-- ARGUMENT ...]
//
// or "help [COMMAND [all]]". Options may stand before the command if they are global, and anywhere after it. Their
// names may be shortened as long as they stay unique, and written with dashes. A truth value may stand alone or be
// followed by true, false, yes, no, 1 or 0; a list may be split by the shell at its spaces. Normalising twice changes nothing.
// The error is an *options.UsageError.
func Normalise(a App, args []string) ([]string, error) {
	p := &parser{app: a, rest: args}
	if err := p.global(); err != nil || p.help {
		return p.helpLine(), err
	}
	if err := p.name(); err != nil {
		return nil, err
	}
	if p.command == nil {
		return p.wordsOfHelp()
	}
	if err := p.options(); err != nil || p.help {
		return p.helpLine(), err
	}
	out := append([]string{p.command.Name}, p.out...)
	if len(p.args) > 0 {
		out = append(append(out, "--"), p.args...)
	}
	return out, nil
}

// parser walks through the arguments once.
type parser struct {
	app     App
	command *Command // nil until its name was met
	rest    []string // arguments not looked at yet
	out     []string // --name=value
	args    []string // positional
	help    bool     // help was asked for
	all     bool     // all of it
}

func usage(format string, args ...any) error {
	return &options.UsageError{Problems: []string{fmt.Sprintf(format, args...)}}
}

func (p *parser) next() string {
	arg := p.rest[0]
	p.rest = p.rest[1:]
	return arg
}

// isOption is true for -x and --x, false for a lone dash and for negative numbers.
func isOption(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && !strings.Contains(".0123456789", arg[1:2])
}

// global reads the options before the command.
func (p *parser) global() error {
	for len(p.rest) > 0 && isOption(p.rest[0]) && p.rest[0] != "--" && !p.help {
		if err := p.option(); err != nil {
			return err
		}
	}
	return nil
}

// name reads the command's name. No argument at all, and the word help, leave command nil.
func (p *parser) name() error {
	if len(p.rest) == 0 {
		if len(p.out) > 0 {
			return usage("no command given; %s", p.commandList())
		}
		return nil
	}
	name := p.rest[0]
	if name == "help" {
		return nil
	}
	c, err := p.find(name)
	if err == nil {
		p.command, p.rest = c, p.rest[1:]
	}
	return err
}

func (p *parser) find(name string) (*Command, error) {
	if c, ok := p.app.command(name); ok {
		return c, nil
	}
	names := p.app.names()
	if near := options.Nearest(name, names); near != "" {
		return nil, usage("unknown command %q; did you mean %s?", name, near)
	}
	return nil, usage("unknown command %q; %s", name, p.commandList())
}

// names lists commands, aliases and help.
func (a App) names() []string {
	names := []string{"help"}
	for _, c := range a.Commands {
		names = append(append(names, c.Name), c.Aliases...)
	}
	return names
}

func (p *parser) commandList() string {
	var names []string
	for _, c := range p.app.Commands {
		names = append(names, c.Name)
	}
	return "the commands are " + strings.Join(names, ", ")
}

// wordsOfHelp reads "help", "help COMMAND" and "help COMMAND all".
func (p *parser) wordsOfHelp() ([]string, error) {
	p.help = true
	for _, word := range p.rest[min(1, len(p.rest)):] {
		switch {
		case p.command != nil && word == "all" && !p.all:
			p.all = true
		case p.command != nil:
			return nil, usage("help: unexpected argument %q", word)
		default:
			c, err := p.find(word)
			if err != nil {
				return nil, err
			}
			p.command = c
		}
	}
	return p.helpLine(), nil
}

// helpLine is the normal form of a request for help, nil if there was none.
func (p *parser) helpLine() []string {
	switch {
	case !p.help:
		return nil
	case p.command == nil:
		return []string{"help"}
	case p.all:
		return []string{"help", p.command.Name, "all"}
	}
	return []string{"help", p.command.Name}
}

// options reads options and positional arguments behind the command's name.
func (p *parser) options() error {
	for len(p.rest) > 0 && !p.help {
		switch arg := p.rest[0]; {
		case arg == "--":
			p.args = append(p.args, p.rest[1:]...)
			p.rest = nil
		case isOption(arg):
			if err := p.option(); err != nil {
				return err
			}
		default:
			p.args = append(p.args, p.next())
		}
	}
	return p.count()
}

// count checks the number of positional arguments.
func (p *parser) count() error {
	c, n := p.command, len(p.args)
	switch {
	case p.help:
	case n < c.MinArgs:
		return usage("%s: needs %s", c.Name, c.Args)
	case c.MaxArgs >= 0 && n > c.MaxArgs:
		return usage("%s: unexpected argument %q", c.Name, p.args[c.MaxArgs])
	}
	return nil
}

// table returns the options that may stand here.
func (p *parser) table() []*options.Option {
	if p.command != nil {
		return p.command.options()
	}
	return slices.DeleteFunc(slices.Clone(options.Table()), func(o *options.Option) bool { return o.Group != options.Global })
}
