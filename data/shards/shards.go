// Package shards finds the files of a data set that is stored in pieces, such as train-000000.tar to train-000146.tar.
package shards

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mostFiles bounds how many names a pattern may stand for.
const mostFiles = 1 << 20

// ErrNone is wrapped by the error for a split that has no files.
var ErrNone = errors.New("no files")

// Find returns the files of a split, sorted by name within each pattern. split is either a pattern or a name:
//
//	train-{000000..000146}.tar    braces count or list: {a,b}
//	train-*.tar                   * ? [...] match what is there
//	a.tar,b-{0..3}.tar            several, with commas outside braces
//	train                         the first of train/*.tar, train*.tar, data/train*.tar that matches
//
// in root unless it is absolute. ending has its dot: ".tar".
func Find(root, split, ending string) ([]string, error) {
	if !isPattern(split, ending) {
		return findNamed(root, split, ending)
	}
	names, err := Expand(split)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, name := range names {
		if !filepath.IsAbs(name) {
			name = filepath.Join(escape(root), name)
		}
		found, err := glob(name)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

// isPattern tells a pattern from a split's name.
func isPattern(split, ending string) bool {
	return strings.ContainsAny(split, "*?[{,") || strings.HasSuffix(split, ending)
}

// findNamed looks for the files of a split in the usual places.
func findNamed(root, split, ending string) ([]string, error) {
	var tried []string
	for _, pattern := range []string{filepath.Join(split, "*"+ending), split + "*" + ending, filepath.Join("data", split+"*"+ending)} {
		found, err := filepath.Glob(filepath.Join(escape(root), pattern))
		if err != nil {
			return nil, fmt.Errorf("split %q: %w", split, err)
		}
		if found = visible(found); len(found) > 0 {
			return found, nil
		}
		tried = append(tried, pattern)
	}
	if _, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("--data_dir: %w", err)
	}
	return nil, fmt.Errorf("%q: %w of split %q (tried %s)", root, ErrNone, split, strings.Join(tried, ", "))
}

// glob returns the files that a pattern matches. A name without a wildcard must be there.
func glob(pattern string) ([]string, error) {
	found, err := filepath.Glob(pattern)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q: %w", pattern, err)
	case len(found) == 0:
		return nil, fmt.Errorf("%q: %w", pattern, ErrNone)
	case len(found) > mostFiles:
		return nil, fmt.Errorf("%q: more than %d files", pattern, mostFiles)
	}
	return visible(found), nil
}

// visible leaves out hidden files, such as those that a copy in progress makes.
func visible(files []string) []string {
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), ".") })
}

// escape makes a folder's name stand for itself in a pattern.
func escape(dir string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(dir)
}

// Expand writes out braces and commas: "a-{08..10}.tar,b-{x,y}.tar" is a-08.tar a-09.tar a-10.tar b-x.tar b-y.tar. A range keeps the width of
// its first number.
func Expand(pattern string) ([]string, error) {
	parts, err := split(pattern)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, part := range parts {
		more, err := expandOne(part)
		if err != nil {
			return nil, err
		}
		if names = append(names, more...); len(names) > mostFiles {
			return nil, fmt.Errorf("%q: stands for more than %d files", pattern, mostFiles)
		}
	}
	return names, nil
}

// split cuts at the commas outside braces.
func split(pattern string) (parts []string, err error) {
	depth, start := 0, 0
	for i, c := range pattern {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth == 0 {
				parts, start = append(parts, pattern[start:i]), i+1
			}
		}
		if depth < 0 || depth > 1 {
			return nil, fmt.Errorf("%q: braces must be closed and not nested", pattern)
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("%q: braces must be closed and not nested", pattern)
	}
	return append(parts, pattern[start:]), nil
}

// expandOne writes out the braces of one name, the last ones fastest.
func expandOne(pattern string) ([]string, error) {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		if pattern == "" {
			return nil, errors.New("an empty name among the files")
		}
		return []string{pattern}, nil
	}
	shut := open + strings.IndexByte(pattern[open:], '}')
	words, err := words(pattern[open+1 : shut])
	if err != nil {
		return nil, fmt.Errorf("%q: %w", pattern, err)
	}
	tails := []string{""}
	if rest := pattern[shut+1:]; rest != "" {
		if tails, err = expandOne(rest); err != nil {
			return nil, err
		}
	}
	if len(words)*len(tails) > mostFiles {
		return nil, fmt.Errorf("%q: stands for more than %d files", pattern, mostFiles)
	}
	var names []string
	for _, w := range words {
		for _, tail := range tails {
			names = append(names, pattern[:open]+w+tail)
		}
	}
	return names, nil
}

// words lists what stands between braces: a range of numbers or a list.
func words(inner string) ([]string, error) {
	from, to, isRange := strings.Cut(inner, "..")
	if !isRange {
		return strings.Split(inner, ","), nil
	}
	a, errA := strconv.Atoi(from)
	b, errB := strconv.Atoi(to)
	if errA != nil || errB != nil || a < 0 || b < a || b-a >= mostFiles {
		return nil, fmt.Errorf("{%s}: want {FIRST..LAST} with whole numbers, or {a,b}", inner)
	}
	list := make([]string, 0, b-a+1)
	for i := a; i <= b; i++ {
		list = append(list, fmt.Sprintf("%0*d", len(from), i))
	}
	return list, nil
}
