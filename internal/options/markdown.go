package options

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Markdown returns docs/options.md: every option with its default, what it takes, and what this version does with it.
func Markdown() string {
	var b strings.Builder
	b.WriteString(markdownHead)
	for _, group := range Groups() {
		fmt.Fprintf(&b, "\n## %s\n\n| option | type | default | takes | meaning |\n|---|---|---|---|---|\n", group)
		for _, o := range table {
			if o.Group == group {
				fmt.Fprintf(&b, "| `%s`%s | %s | %s | %s | %s |\n", o.Name, pick(o.Ours, " ◦", ""), o.Kind(), code(o.Default), o.takes(), o.meaning())
			}
		}
	}
	b.WriteString("\n## Old names\n\nOptions of MindCV 0.1 and 0.2 that are understood, with a note:\n\n| option | today |\n|---|---|\n")
	for _, old := range slices.Sorted(maps.Keys(renamed)) {
		r := renamed[old]
		fmt.Fprintf(&b, "| `%s` | True is `%s: %s`", old, r.now, r.value(true))
		if off := r.value(false); off != "" {
			fmt.Fprintf(&b, ", False is `%s: %s`", r.now, off)
		}
		fmt.Fprintf(&b, "; %s |\n", r.reason)
	}
	return b.String()
}

const markdownHead = `# Options

Made from the table in internal/options by ` + "`go test ./internal/options -update`" + `; do not edit.

Every option can stand on the command line (` + "`--batch_size 64`" + `, ` + "`--batch-size=64`" + `, ` + "`--batch 64`" + `) and, unless it says
otherwise, in a YAML file given with ` + "`--config`" + ` (` + "`batch_size: 64`" + `). The command line wins over the file, the file over the
default. Names, defaults and meanings are those of MindCV 0.5; ours are marked ◦.

- A truth value is true, false, yes, no, 1 or 0 in any case; alone on the command line it means true.
- A list is ` + "`0.08,1.0`" + ` or ` + "`[0.08, 1.0]`" + `.
- None is ` + "`None`" + ` on the command line and ` + "`null`" + ` in YAML.
- A file that is saved with a run, ` + "`CKPT_SAVE_DIR/MODEL.yaml`" + `, holds every value and can be given back with ` + "`--config`" + `.
- A value that this version understands but cannot do yet ends the program with exit status 2 and says so.
  "Built" below names the values that work.
`

// takes lists choices, or the range and unit.
func (o *Option) takes() string {
	var parts []string
	if o.Choices != nil {
		words := make([]string, 0, len(o.Choices)+1)
		for _, c := range o.Choices {
			words = append(words, "`"+pick(c == "", `""`, c)+"`")
		}
		if o.None {
			words = append(words, "`None`")
		}
		parts = append(parts, strings.Join(words, " "))
	}
	if o.Lens != nil {
		parts = append(parts, lengths(o.Lens))
	}
	if s := o.Bounds.String(); s != "" && o.Choices == nil {
		parts = append(parts, s)
	}
	if o.Unit != "" {
		parts = append(parts, o.Unit)
	}
	if o.Flag {
		parts = append(parts, "command line only")
	}
	return strings.Join(parts, "; ")
}

// meaning is help, difference from MindCV, and what is built, as sentences.
func (o *Option) meaning() string {
	parts := []string{o.sentence()}
	if o.Note != "" {
		parts = append(parts, o.Note)
	}
	if o.Here != "" {
		parts = append(parts, "Accepted without effect: "+o.Here+".")
	}
	if built := o.Built(); built != "" {
		parts = append(parts, "**Built: "+built+".**")
	}
	if o.Hidden != nil {
		parts = append(parts, "Also understood: "+strings.Join(o.Hidden, ", ")+".")
	}
	return strings.ReplaceAll(strings.Join(parts, " "), "|", `\|`)
}

// sentence is the help with a capital and a full stop; a value at its beginning keeps its spelling.
func (o *Option) sentence() string {
	if o.Default != "" && strings.HasPrefix(o.Help, o.Default) {
		return o.Help + "."
	}
	return strings.ToUpper(o.Help[:1]) + o.Help[1:] + "."
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
