package cli

import (
	"fmt"
	"slices"
	"strings"

	"mnv2/configs"
	"mnv2/internal/options"
)

// helpWidth is the width that help is set for.
const helpWidth = 80

// Help returns the help of the whole program.
func (a App) Help() string {
	var b strings.Builder
	b.WriteString("mnv2 trains, validates and runs MobileNetV2 on CPUs, NVIDIA GPUs and Ascend NPUs.\n\n")
	b.WriteString("Usage: mnv2 COMMAND [options]\n\nCommands:\n")
	for _, c := range a.Commands {
		name := strings.Join(append([]string{c.Name}, c.Aliases...), ", ")
		fmt.Fprintf(&b, "  %-18s %s\n", name, c.Summary)
	}
	b.WriteString("\nExamples:\n")
	for _, c := range a.Commands {
		if len(c.Examples) > 0 && c.Acts&options.Runs != 0 {
			fmt.Fprintf(&b, "  %s\n", c.Examples[0])
		}
	}
	b.WriteString("\nOptions of every command, before or behind its name:\n")
	for _, o := range options.Table() {
		if o.Group == options.Global {
			writeOption(&b, o, "")
		}
	}
	b.WriteString("\n" + fill("Recipes for --config: "+strings.Join(configs.Names(), ", ")+".", helpWidth, "  "))
	b.WriteString(fill(exitLine(), helpWidth, "  "))
	b.WriteString("mnv2 COMMAND --help explains a command.\n")
	return b.String()
}

// Help returns the help of a command: its common options, or all of them.
func (c *Command) Help(all bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "mnv2 %s: %s.\n\n", c.Name, c.Summary)
	fmt.Fprintf(&b, "Usage: mnv2 %s [options]%s\n", c.Name, space(c.Args))
	if len(c.Aliases) > 0 {
		fmt.Fprintf(&b, "Also: mnv2 %s\n", strings.Join(c.Aliases, ", mnv2 "))
	}
	for _, line := range c.More {
		b.WriteString(fill(line, helpWidth, ""))
	}
	if len(c.Examples) > 0 {
		b.WriteString("\nExamples:\n")
		for _, e := range c.Examples {
			fmt.Fprintf(&b, "  %s\n", e)
		}
	}
	if all {
		c.writeAll(&b)
		b.WriteString("\n")
	} else {
		left := c.writeCommon(&b)
		fmt.Fprintf(&b, "\nAll options (%d more): mnv2 %s --help all\n", left, c.Name)
	}
	b.WriteString(fill(exitLine(), helpWidth, "  "))
	return b.String()
}

// section is a heading of the short help, which joins groups so that it fits a screen.
type section struct {
	name   string
	groups []options.Group
}

var sections = []section{
	{"Run", []options.Group{options.System, options.Output, options.Global}},
	{"Data", []options.Group{options.Dataset, options.Augmentation}},
	{"Model", []options.Group{options.Model}},
	{"Training", []options.Group{options.Optimizer, options.Scheduler, options.Loss, options.Precision}},
}

// writeCommon writes the options that the short help shows and returns how many it leaves out.
func (c *Command) writeCommon(b *strings.Builder) (left int) {
	b.WriteString("\n")
	for _, s := range sections {
		heading := s.name + ":\n"
		for _, o := range c.options() {
			if !slices.Contains(s.groups, o.Group) || o.Common&c.Acts == 0 {
				continue
			}
			b.WriteString(heading)
			heading = ""
			left--
			writeOption(b, o, "")
		}
	}
	return left + len(c.options())
}

// writeAll writes every option under MindCV's headings.
func (c *Command) writeAll(b *strings.Builder) {
	b.WriteString("\nA truth value alone means True; --NAME False turns it off.\n")
	for _, group := range options.Groups() {
		heading := fmt.Sprintf("\n%s:\n", group)
		for _, o := range c.options() {
			if o.Group == group {
				b.WriteString(heading)
				heading = ""
				writeOption(b, o, c.details(o))
			}
		}
	}
}

// nameWidth is the column of option names and values.
const nameWidth = 27

// writeOption writes one option. Details follow the default.
func writeOption(b *strings.Builder, o *options.Option, details string) {
	name := "--" + o.Name
	if o.Short != "" {
		name = "-" + o.Short + ", " + name
	}
	name += space(placeholder(o))
	text := o.Help + defaultText(o) + details
	indent := strings.Repeat(" ", nameWidth)
	lines := fill(text, helpWidth-nameWidth, "")
	lines = strings.TrimSuffix(strings.ReplaceAll(lines, "\n", "\n"+indent), indent)
	if len(name)+2 >= nameWidth {
		fmt.Fprintf(b, "  %s\n%s%s", name, indent, lines)
		return
	}
	fmt.Fprintf(b, "  %-*s%s", nameWidth-2, name, lines)
}

// placeholder stands for the value; "" for a truth value, which may stand alone.
func placeholder(o *options.Option) string {
	if o.Arg != "" {
		return o.Arg
	}
	return map[options.Kind]string{options.Int: "N", options.Float: "X", options.Number: "X,Y", options.Text: "NAME"}[o.Kind()]
}

// defaultText is the default with its unit in brackets; nothing where the default is nothing.
func defaultText(o *options.Option) string {
	switch {
	case o.Default == "" || o.Default == "None" || strings.HasPrefix(o.Help, o.Default) || (o.Kind() == options.Bool && o.Default == "False"):
		return ""
	case o.Kind() == options.Number:
		return " [" + strings.Trim(o.Default, "[]") + "]"
	case o.Unit != "" && o.Unit != "probability" && o.Default != "0":
		unit := o.Unit
		if o.Default == "1" {
			unit = strings.TrimSuffix(unit, "s")
		}
		return fmt.Sprintf(" [%s %s]", o.Default, unit)
	}
	return " [" + o.Default + "]"
}

// details says what an option takes and what this version does with it.
func (c *Command) details(o *options.Option) string {
	var s string
	if o.Choices != nil && !strings.Contains(o.Help, o.Choices[len(o.Choices)-1]) {
		s += "; one of " + strings.Join(o.Choices, ", ")
	}
	if o.Here != "" {
		s += "; has no effect: " + o.Here
	}
	if built := o.Built(); built != "" {
		s += "; built so far: " + built
	}
	if o.Acts&c.Acts == 0 && o.Here == "" {
		s += "; has no effect on " + c.Name
	}
	return s
}

func space(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// fill breaks text at spaces into lines of at most width columns, later ones behind indent, each ended by a newline.
func fill(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch n := len([]rune(word)); {
		case column == 0:
			b.WriteString(word)
			column = n
		case column+1+n > width:
			b.WriteString("\n" + indent + word)
			column = len(indent) + n
		default:
			b.WriteString(" " + word)
			column += 1 + n
		}
	}
	return b.String() + "\n"
}
