// Package parquet reads data sets of pictures in Parquet files, as Hugging Face lays them out: a column of encoded pictures (a struct with
// bytes and path, or plain bytes) and a column of class numbers. It is a package of its own because its library is large.
//
// A Set reads pictures at random, a page at a time; of the files it keeps labels and page places only.
package parquet

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	pq "github.com/parquet-go/parquet-go"

	"mnv2/data"
	"mnv2/data/decode"
	"mnv2/data/shards"
)

// Options say how the classes are named and what a picture may cost.
type Options struct {
	ClassIndex string // file of class names in order, see data.ParseClassIndex; "" for those in the files
	Limits     decode.Limits
}

// Set is a data set in Parquet files. It implements data.Source.
type Set struct {
	groups  []group
	first   []int // index of each group's first sample, and behind them the number of all
	labels  []int32
	classes []string
	limits  decode.Limits
}

// group is a row group: its pictures.
type group struct {
	path     string
	number   int // of the row group in its file
	pictures *pq.FileColumnChunk
}

// Open reads the labels of a split, which is a name or a pattern as for shards.Find.
func Open(root, split string, o Options) (*Set, error) {
	files, err := shards.Find(root, split, ".parquet")
	if err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	s := &Set{limits: o.Limits}
	for _, path := range files {
		if err := s.add(path); err != nil {
			return nil, fmt.Errorf("parquet file %q: %w", path, err)
		}
	}
	s.first = append(s.first, len(s.labels))
	if len(s.labels) == 0 {
		return nil, fmt.Errorf("parquet: %d files hold no rows, the first is %q", len(files), files[0])
	}
	if err := s.name(o.ClassIndex); err != nil {
		return nil, fmt.Errorf("parquet files of %q: %w", split, err)
	}
	return s, nil
}

// add lists a file.
func (s *Set) add(path string) (err error) {
	defer damaged(&err)
	f, err := os.Open(path)
	if err != nil {
		return plain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return plain(err)
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	file, err := pq.OpenFile(f, info.Size(), pq.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	c, err := findColumns(file.Schema())
	if err != nil {
		return err
	}
	if names := classNames(file, c.labelName); s.classes == nil {
		s.classes = names
	} else if names != nil && !slices.Equal(names, s.classes) {
		return errors.New("its class names are not those of the files before it")
	}
	for i, rows := range file.RowGroups() {
		chunks := rows.ColumnChunks()
		pictures, isFile := chunks[c.picture].(*pq.FileColumnChunk)
		if !isFile {
			return fmt.Errorf("row group %d: its pictures are not in the file", i)
		}
		s.groups, s.first = append(s.groups, group{path, i, pictures}), append(s.first, len(s.labels))
		before := len(s.labels)
		if s.labels, err = readLabels(s.labels, chunks[c.label]); err != nil {
			return fmt.Errorf("row group %d, column %q: %w", i, c.labelName, err)
		}
		if n := int64(len(s.labels) - before); n != rows.NumRows() || n != pictures.NumValues() {
			return fmt.Errorf("row group %d: %d rows, %d labels, %d pictures", i, rows.NumRows(), n, pictures.NumValues())
		}
	}
	return nil
}

// name makes sure that every label has a class.
func (s *Set) name(indexFile string) error {
	if indexFile != "" {
		index, err := data.ReadClassIndex(indexFile)
		if err != nil {
			return err
		}
		s.classes = index.Names
	}
	most := slices.Max(s.labels)
	if s.classes == nil {
		for n := range most + 1 {
			s.classes = append(s.classes, strconv.Itoa(int(n)))
		}
	}
	if int(most) >= len(s.classes) {
		i := slices.Index(s.labels, most)
		return fmt.Errorf("%s: label %d, but there are %d class names", s.Name(i), most, len(s.classes))
	}
	return nil
}

// Len is the number of rows.
func (s *Set) Len() int { return len(s.labels) }

// Classes are the class names in class order: those of the class index, those that datasets noted in the files, or numbers.
func (s *Set) Classes() []string { return s.classes }

// Label is the class of row i.
func (s *Set) Label(i int) int { return int(s.labels[i]) }

// find returns the row group that holds row i and its place there.
func (s *Set) find(i int) (group, int) {
	at, exact := slices.BinarySearchFunc(s.first, i, func(first, i int) int { return cmp.Compare(first, i) })
	if !exact {
		at--
	}
	for s.first[at+1] == s.first[at] { // groups without rows
		at++
	}
	return s.groups[at], i - s.first[at]
}

// Name is the file of row i, its row group and its place there, for example "train.parquet#3.17".
func (s *Set) Name(i int) string {
	g, row := s.find(i)
	return fmt.Sprintf("%s#%d.%d", g.path, g.number, row)
}

// Bytes reads the picture of row i.
func (s *Set) Bytes(i int, buf []byte) ([]byte, error) {
	g, row := s.find(i)
	b, err := g.read(row, buf, cmp.Or(max(s.limits.MaxBytes, 0), decode.DefaultMaxBytes))
	if err != nil {
		return nil, fmt.Errorf("image %q: %w", s.Name(i), err)
	}
	return b, nil
}

// read reads the page that holds a row's picture. The file is open only as long: a data set may have more files than a process may have open.
func (g group) read(row int, buf []byte, most int64) (b []byte, err error) {
	defer damaged(&err)
	f, err := os.Open(g.path)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	pages := g.pictures.PagesFrom(f)
	defer pages.Close()
	if err := pages.SeekToRow(int64(row)); err != nil {
		return nil, err
	}
	page, err := pages.ReadPage()
	if err != nil {
		return nil, err
	}
	defer pq.Release(page)
	var value [1]pq.Value
	if n, err := page.Values().ReadValues(value[:]); n == 0 {
		return nil, cmp.Or(err, errors.New("the page ends before the row"))
	}
	switch size := int64(len(value[0].ByteArray())); {
	case value[0].IsNull() || size == 0:
		return nil, errors.New("the row has no picture")
	case size > most:
		return nil, fmt.Errorf("%d bytes are more than the limit of %d", size, most)
	}
	return append(buf[:0], value[0].ByteArray()...), nil
}

// damaged turns a panic of the library, which trusts sizes in the file here and there, into an error.
func damaged(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged: %v", p)
	}
}

// plain is the cause of a failed file operation without the path.
func plain(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
