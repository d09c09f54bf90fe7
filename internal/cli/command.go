package cli

import (
	"context"
	"io"

	"mnv2/internal/options"
)

// App is the whole program.
type App struct {
	Commands  []Command
	Sentinels []Sentinel          // errors of other packages and the exit codes they mean
	Getenv    func(string) string // os.Getenv; nil for an empty environment
	Version   string              // last line of the program's help; "" for none
}

// Command is one command of the program.
type Command struct {
	Name     string
	Aliases  []string
	Summary  string   // what it does, one sentence without a full stop
	Args     string   // positional arguments in usage, such as "IMAGE..."; "" for none
	MinArgs  int      // fewest positional arguments
	MaxArgs  int      // most; -1 for any number
	Examples []string // command lines that run
	More     []string // further lines of help
	Acts     options.Command

	// Base names the built-in recipe that stands in for the defaults, given the flags as typed; "" for none.
	// It is asked only if --config is not given. A nil Base is none.
	Base func(flags map[string]string) string

	Run func(ctx context.Context, in Invocation) error
}

// Invocation is what a command is called with.
type Invocation struct {
	Command string            // its name
	Options options.Options   // effective values; nothing in them is refused
	Flags   map[string]string // what the command line gave, as typed, by option name
	Base    string            // built-in recipe that stood in for the defaults, or ""
	Notices []options.Notice  // already printed; here for a log file
	Args    []string          // positional arguments
	Ranks   int               // processes that a launcher started together; 1 when alone
	Stdout  io.Writer         // results
	Stderr  io.Writer         // everything else
	JSON    bool              // --format json
}

// command returns the command of that name or alias.
func (a App) command(name string) (*Command, bool) {
	for i := range a.Commands {
		c := &a.Commands[i]
		if c.Name == name {
			return c, true
		}
		for _, alias := range c.Aliases {
			if alias == name {
				return c, true
			}
		}
	}
	return nil, false
}

// options returns the rows that the command's line may hold.
func (c *Command) options() []*options.Option { return options.For(c.Acts) }
