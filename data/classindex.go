package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// ClassIndex says which class a folder holds and what the classes are called. Both slices are in class order and of equal length.
type ClassIndex struct {
	Folders []string // folder names, for example "n01440764"
	Names   []string // names for people, for example "tench"; may repeat
}

// maxClassIndexBytes bounds a class-index file; ImageNet's 1000 classes take 36 kB.
const maxClassIndexBytes = 16 << 20

// ReadClassIndex reads a class-index file in one of the forms that ParseClassIndex knows.
func ReadClassIndex(path string) (ClassIndex, error) {
	f, err := os.Open(path)
	if err != nil {
		return ClassIndex{}, fmt.Errorf("class index: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxClassIndexBytes+1))
	if err != nil {
		return ClassIndex{}, fmt.Errorf("class index %q: %w", path, err)
	}
	if len(b) > maxClassIndexBytes {
		return ClassIndex{}, fmt.Errorf("class index %q: larger than %d MiB", path, maxClassIndexBytes>>20)
	}
	index, err := ParseClassIndex(b)
	if err != nil {
		return ClassIndex{}, fmt.Errorf("class index %q: %w", path, err)
	}
	return index, nil
}

// ParseClassIndex reads a class index, told apart by its first character and its values:
//
//	{"0": ["n01440764", "tench"], "1": ...}   as Keras' imagenet_class_index.json; _ in names stands for a space
//	{"0": "cat", "1": "dog"}                  class names by index
//	{"cat": 0, "dog": 1}                      indices by folder name, as torchvision's class_to_idx
//	["cat", "dog"] or [["n01440764", "tench"], ...]
//	plain text, a class per line: "cat", or "folder<tab>name", or (if every line begins so) "n01440764 tench"
//
// Indices must run from 0 without gaps.
func ParseClassIndex(b []byte) (ClassIndex, error) {
	b = bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\ufeff")))
	switch {
	case len(b) == 0:
		return ClassIndex{}, errors.New("the file is empty")
	case b[0] == '{':
		return parseClassObject(b)
	case b[0] == '[':
		return parseClassList(b)
	default:
		return parseClassLines(b)
	}
}

// wnidLine matches a line that begins with a WordNet identifier.
var wnidLine = regexp.MustCompile(`^n\d{8}(\s|$)`)

func parseClassLines(b []byte) (ClassIndex, error) {
	if bytes.IndexByte(b, 0) >= 0 {
		return ClassIndex{}, errors.New("neither JSON nor text")
	}
	lines := strings.Split(string(b), "\n")
	wnids := true
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
		if lines[i] == "" {
			return ClassIndex{}, fmt.Errorf("line %d is empty: want one class per line", i+1)
		}
		wnids = wnids && wnidLine.MatchString(lines[i])
	}
	var index ClassIndex
	for _, line := range lines {
		folder, name, found := strings.Cut(line, "\t")
		if !found && wnids {
			folder, name, found = strings.Cut(line, " ")
		}
		if !found {
			name = folder
		}
		index.add(strings.TrimSpace(folder), strings.TrimSpace(name))
	}
	return index, nil
}

func (c *ClassIndex) add(folder, name string) {
	c.Folders = append(c.Folders, folder)
	c.Names = append(c.Names, name)
}

// ambiguous marks a name that stands for several classes.
const ambiguous = -1

// Classes returns the class of every folder name and, where that says nothing, of every readable name; -1 for names of several classes.
func (c ClassIndex) Classes() map[string]int { return c.lookup() }

// lookup returns the class of every folder name and, where that says nothing, of every readable name.
func (c ClassIndex) lookup() map[string]int {
	classes := make(map[string]int, 2*len(c.Folders))
	put := func(name string, i int) {
		if old, known := classes[name]; known && old != i {
			i = ambiguous
		}
		classes[name] = i
	}
	for i, name := range c.Names {
		put(name, i)
	}
	folders := make(map[string]int, len(c.Folders))
	for i, folder := range c.Folders {
		if _, again := folders[folder]; again {
			i = ambiguous
		}
		folders[folder] = i
	}
	for folder, i := range folders {
		classes[folder] = i
	}
	return classes
}
