package pth

import (
	"fmt"
	"strconv"

	"mnv2/checkpoint/internal/tensor"
)

// Limits on what nested dictionaries unfold to; a dictionary that is referred to twice on every level doubles each time.
const (
	maxDepth  = 32
	maxLeaves = tensor.MaxTensors
)

// metaAttr is the attribute of the outer OrderedDict that carries File.Meta in the files that we write. PyTorch keeps
// it when it loads and saves the dictionary, and load_state_dict ignores it.
const metaAttr = "mnv2_meta"

// flattener collects the leaves of nested dictionaries, lists and tuples under dotted names.
type flattener struct {
	viewer *viewer
	file   *tensor.File
	names  map[string]bool
	leaves int
	text   int // bytes of names and values that may still be made
}

// flatten turns the unpickled object into a file.
func flatten(root any, format tensor.Format, from storages, fileBytes int) (*tensor.File, error) {
	const slack = 1 << 20
	f := &flattener{
		viewer: &viewer{from: from, budget: 4*fileBytes + slack},
		file:   &tensor.File{Format: format, Meta: map[string]string{}},
		names:  map[string]bool{},
		text:   4*fileBytes + slack,
	}
	if t, ok := root.(*tensorRef); ok { // torch.save(tensor): the only tensor there is needs a name
		root = &dict{keys: []any{"tensor"}, values: []any{t}}
	}
	if d, ok := root.(*dict); ok {
		f.ownMeta(d.attrs)
	}
	if err := f.walk("", root, 0); err != nil {
		return nil, err
	}
	if len(f.file.Meta) == 0 {
		f.file.Meta = nil
	}
	return f.file, nil
}

// ownMeta takes back what Encode wrote.
func (f *flattener) ownMeta(attrs *dict) {
	own, ok := attrs.get(metaAttr).(*dict)
	if !ok {
		return
	}
	for i, key := range own.keys {
		k, ok1 := key.(string)
		v, ok2 := own.values[i].(string)
		if ok1 && ok2 {
			f.file.Meta[k] = v
		}
	}
}

func (f *flattener) walk(name string, v any, depth int) error {
	if f.leaves++; f.leaves > maxLeaves {
		return fmt.Errorf("more than %d values", maxLeaves)
	}
	if depth > maxDepth {
		return fmt.Errorf("%q: nested more than %d deep", name, maxDepth)
	}
	switch v := v.(type) {
	case *dict:
		return f.walkDict(name, v, depth)
	case *list, tuple:
		for i, item := range sequence(v) {
			if err := f.walk(join(name, strconv.Itoa(i)), item, depth+1); err != nil {
				return err
			}
		}
		return nil
	case *tensorRef:
		return f.addTensor(name, v)
	}
	return f.addText(name, v)
}

func (f *flattener) walkDict(name string, d *dict, depth int) error {
	for i, key := range d.keys {
		k, ok := keyText(key)
		if !ok {
			return fmt.Errorf("%q: a key that is neither text nor a whole number", name)
		}
		before := len(f.file.Tensors)
		if err := f.walk(join(name, k), d.values[i], depth+1); err != nil {
			return err
		}
		if _, isDict := d.values[i].(*dict); depth == 0 && isDict && len(f.file.Tensors) > before {
			f.file.Groups = append(f.file.Groups, k)
		}
	}
	return nil
}

func (f *flattener) addTensor(name string, ref *tensorRef) error {
	if err := f.claim(name, ""); err != nil {
		return err
	}
	t, err := f.viewer.tensor(name, ref)
	if err != nil {
		return err
	}
	f.file.Tensors = append(f.file.Tensors, t)
	return nil
}

// addText keeps numbers, text, truth values and None as metadata, spelled as Python does. Other leaves carry nothing.
func (f *flattener) addText(name string, v any) error {
	text, ok := leafText(v)
	if !ok {
		return nil
	}
	if err := f.claim(name, text); err != nil {
		return err
	}
	f.file.Meta[name] = text
	return nil
}

// claim reserves a name and pays for its bytes.
func (f *flattener) claim(name, text string) error {
	if name == "" || f.names[name] {
		return fmt.Errorf("%q: the name is empty or appears twice", name)
	}
	f.text -= len(name) + len(text)
	if f.text < 0 {
		return fmt.Errorf("%q: names and text unfold to more than the file accounts for", name)
	}
	f.names[name] = true
	return nil
}

func join(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}

func keyText(key any) (string, bool) {
	switch k := key.(type) {
	case string:
		return k, true
	case int64:
		return strconv.FormatInt(k, 10), true
	}
	return "", false
}

func leafText(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "None", true
	case bool:
		if v {
			return "True", true
		}
		return "False", true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case string:
		return v, true
	}
	return "", false
}
