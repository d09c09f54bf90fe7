package data

import (
	"fmt"
	"strings"
)

// isHidden reports whether a name belongs to the file manager rather than to the set.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.EqualFold(name, "Thumbs.db") || strings.EqualFold(name, "desktop.ini")
}

// ignored counts what was left out and remembers the first.
type ignored struct {
	count int
	first string
}

func (g *ignored) add(path string) {
	if g.count == 0 {
		g.first = path
	}
	g.count++
}

// Notes says in sentences what about the set may surprise: entries left out, class folders without images. It is empty for a clean set.
func (f *Folder) Notes() []string {
	var notes []string
	if f.ignored.count > 0 {
		notes = append(notes, fmt.Sprintf("%q: left out %d entries that are hidden or not in a class folder, the first is %q",
			f.dir, f.ignored.count, f.ignored.first))
	}
	if len(f.empty) > 0 {
		notes = append(notes, fmt.Sprintf("%q: %d class folders hold no images: %s", f.dir, len(f.empty), someOf(f.empty)))
	}
	return notes
}
