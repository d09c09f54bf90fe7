package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"mnv2/checkpoint/internal/tensor"
)

const metadataKey = "__metadata__"

// maxDims bounds a shape; more dimensions than this is damage, not data.
const maxDims = 64

// parser walks the header token by token: json.Unmarshal keeps the last of duplicate keys without a word, which lets
// two readers see two different files.
type parser struct{ dec *json.Decoder }

// parseHeader returns the entries in header order and the metadata (nil if there is none).
func parseHeader(header []byte) (entries []entry, meta map[string]string, err error) {
	p := parser{json.NewDecoder(bytes.NewReader(header))}
	p.dec.UseNumber()
	err = p.object("header", func(key string) error {
		if key == metadataKey {
			meta, err = p.metadata()
			return err
		}
		if len(entries) == tensor.MaxTensors {
			return fmt.Errorf("more than %d tensors", tensor.MaxTensors)
		}
		e, err := p.entry(key)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("text after the end of the JSON object")
	}
	return entries, meta, nil
}

// object reads {"key": value, ...}, calling value to consume each value. A key that appears twice is an error.
func (p parser) object(what string, value func(key string) error) error {
	if err := p.delim('{', what); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.dec.More() {
		key, err := p.text(what)
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("%s: key %q appears twice", what, key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	return p.delim('}', what)
}

func (p parser) metadata() (map[string]string, error) {
	meta := map[string]string{}
	err := p.object(metadataKey, func(key string) error {
		v, err := p.text(metadataKey)
		meta[key] = v
		return err
	})
	if len(meta) == 0 {
		return nil, err
	}
	return meta, err
}

func (p parser) entry(name string) (entry, error) {
	what := fmt.Sprintf("tensor %q", name)
	if name == "" {
		return entry{}, errors.New("a tensor has an empty name")
	}
	e, fields := entry{name: name}, 0
	err := p.object(what, func(key string) error {
		fields++
		switch key {
		case "dtype":
			return p.dtype(&e, what)
		case "shape":
			return p.shape(&e, what)
		case "data_offsets":
			return p.offsets(&e, what)
		}
		return fmt.Errorf("%s: unknown key %q", what, key)
	})
	if err == nil && fields != 3 {
		err = fmt.Errorf("%s: needs dtype, shape and data_offsets", what)
	}
	return e, err
}

func (p parser) dtype(e *entry, what string) error {
	name, err := p.text(what)
	if err != nil {
		return err
	}
	d, ok := dtypeNamed(name)
	if !ok {
		return fmt.Errorf("%s: dtype %q is not supported", what, name)
	}
	e.dtype = d
	return nil
}

func (p parser) shape(e *entry, what string) error {
	dims, err := p.numbers(what, maxDims)
	if err != nil {
		return err
	}
	for _, d := range dims {
		n := int(d)
		if n < 0 || uint64(n) != d {
			return fmt.Errorf("%s: dimension %d is too large", what, d)
		}
		e.shape = append(e.shape, n)
	}
	return nil
}

func (p parser) offsets(e *entry, what string) error {
	pair, err := p.numbers(what, 2)
	if err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("%s: data_offsets needs two numbers", what)
	}
	e.begin, e.end = pair[0], pair[1]
	return nil
}

// numbers reads an array of at most limit unsigned integers.
func (p parser) numbers(what string, limit int) ([]uint64, error) {
	if err := p.delim('[', what); err != nil {
		return nil, err
	}
	var out []uint64
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		num, ok := tok.(json.Number)
		n, err := strconv.ParseUint(num.String(), 10, 64)
		if !ok || err != nil || len(out) == limit {
			return nil, fmt.Errorf("%s: want at most %d whole numbers, found %v", what, limit, tok)
		}
		out = append(out, n)
	}
	return out, p.delim(']', what)
}

func (p parser) text(what string) (string, error) {
	tok, err := p.dec.Token()
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	s, ok := tok.(string)
	if !ok {
		return "", fmt.Errorf("%s: want a string, found %v", what, tok)
	}
	return s, nil
}

func (p parser) delim(want json.Delim, what string) error {
	tok, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if tok != want {
		return fmt.Errorf("%s: want %q, found %v", what, rune(want), tok)
	}
	return nil
}
