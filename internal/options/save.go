package options

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"mnv2/internal/atomicfile"
)

// Save writes the effective options as YAML, keys sorted, as MindCV does into {ckpt_save_dir}/{model}.yaml. The file
// can be given back with --config and then means the same. What belongs to the command line only (device, format,
// verbosity, overwriting) is left out.
func Save(path string, o *Options) error {
	text, err := Marshal(o)
	if err != nil {
		return fmt.Errorf("save options: %w", err)
	}
	return atomicfile.Write(path, 0o644, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(text))
		return err
	})
}

// Marshal returns the text that Save writes.
func Marshal(o *Options) ([]byte, error) {
	rows := slices.Clone(table)
	slices.SortFunc(rows, func(a, b *Option) int { return strings.Compare(a.Name, b.Name) })
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, opt := range rows {
		if opt.Flag || (opt.Group == Cloud && !o.IsSet(opt.Name)) {
			continue
		}
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: opt.Name}, opt.node(o))
	}
	return yaml.Dump(root)
}

// node returns the option's value for YAML, with the tag of its kind so that no text is mistaken for a number.
func (o *Option) node(v *Options) *yaml.Node {
	text := o.Format(v)
	if text == "None" && o.None {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	}
	switch p := o.at(v).(type) {
	case *[]float64:
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, f := range *p {
			list.Content = append(list.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!float", Value: formatFloat(f)})
		}
		return list
	case *string:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: *p}
	case *bool:
		text = strings.ToLower(text)
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: text}
}

// Value is an option's effective value as text.
type Value struct {
	Name, Text string
	IsDefault  bool // nothing set it
	Changed    bool // it differs from the default
}

// Values lists the effective values in the table's order, without options that only exist on the command line.
func Values(o *Options) []Value {
	var list []Value
	defaults := Defaults()
	for _, opt := range table {
		if !opt.Flag && opt.Group != Cloud {
			text := opt.Format(o)
			list = append(list, Value{opt.Name, text, !o.IsSet(opt.Name), text != opt.Format(&defaults)})
		}
	}
	return list
}
