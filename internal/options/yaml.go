package options

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxYAML is the largest file that is read, in bytes. Recipes have about 1500.
const maxYAML = 1 << 20

// maxProblems is how many problems of a file are listed.
const maxProblems = 20

// setting is one key of a YAML file.
type setting struct {
	key   string
	text  string // as Option.Set takes it
	null  bool
	where string // FILE:LINE:COL of the value
}

// readYAML reads name's text as one flat mapping. It checks syntax and shape, not the keys. Aliases are followed one
// level at most and only to plain values, so that no file can grow in memory.
func readYAML(name string, text []byte) ([]setting, error) {
	if len(text) > maxYAML {
		return nil, &UsageError{Problems: []string{fmt.Sprintf("%s: larger than %d bytes, which no recipe is", name, maxYAML)}}
	}
	var doc yaml.Node
	if err := yaml.Load(text, &doc); err != nil {
		return nil, yamlError(name, err)
	}
	root := &doc
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		root = doc.Content[0]
	}
	if isNull(root) {
		return nil, emptyFile(name)
	}
	if root.Kind != yaml.MappingNode {
		return nil, &UsageError{Problems: []string{at(name, root) + ": expected lines of the form `key: value`"}}
	}
	return settings(name, root)
}

func settings(name string, root *yaml.Node) ([]setting, error) {
	var out []setting
	var problems []string
	seen := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		s := setting{key: key.Value, where: at(name, value)}
		err := error(nil)
		switch {
		case key.Kind != yaml.ScalarNode:
			err = errors.New("a key must be a plain word")
		case key.Tag == "!!merge" || key.Value == "<<":
			err = errors.New("merge keys are not supported; write the values out")
		case seen[s.key] != 0:
			err = fmt.Errorf("is given twice; line %d has it too", seen[s.key])
		default:
			s.text, s.null, err = plain(value)
		}
		seen[s.key] = key.Line
		if err != nil {
			problems = append(problems, at(name, key)+": "+quoteKey(key)+err.Error())
			continue
		}
		out = append(out, s)
	}
	if problems != nil {
		return nil, &UsageError{Problems: limit(problems)}
	}
	return out, nil
}

func quoteKey(key *yaml.Node) string {
	if key.Kind != yaml.ScalarNode {
		return ""
	}
	return clip(key.Value) + ": "
}

// plain returns a scalar's text, or a list of scalars as "[a, b]".
func plain(n *yaml.Node) (text string, null bool, err error) {
	n = follow(n)
	switch n.Kind {
	case yaml.ScalarNode:
		text, err = scalar(n)
		return text, isNull(n), err
	case yaml.SequenceNode:
		text, err = sequence(n)
		return text, false, err
	case yaml.MappingNode:
		return "", false, errors.New("must be a value or a list, not a mapping")
	}
	return "", false, errors.New("must be a value or a list")
}

// follow resolves one alias. What it points to cannot be an alias itself.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func sequence(n *yaml.Node) (string, error) {
	if len(n.Content) > maxList {
		return "", fmt.Errorf("must have at most %d elements, not %d", maxList, len(n.Content))
	}
	var words []string
	for _, c := range n.Content {
		c = follow(c)
		if c.Kind != yaml.ScalarNode || isNull(c) {
			return "", errors.New("must be a list of plain values")
		}
		word, err := scalar(c)
		if err != nil {
			return "", err
		}
		words = append(words, word)
	}
	return "[" + strings.Join(words, ", ") + "]", nil
}

// scalar returns the text of a value. Numbers in other bases are brought to base ten; all else is left to the option.
func scalar(n *yaml.Node) (string, error) {
	if len(n.Value) > 4096 {
		return "", errors.New("value is longer than 4096 bytes")
	}
	switch n.ShortTag() {
	case "!!int":
		if v, err := strconv.ParseInt(n.Value, 0, 64); err == nil && strings.ContainsAny(n.Value, "xXoObB") {
			return strconv.FormatInt(v, 10), nil
		}
	case "!!float":
		var v float64
		if err := n.Decode(&v); err == nil && (math.IsInf(v, 0) || math.IsNaN(v)) {
			return strconv.FormatFloat(v, 'g', -1, 64), nil
		}
	case "!!str", "!!bool", "!!null", "!!timestamp":
	default:
		return "", fmt.Errorf("tag %s is not understood", clip(n.ShortTag()))
	}
	return n.Value, nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func at(name string, n *yaml.Node) string { return fmt.Sprintf("%s:%d:%d", name, n.Line, n.Column) }

// yamlError puts the library's findings into the form FILE:LINE:COL: text.
func yamlError(name string, err error) error {
	var list *yaml.LoadErrors
	var one *yaml.LoadError
	var problems []string
	switch {
	case strings.Contains(err.Error(), "no documents"):
		return emptyFile(name)
	case strings.Contains(err.Error(), "single document"):
		problems = []string{name + ": holds several documents; put one recipe into a file"}
	case errors.As(err, &list):
		for _, e := range list.Errors {
			problems = append(problems, loadProblem(name, e))
		}
	case errors.As(err, &one):
		problems = []string{loadProblem(name, one)}
	}
	if problems == nil {
		problems = []string{name + ": " + err.Error()}
	}
	return &UsageError{Problems: limit(problems), Cause: err}
}

func loadProblem(name string, e *yaml.LoadError) string {
	if e.Mark.Line == 0 {
		return name + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", name, e.Mark.Line, max(e.Mark.Column, 1), e.Message)
}

func emptyFile(name string) error {
	return &UsageError{Problems: []string{name + ": is empty; expected lines of the form `key: value`"}}
}

// limit cuts a long list of problems and says how many are left out.
func limit(problems []string) []string {
	if len(problems) <= maxProblems {
		return problems
	}
	rest := len(problems) - maxProblems
	return append(problems[:maxProblems:maxProblems], fmt.Sprintf("and %d more", rest))
}

// clip keeps messages readable when a key or value is long or unprintable.
func clip(s string) string {
	q := strconv.Quote(s)
	if len(s) > 60 {
		q = strconv.Quote(s[:60]) + "..."
	}
	if q == `"`+s+`"` {
		return q[1 : len(q)-1]
	}
	return q
}
