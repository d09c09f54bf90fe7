package data

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/imagenet"
	"mnv2/internal/shareddata"
)

var classIndexForms = map[string]struct {
	text    string
	folders []string
	names   []string
}{
	"keras":       {`{"0": ["n01440764", "tench"], "1": ["n01484850", "great_white_shark"]}`, []string{"n01440764", "n01484850"}, []string{"tench", "great white shark"}},
	"any order":   {`{"1": ["b", "Bee"], "0": ["a", "Ant"]}`, []string{"a", "b"}, []string{"Ant", "Bee"}},
	"names":       {`{"0": "pick_up", "1": "dog"}`, []string{"pick_up", "dog"}, []string{"pick_up", "dog"}},
	"torchvision": {`{"dog": 1, "cat": 0}`, []string{"cat", "dog"}, []string{"cat", "dog"}},
	"digits":      {`{"7": 1, "3": 0}`, []string{"3", "7"}, []string{"3", "7"}},
	"list":        {"\ufeff [\"cat\", \"dog\"]\n", []string{"cat", "dog"}, []string{"cat", "dog"}},
	"list pairs":  {`[["n1", "a_b"], ["n2", "c"]]`, []string{"n1", "n2"}, []string{"a b", "c"}},
	"text":        {"cat\r\ngolden retriever\r\n\r\n", []string{"cat", "golden retriever"}, []string{"cat", "golden retriever"}},
	"text tabs":   {"n1\tgolden retriever\nn2\tcat", []string{"n1", "n2"}, []string{"golden retriever", "cat"}},
	"text wnids":  {"n01440764 tench, Tinca tinca\nn01443537 goldfish\n", []string{"n01440764", "n01443537"}, []string{"tench, Tinca tinca", "goldfish"}},
	"bare wnids":  {"n01440764\nn01443537", []string{"n01440764", "n01443537"}, []string{"n01440764", "n01443537"}},
}

func TestParseClassIndex(t *testing.T) {
	for name, c := range classIndexForms {
		t.Run(name, func(t *testing.T) {
			got, err := ParseClassIndex([]byte(c.text))
			require.NoError(t, err)
			require.Equal(t, ClassIndex{c.folders, c.names}, got)
		})
	}
}

var badClassIndices = map[string]struct{ text, want string }{
	"empty":          {" \n", "the file is empty"},
	"no members":     {`{}`, "no classes"},
	"no elements":    {`[]`, "no classes"},
	"cut object":     {`{"0": "cat"`, "not valid JSON"},
	"cut list":       {`["cat"`, "not valid JSON"},
	"rest":           {`{"0": "cat"} {}`, "more data after"},
	"gap":            {`{"0": "cat", "2": "dog"}`, "index 2: 2 classes need the indices 0 to 1"},
	"negative":       {`{"cat": -1}`, "index -1"},
	"huge":           {`{"cat": 1000000000000}`, "index 1000000000000"},
	"twice":          {`{"0": "cat", "0": "dog"}`, "index 0 is given twice"},
	"same index":     {`{"cat": 0, "kitten": 0}`, "index 0 is given twice"},
	"word key":       {`{"cat": "dog"}`, `key "cat": want a class index`},
	"fraction":       {`{"cat": 0.5}`, `key "cat"`},
	"three":          {`{"0": ["a", "b", "c"]}`, `class 0: ["a", "b", "c"]: want "name" or ["folder", "name"]`},
	"null":           {`[null]`, "class 0: null"},
	"null value":     {`{"0": null}`, "class 0: null"},
	"empty name":     {`[""]`, "class 0: an empty class name"},
	"empty key":      {`{"": 0}`, "an empty class name"},
	"number in list": {`[1]`, "class 0: 1"},
	"empty line":     {"cat\n\ndog", "line 2 is empty"},
	"binary":         {"cat\x00", "neither JSON nor text"},
}

func TestParseClassIndexErrors(t *testing.T) {
	for name, c := range badClassIndices {
		t.Run(name, func(t *testing.T) {
			_, err := ParseClassIndex([]byte(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestReadClassIndexNamesTheFile(t *testing.T) {
	_, err := ReadClassIndex("no such file.json")
	require.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(t.TempDir(), "index.json")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o644))
	_, err = ReadClassIndex(path)
	require.ErrorContains(t, err, fmt.Sprintf("class index %q: not valid JSON", path))
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat(" ", maxClassIndexBytes+1)), 0o644))
	_, err = ReadClassIndex(path)
	require.ErrorContains(t, err, "larger than 16 MiB")
}

func TestReadKerasClassIndex(t *testing.T) {
	index, err := ReadClassIndex(shareddata.Path(t, "imagenet-sample/imagenet_class_index.json"))
	require.NoError(t, err)
	require.Equal(t, ClassIndex{imagenet.WNIDs(), imagenet.Labels()}, index)
}

func TestLookup(t *testing.T) {
	classes := ClassIndex{
		Folders: []string{"n1", "n2", "n3", "n4", "twin", "twin"},
		Names:   []string{"crane", "crane", "cat", "n3", "x", "y"},
	}.lookup()
	require.Equal(t, map[string]int{"n1": 0, "n2": 1, "n3": 2, "n4": 3, "cat": 2, "crane": ambiguous, "twin": ambiguous, "x": 4, "y": 5}, classes)
}

func FuzzParseClassIndex(f *testing.F) {
	for _, c := range classIndexForms {
		f.Add([]byte(c.text))
	}
	for _, c := range badClassIndices {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		index, err := ParseClassIndex(b)
		if err != nil {
			require.Empty(t, index.Folders)
			return
		}
		require.NotEmpty(t, index.Folders)
		require.Len(t, index.Names, len(index.Folders))
		for i, folder := range index.Folders {
			require.NotEmpty(t, strings.TrimSpace(folder), "class %d", i)
			require.NotEmpty(t, strings.TrimSpace(index.Names[i]), "class %d", i)
		}
		index.lookup()
	})
}
