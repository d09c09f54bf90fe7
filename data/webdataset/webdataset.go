// Package webdataset reads data sets that are stored in tar files, as WebDataset lays them out: consecutive members whose paths are equal up
// to the first dot of the base name are one sample, of which one member is the picture and one the label.
//
//	000017.jpg   000017.cls     the class as a number or a name
//	000017.jpg   000017.json    an object with label, cls, class or class_id
//
// A Set is read at random: the members' places are listed once and kept in the user's cache folder, so that the order of an epoch depends on
// seed, epoch and index alone, as for every data.Dataset, and no sample is held in memory.
package webdataset

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"mnv2/data"
	"mnv2/data/decode"
	"mnv2/data/shards"
)

// Options say how the classes are numbered and what a picture may cost.
type Options struct {
	ClassIndex string // file of class names in order, see data.ParseClassIndex; "" for what the labels say
	Limits     decode.Limits
	CacheDir   string // where lists of members are kept; "" for nowhere
}

// Set is a data set in tar files. It implements data.Source.
type Set struct {
	shards  []*shard
	first   []int // index of each shard's first sample, and behind them the number of all
	labels  []int32
	classes []string
	limits  decode.Limits
	notes   []string
}

// Open lists the samples in the tar files of a split, which is a name or a pattern as for shards.Find.
func Open(root, split string, o Options) (*Set, error) {
	files, err := shards.Find(root, split, ".tar")
	if err != nil {
		return nil, fmt.Errorf("tar shards: %w", err)
	}
	s := &Set{limits: o.Limits}
	var texts []string
	for _, path := range files {
		sh, note, err := list(path, o.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("tar shard %q: %w", path, err)
		}
		if note != "" && len(s.notes) == 0 {
			s.notes = append(s.notes, note)
		}
		s.shards, s.first = append(s.shards, sh), append(s.first, len(texts))
		texts = append(texts, sh.Labels...)
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("tar shards: %d files hold no samples, the first is %q", len(files), files[0])
	}
	s.first = append(s.first, len(texts))
	if err := s.number(texts, o.ClassIndex); err != nil {
		return nil, fmt.Errorf("tar shards of %q: %w", split, err)
	}
	for _, sh := range s.shards {
		sh.Labels = nil // they are in s.labels now
	}
	return s, nil
}

// mostClasses bounds the numbers that labels may be.
const mostClasses = 1 << 20

// number turns labels into class numbers: numbers as they are, names by the class index or in byte-wise order.
func (s *Set) number(texts []string, indexFile string) error {
	s.labels = make([]int32, len(texts))
	if indexFile != "" {
		index, err := data.ReadClassIndex(indexFile)
		if err != nil {
			return err
		}
		s.classes = index.Names
		return s.lookUp(texts, index.Classes())
	}
	largest, areNumbers := 0, true
	for i, text := range texts {
		n, err := strconv.Atoi(text)
		if areNumbers = err == nil; !areNumbers {
			break
		}
		if n < 0 || n >= mostClasses {
			return fmt.Errorf("%s: label %d: want 0 to %d", s.Name(i), n, mostClasses-1)
		}
		largest = max(largest, n)
		s.labels[i] = int32(n)
	}
	if areNumbers {
		for n := range largest + 1 {
			s.classes = append(s.classes, strconv.Itoa(n))
		}
		return nil
	}
	s.classes = slices.Compact(slices.Sorted(slices.Values(texts)))
	if len(s.classes) > mostClasses {
		return fmt.Errorf("%d different labels: want at most %d", len(s.classes), mostClasses)
	}
	classes := make(map[string]int, len(s.classes))
	for n, name := range s.classes {
		classes[name] = n
	}
	return s.lookUp(texts, classes)
}

// lookUp numbers labels that are names, or numbers within the list of classes.
func (s *Set) lookUp(texts []string, classes map[string]int) error {
	for i, text := range texts {
		n, known := classes[text]
		if !known {
			var err error
			if n, err = strconv.Atoi(text); err != nil || n < 0 || n >= len(s.classes) {
				return fmt.Errorf("%s: label %q is not among the %d classes", s.Name(i), text, len(s.classes))
			}
		}
		if n < 0 {
			return fmt.Errorf("%s: several classes are called %q", s.Name(i), text)
		}
		s.labels[i] = int32(n)
	}
	return nil
}

// Len is the number of samples.
func (s *Set) Len() int { return len(s.labels) }

// Classes are the class names in class order; "0", "1" and so on where labels are numbers and no index names them.
func (s *Set) Classes() []string { return s.classes }

// Label is the class of sample i.
func (s *Set) Label(i int) int { return int(s.labels[i]) }

// Notes say what may surprise about the set.
func (s *Set) Notes() []string { return s.notes }

// find returns the shard that holds sample i and its place there.
func (s *Set) find(i int) (*shard, int) {
	at, exact := slices.BinarySearchFunc(s.first, i, func(first, i int) int { return cmp.Compare(first, i) })
	if !exact {
		at--
	}
	for s.first[at+1] == s.first[at] { // shards without samples
		at++
	}
	return s.shards[at], i - s.first[at]
}

// Name is the shard of sample i and its picture's path there, for example "train-000003.tar/000017.jpg".
func (s *Set) Name(i int) string {
	sh, at := s.find(i)
	return sh.path + "/" + sh.Names[at]
}

// Bytes reads the picture of sample i from its shard.
func (s *Set) Bytes(i int, buf []byte) ([]byte, error) {
	sh, at := s.find(i)
	b, err := sh.read(at, buf, s.limits)
	if err != nil {
		return nil, fmt.Errorf("image %q: %w", s.Name(i), err)
	}
	return b, nil
}

// read reads picture at from the shard. The file is open only as long: a data set may have more shards than a process may have open files.
func (sh *shard) read(at int, buf []byte, limits decode.Limits) ([]byte, error) {
	size := sh.Sizes[at]
	if most := cmp.Or(max(limits.MaxBytes, 0), decode.DefaultMaxBytes); size > most {
		return nil, fmt.Errorf("%d bytes are more than the limit of %d", size, most)
	}
	f, err := os.Open(sh.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := slices.Grow(buf[:0], int(size))[:size]
	if _, err := f.ReadAt(b, sh.Offsets[at]); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the shard is shorter than when it was listed")
		}
		return nil, err
	}
	return b, nil
}
