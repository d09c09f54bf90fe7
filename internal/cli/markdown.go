package cli

import (
	"fmt"
	"strings"
)

// Markdown returns docs/cli.md: the commands' help as printed, and the exit codes.
func (a App) Markdown() string {
	var b strings.Builder
	b.WriteString("# Command line\n\nMade from the declarations in cmd/mnv2; do not edit.\n" +
		"Every option of every command is in [options.md](options.md).\n\n")
	fmt.Fprintf(&b, "```\n$ mnv2 --help\n%s```\n", a.Help())
	for i := range a.Commands {
		c := &a.Commands[i]
		fmt.Fprintf(&b, "\n## mnv2 %s\n\n```\n$ mnv2 %s --help\n%s```\n", c.Name, c.Name, c.Help(false))
	}
	b.WriteString("\n## Spelling\n\n" +
		"- Names may be shortened while they stay unique, and written with dashes: `--batch-size`, `--batch`.\n" +
		"- `--name value` and `--name=value` are the same. A value that begins with a dash needs the latter.\n" +
		"- Options and arguments may be mixed; behind `--` everything is an argument.\n" +
		"- `--device`, `--format`, `--quiet` and `--verbose` may also stand before the command.\n" +
		"\n## Output\n\n" +
		"Results go to standard output, everything else to standard error. With `--format json` both are one JSON object a line;\n" +
		"an error is `{\"error\":\"...\",\"hint\":\"...\",\"exit\":2}`.\n" +
		"\n## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", e.Code, e.Meaning)
	}
	return b.String()
}
