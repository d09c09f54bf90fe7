// Package inspect looks through a folder of pictures before they are trained on: files that cannot be decoded, files whose ending is
// not what they are, and pictures that are there more than once.
package inspect

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"mnv2/data/decode"
)

// Kind says what is wrong with a file.
type Kind string

// The kinds.
const (
	Damaged   Kind = "damaged"   // cannot be read or decoded
	Misnamed  Kind = "misnamed"  // its ending is not what it is
	Duplicate Kind = "duplicate" // the same bytes are in another file
	Conflict  Kind = "conflict"  // the same bytes are in a folder of another class
	Leak      Kind = "leak"      // the same bytes are in another split
)

// Finding is one file with one thing that is wrong.
type Finding struct {
	Kind  Kind   `json:"kind"`
	File  string `json:"file"`            // relative to the folder, with slashes
	Other string `json:"other,omitempty"` // the file that has the same bytes
	Why   string `json:"why,omitempty"`
}

// String returns a line for a person.
func (f Finding) String() string {
	switch f.Kind {
	case Duplicate:
		return fmt.Sprintf("%s: the same picture as %s", f.File, f.Other)
	case Conflict:
		return fmt.Sprintf("%s: the same picture as %s, which is of another class", f.File, f.Other)
	case Leak:
		return fmt.Sprintf("%s: the same picture as %s, which is in another split", f.File, f.Other)
	}
	return f.File + ": " + f.Why
}

// Report is what was found.
type Report struct {
	Files    int
	Pictures int // files that could be decoded
	Findings []Finding
}

// Options say how to look.
type Options struct {
	Workers  int                   // goroutines; at least one
	Progress func(done, total int) // told from one goroutine; may be nil
}

// ErrNoPictures is wrapped by the error for a folder that holds no file that is named like a picture.
var ErrNoPictures = errors.New("the folder holds no pictures")

// endings are the file names that are taken for pictures, and the format that each promises.
var endings = map[string]string{".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".png": "png", ".bmp": "bmp", ".gif": "gif", ".webp": "webp"}

// Folder looks through every picture below root. Hidden files and folders are left out, as they are in training.
func Folder(ctx context.Context, root string, o Options) (Report, error) {
	names, err := pictures(root)
	if err != nil {
		return Report{}, err
	}
	if len(names) == 0 {
		return Report{}, fmt.Errorf("%q: %w", root, ErrNoPictures)
	}
	results := make([]result, len(names))
	if err := examineAll(ctx, root, names, results, o); err != nil {
		return Report{}, err
	}
	report := Report{Files: len(names)}
	first := map[[sha256.Size]byte]string{}
	for i, r := range results {
		if r.bad == nil {
			report.Pictures++
		}
		report.Findings = append(report.Findings, r.findings(names[i], first)...)
	}
	slices.SortStableFunc(report.Findings, func(a, b Finding) int { return cmp.Compare(rank(a.Kind), rank(b.Kind)) })
	return report, nil
}

// rank orders findings by how much they matter.
func rank(k Kind) int { return slices.Index([]Kind{Damaged, Conflict, Leak, Misnamed, Duplicate}, k) }

// pictures lists the files below root that are named like pictures, in order.
func pictures(root string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != root && strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if _, known := endings[strings.ToLower(filepath.Ext(path))]; known && !entry.IsDir() {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	return names, err
}

// result is what one file turned out to be.
type result struct {
	sum    [sha256.Size]byte
	format string
	bad    error
}

// examineAll examines the files with several goroutines.
func examineAll(ctx context.Context, root string, names []string, results []result, o Options) error {
	jobs, done := make(chan int), make(chan struct{}, 64)
	var running sync.WaitGroup
	for range max(1, o.Workers) {
		running.Go(func() {
			for i := range jobs {
				results[i] = examine(filepath.Join(root, filepath.FromSlash(names[i])))
				done <- struct{}{}
			}
		})
	}
	go func() {
		defer close(jobs)
		for i := range names {
			select {
			case jobs <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		running.Wait()
		close(done)
	}()
	count := 0
	for range done {
		count++
		if o.Progress != nil {
			o.Progress(count, len(names))
		}
	}
	return ctx.Err()
}

// examine reads and decodes one file.
func examine(path string) result {
	text, err := os.ReadFile(path)
	if err != nil {
		return result{bad: plain(err)}
	}
	r := result{sum: sha256.Sum256(text)}
	if r.format, _, _, err = decode.Probe(text); err != nil {
		r.bad = err
		return r
	}
	_, r.bad = decode.Image(text, filepath.Base(path), decode.Limits{})
	return r
}

// plain is the cause of a failed file operation without the path.
func plain(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// findings tells what is wrong with the file. first holds the first file with each content, and is added to.
func (r result) findings(name string, first map[[sha256.Size]byte]string) []Finding {
	if r.bad != nil {
		return []Finding{{Kind: Damaged, File: name, Why: r.bad.Error()}}
	}
	var list []Finding
	if want := endings[strings.ToLower(filepath.Ext(name))]; want != r.format {
		list = append(list, Finding{Kind: Misnamed, File: name, Why: fmt.Sprintf("is a %s file", r.format)})
	}
	if other, seen := first[r.sum]; seen {
		return append(list, Finding{Kind: kindOfCopy(name, other), File: name, Other: other})
	}
	first[r.sum] = name
	return list
}

// kindOfCopy says what two files with the same bytes mean. Names are [SPLIT/]CLASS/FILE.
func kindOfCopy(a, b string) Kind {
	pa, pb := strings.Split(a, "/"), strings.Split(b, "/")
	if len(pa) < 2 || len(pb) < 2 {
		return Duplicate
	}
	if pa[len(pa)-2] != pb[len(pb)-2] {
		return Conflict
	}
	if len(pa) > 2 && len(pb) > 2 && pa[0] != pb[0] {
		return Leak
	}
	return Duplicate
}
