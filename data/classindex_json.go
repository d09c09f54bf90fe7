package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// entry is one member of a JSON object. encoding/json would silently keep the last of two equal keys.
type entry struct {
	key   string
	value json.RawMessage
}

// objectEntries splits a JSON object into its members, in order, and refuses anything after it.
func objectEntries(b []byte) ([]entry, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var entries []entry
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		e := entry{key: key.(string)} // the decoder lets nothing else stand here
		if err := dec.Decode(&e.value); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("more data after the JSON object")
	}
	return entries, nil
}

func parseClassObject(b []byte) (ClassIndex, error) {
	entries, err := objectEntries(b)
	if err != nil {
		return ClassIndex{}, fmt.Errorf("not valid JSON: %w", err)
	}
	n := len(entries)
	if n == 0 {
		return ClassIndex{}, errors.New("the JSON object holds no classes")
	}
	index := ClassIndex{Folders: make([]string, n), Names: make([]string, n)}
	given := make([]bool, n)
	for _, e := range entries {
		i, folder, name, err := e.class()
		if err != nil {
			return ClassIndex{}, err
		}
		if i < 0 || i >= n {
			return ClassIndex{}, fmt.Errorf("index %d: %d classes need the indices 0 to %d without gaps", i, n, n-1)
		}
		if given[i] {
			return ClassIndex{}, fmt.Errorf("index %d is given twice", i)
		}
		given[i], index.Folders[i], index.Names[i] = true, folder, name
	}
	return index, nil
}

// class reads "index": class or "folder": index.
func (e entry) class() (i int, folder, name string, err error) {
	if json.Unmarshal(e.value, &i) == nil && string(e.value) != "null" {
		return i, e.key, e.key, checkClassName(e.key)
	}
	i, err = strconv.Atoi(e.key)
	if err != nil {
		return 0, "", "", fmt.Errorf("key %q: want a class index, or a folder name with its index as value", e.key)
	}
	folder, name, err = parseClassValue(e.value)
	if err != nil {
		return 0, "", "", fmt.Errorf("class %d: %w", i, err)
	}
	return i, folder, name, nil
}

func parseClassList(b []byte) (ClassIndex, error) {
	var values []json.RawMessage
	if err := json.Unmarshal(b, &values); err != nil {
		return ClassIndex{}, fmt.Errorf("not valid JSON: %w", err)
	}
	if len(values) == 0 {
		return ClassIndex{}, errors.New("the JSON list holds no classes")
	}
	var index ClassIndex
	for i, value := range values {
		folder, name, err := parseClassValue(value)
		if err != nil {
			return ClassIndex{}, fmt.Errorf("class %d: %w", i, err)
		}
		index.add(folder, name)
	}
	return index, nil
}

// parseClassValue reads "cat" or ["n01440764", "tench"]. Keras writes _ for a space in the name.
func parseClassValue(value json.RawMessage) (folder, name string, err error) {
	if json.Unmarshal(value, &folder) == nil && string(value) != "null" {
		return folder, folder, checkClassName(folder)
	}
	var pair []string
	if err := json.Unmarshal(value, &pair); err != nil || len(pair) != 2 {
		return "", "", fmt.Errorf(`%.80s: want "name" or ["folder", "name"]`, value)
	}
	return pair[0], strings.ReplaceAll(pair[1], "_", " "), errors.Join(checkClassName(pair[0]), checkClassName(pair[1]))
}

func checkClassName(name string) error {
	if strings.TrimSpace(name) == "" {
		return errors.New("an empty class name")
	}
	return nil
}
