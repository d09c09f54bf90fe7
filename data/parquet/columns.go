package parquet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	pq "github.com/parquet-go/parquet-go"
)

// columns are the places of the two columns among a file's leaf columns.
type columns struct {
	picture, label int
	labelName      string
}

// labelNames are the columns that are taken for the class, the first that is there.
var labelNames = []string{"label", "labels", "fine_label", "class", "cls", "target"}

// findColumns chooses by type first, by name second: names differ from data set to data set (image, img, jpg).
func findColumns(schema *pq.Schema) (columns, error) {
	c := columns{picture: -1, label: -1}
	var known []string
	best := len(labelNames)
	for _, path := range schema.Columns() {
		leaf, found := schema.Lookup(path...)
		if !found || leaf.MaxRepetitionLevel > 0 {
			continue
		}
		name := strings.Join(path, ".")
		known = append(known, name)
		kind := leaf.Node.Type().Kind()
		logical := leaf.Node.Type().LogicalType()
		isText := logical != nil && logical.Value != nil // text, JSON and the like; pictures are bytes without a meaning
		switch {
		case kind == pq.ByteArray && !isText && c.picture < 0 && (len(path) == 1 || len(path) == 2 && path[1] == "bytes"):
			c.picture = leaf.ColumnIndex
		case (kind == pq.Int64 || kind == pq.Int32) && len(path) == 1:
			if rank := slices.Index(labelNames, name); rank >= 0 && rank < best {
				best, c.label, c.labelName = rank, leaf.ColumnIndex, name
			}
		}
	}
	switch {
	case c.picture < 0:
		return c, fmt.Errorf("no column of pictures (want image with bytes inside); its columns are %s", strings.Join(known, ", "))
	case c.label < 0:
		return c, fmt.Errorf("no column of class numbers (want %s); its columns are %s", strings.Join(labelNames, ", "), strings.Join(known, ", "))
	}
	return c, nil
}

// mostClasses bounds the numbers that labels may be.
const mostClasses = 1 << 20

// readLabels appends the numbers of a column.
func readLabels(labels []int32, chunk pq.ColumnChunk) ([]int32, error) {
	pages := chunk.Pages()
	defer pages.Close()
	values := make([]pq.Value, 1024)
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return labels, nil
		}
		if err != nil {
			return labels, err
		}
		reader := page.Values()
		for {
			n, err := reader.ReadValues(values)
			for _, v := range values[:n] {
				number := v.Int64()
				if v.Kind() == pq.Int32 {
					number = int64(v.Int32())
				}
				if v.IsNull() || number < 0 || number >= min(mostClasses, math.MaxInt32) {
					return labels, fmt.Errorf("row %d: %v is no class (want 0 to %d); is this a split without labels?", len(labels), v, mostClasses-1)
				}
				labels = append(labels, int32(number))
			}
			if errors.Is(err, io.EOF) || err == nil && n == 0 {
				break
			}
			if err != nil {
				pq.Release(page)
				return labels, err
			}
		}
		pq.Release(page)
	}
}

// classNames are what Hugging Face's datasets noted in the file; nil if nothing.
func classNames(file *pq.File, label string) []string {
	text, found := file.Lookup("huggingface")
	if !found {
		return nil
	}
	var notes struct {
		Info struct {
			Features map[string]struct{ Names []string }
		}
	}
	if json.Unmarshal([]byte(text), &notes) != nil {
		return nil // of another version: classes are numbers then
	}
	return notes.Info.Features[label].Names
}
