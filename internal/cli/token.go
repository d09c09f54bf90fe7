package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mnv2/internal/options"
)

// option reads one option and its value from the front of the arguments.
func (p *parser) option() error {
	arg := p.next()
	name, value, joined, err := p.split(arg)
	if err != nil {
		return err
	}
	switch name {
	case "help", "help_all":
		p.askHelp(name, value)
		return nil
	case "version":
		p.rest = append([]string{"version"}, p.rest...)
		return nil
	}
	opt, _ := options.Lookup(name)
	switch {
	case opt == nil || opt.Kind() == options.Bool: // old names that package options understands are truth values
		value, err = p.truth(value, joined)
	case opt.Kind() == options.Number:
		value, err = p.list(value, joined)
	case opt.Lone != "" && !joined && (len(p.rest) == 0 || isOption(p.rest[0])):
		value = opt.Lone
	default:
		value, err = p.value(value, joined)
	}
	if err != nil {
		return usage("--%s: %v", name, err)
	}
	p.out = append(p.out, "--"+name+"="+value)
	return nil
}

// askHelp notes that help is wanted, and "all" in --help all, --help=all and --help_all.
func (p *parser) askHelp(name, value string) {
	p.help = true
	p.all = name == "help_all" || value == "all" || (len(p.rest) > 0 && p.rest[0] == "all")
}

// split takes an argument apart into the option's full name and the value joined to it. It accepts --name,
// --name=value, -name as --name, -x and -xvalue for one-letter names.
func (p *parser) split(arg string) (name, value string, joined bool, err error) {
	word, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if !strings.HasPrefix(arg, "--") {
		if long, rest, ok := p.short(strings.TrimPrefix(arg, "-")); ok {
			return long, rest, rest != "" || joined, nil
		}
	}
	name, err = p.resolve(strings.ReplaceAll(word, "-", "_"), arg)
	return name, value, joined, err
}

// short resolves a one-letter name, with a value joined to it if it takes one: -cFILE, -c=FILE.
func (p *parser) short(text string) (name, value string, ok bool) {
	if text == "h" {
		return "help", "", true
	}
	word, _, _ := strings.Cut(text, "=")
	if _, long := p.exact(strings.ReplaceAll(word, "-", "_")); long {
		return "", "", false
	}
	for _, o := range p.table() {
		if o.Short == "" || !strings.HasPrefix(text, o.Short) {
			continue
		}
		value := strings.TrimPrefix(text, o.Short)
		if value == "" || strings.HasPrefix(value, "=") || o.Kind() != options.Bool {
			return o.Name, strings.TrimPrefix(value, "="), true
		}
	}
	return "", "", false
}

func (p *parser) exact(name string) (string, bool) {
	if name == "help" || name == "help_all" || (name == "version" && p.command == nil) {
		return name, true
	}
	for _, o := range p.table() {
		if o.Name == name {
			return name, true
		}
	}
	_, old := options.RenamedNames()[name]
	return name, old && p.command != nil
}

// resolve returns the full name that a name or a unique beginning of one stands for.
func (p *parser) resolve(name, arg string) (string, error) {
	if full, ok := p.exact(name); ok {
		return full, nil
	}
	names, begin := []string{"help"}, []string{}
	for _, o := range p.table() {
		names = append(names, o.Name)
	}
	for _, full := range names {
		if name != "" && strings.HasPrefix(full, name) {
			begin = append(begin, full)
		}
	}
	switch {
	case len(begin) == 1:
		return begin[0], nil
	case len(begin) > 1:
		return "", usage("%s: may mean --%s", shown(arg), strings.Join(begin, ", --"))
	}
	if p.command == nil {
		if _, ok := options.Lookup(name); ok {
			return "", usage("%s: belongs behind the command", shown(arg))
		}
	}
	return "", p.unknown(name, arg, append(names, slices.Sorted(maps.Keys(options.RenamedNames()))...))
}

func (p *parser) unknown(name, arg string, names []string) error {
	where := "no such option before the command"
	if p.command != nil {
		where = "no such option of " + p.command.Name
		if _, ok := options.Lookup(name); ok {
			return usage("%s: %s", shown(arg), where)
		}
	}
	if near := options.Nearest(name, names); near != "" {
		return usage("%s: %s; did you mean --%s?", shown(arg), where, near)
	}
	return usage("%s: %s", shown(arg), where)
}

// shown is the option as typed, without its value, quoted if it is long or unprintable.
func shown(arg string) string {
	arg, _, _ = strings.Cut(arg, "=")
	if q := fmt.Sprintf("%q", arg); len(arg) > 60 || q != `"`+arg+`"` {
		return fmt.Sprintf("%.70s", q)
	}
	return arg
}

// truth reads the value of a truth value: joined, or the next argument if that is one of MindCV's words, else true.
func (p *parser) truth(value string, joined bool) (string, error) {
	if !joined {
		if len(p.rest) == 0 {
			return "true", nil
		}
		word, ok := truthWord(p.rest[0])
		if !ok {
			return "true", nil
		}
		p.next()
		return word, nil
	}
	word, ok := truthWord(value)
	if !ok {
		return "", fmt.Errorf("must be true or false (also yes, no, 1, 0), not %q", value)
	}
	return word, nil
}

func truthWord(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "true", "yes", "1":
		return "true", true
	case "false", "no", "0":
		return "false", true
	}
	return "", false
}

// value reads the value of an option that must have one.
func (p *parser) value(value string, joined bool) (string, error) {
	switch {
	case joined:
		return value, nil
	case len(p.rest) == 0:
		return "", fmt.Errorf("needs a value")
	case isOption(p.rest[0]):
		return "", fmt.Errorf("needs a value; one that begins with a dash is joined with =")
	}
	return p.next(), nil
}

// list reads a list, whose brackets the shell may have spread over several arguments: [0.08, 1.0].
func (p *parser) list(value string, joined bool) (string, error) {
	value, err := p.value(value, joined)
	if err != nil || value == "" {
		return value, err
	}
	shut, open := map[byte]string{'[': "]", '(': ")"}[value[0]]
	for open && !strings.HasSuffix(value, shut) {
		if len(p.rest) == 0 || isOption(p.rest[0]) {
			return "", fmt.Errorf("the list %q is not closed", value)
		}
		value += " " + p.next()
	}
	return value, nil
}
