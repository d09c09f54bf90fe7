package options

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind is what an option holds.
type Kind string

// The kinds, in the words of help and documents.
const (
	Bool   Kind = "bool"
	Int    Kind = "int"
	Float  Kind = "float"
	Text   Kind = "text"
	Number Kind = "list"
)

// Kind returns what the option holds, from the type of its field.
func (o *Option) Kind() Kind {
	switch o.at(new(Options)).(type) {
	case *bool:
		return Bool
	case *int, *Maybe[int]:
		return Int
	case *float64, *Maybe[float64]:
		return Float
	case *[]float64:
		return Number
	}
	return Text
}

// Set parses text as the command line and quoted YAML spell it and stores it in v. Where the option may be None, the
// words None and null stand for it. The error says what is expected and does not name the option.
func (o *Option) Set(v *Options, text string) error {
	if p, ok := o.at(v).(*string); ok && !o.isNone(text) {
		return assign(p, text, o.parseText)
	}
	text = strings.TrimSpace(text)
	if o.isNone(text) {
		return o.setNone(v)
	}
	switch p := o.at(v).(type) {
	case *bool:
		return assign(p, text, parseBool)
	case *int:
		return assign(p, text, o.parseInt)
	case *Maybe[int]:
		return assignMaybe(p, text, o.parseInt)
	case *float64:
		return assign(p, text, o.parseFloat)
	case *Maybe[float64]:
		return assignMaybe(p, text, o.parseFloat)
	case *[]float64:
		return assign(p, text, o.parseList)
	}
	return fmt.Errorf("option %q: field of unknown type %T", o.Name, o.at(v))
}

// isNone reports whether text is a word for None where the option may be None. An empty text is None for a number,
// since nothing else could be meant, but a text in its own right for the others.
func (o *Option) isNone(text string) bool {
	return o.None && (strings.EqualFold(text, "none") || strings.EqualFold(text, "null") || text == "~" || text == "")
}

// setNone stores None. A plain number cannot hold it: there it means the default. A truth value becomes false and
// a text empty, as Python's None behaves where MindCV reads it.
func (o *Option) setNone(v *Options) error {
	switch p := o.at(v).(type) {
	case *Maybe[int]:
		*p = Maybe[int]{}
	case *Maybe[float64]:
		*p = Maybe[float64]{}
	case *bool:
		*p = false
	case *string:
		if !o.None && len(o.Choices) > 0 && !slices.Contains(o.Choices, "") {
			return errors.New("must have a value: " + o.allowed())
		}
		*p = pick(o.Lone != "", o.Default, "")
	case *[]float64:
		if !o.None {
			return errors.New("must have a value, not null")
		}
		*p = nil
	default:
		if !o.None {
			return errors.New("must have a value, not null")
		}
		return o.Set(v, o.Default)
	}
	return nil
}

// Format returns the value of the option in o as the command line would spell it.
func (o *Option) Format(v *Options) string {
	switch p := o.at(v).(type) {
	case *bool:
		return pick(*p, "True", "False")
	case *int:
		return strconv.Itoa(*p)
	case *Maybe[int]:
		if p.Some {
			return strconv.Itoa(p.Value)
		}
	case *float64:
		return formatFloat(*p)
	case *Maybe[float64]:
		if p.Some {
			return formatFloat(p.Value)
		}
	case *[]float64:
		if len(*p) > 0 || !o.None {
			return formatList(*p)
		}
	case *string:
		if *p != "" || !o.None {
			return *p
		}
	}
	return "None"
}

// formatFloat spells v in the shortest way that reads back equal and that every YAML reader takes for a float:
// with a dot, also before an exponent (YAML 1.1 reads 1e-06 as a text).
func formatFloat(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	mantissa, exp, found := strings.Cut(s, "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if found {
		return mantissa + "e" + exp
	}
	return mantissa
}

func formatList(list []float64) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = formatFloat(v)
	}
	return "[" + strings.Join(words, ", ") + "]"
}
