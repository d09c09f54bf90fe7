package shards

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExpand(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{"a.tar", "a.tar"},
		{"a-{08..11}.tar", "a-08.tar a-09.tar a-10.tar a-11.tar"},
		{"{9..10}", "9 10"},
		{"{x,y}-{1..2}", "x-1 x-2 y-1 y-2"},
		{"a,b{1,2},c", "a b1 b2 c"},
		{"a{}b", "ab"},
	} {
		got, err := Expand(c.pattern)
		require.NoError(t, err, c.pattern)
		assert.Equal(t, c.want, strings.Join(got, " "), c.pattern)
	}
}

func TestExpandRefuses(t *testing.T) {
	for _, pattern := range []string{"", "a,", "{1..}", "{2..1}", "{-1..2}", "{a..b}", "{", "}", "{{1..2}}", "{0..9999999}",
		"{0..9999}{0..9999}", "{1..99999999999999999999}", "}{"} {
		_, err := Expand(pattern)
		assert.Error(t, err, pattern)
	}
}

func TestFind(t *testing.T) {
	root := filepath.Join(t.TempDir(), "with [brackets]*")
	for _, name := range []string{"train-0.tar", "train-1.tar", "val/b.tar", "val/a.tar", "val/.c.tar", "data/test-0.tar", "other.txt"} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, nil, 0o666))
	}
	for _, c := range []struct{ split, want string }{
		{"train", "train-0.tar train-1.tar"},
		{"val", "val/a.tar val/b.tar"},
		{"test", "data/test-0.tar"},
		{"train-{1..1}.tar", "train-1.tar"},
		{"train-[01].tar", "train-0.tar train-1.tar"},
		{"val/*.tar,train-0.tar", "val/a.tar val/b.tar train-0.tar"},
		{filepath.Join(root, "val", "a.tar"), ""},
	} {
		got, err := Find(root, c.split, ".tar")
		if c.want == "" { // an absolute name is a pattern of its own, and this one holds wildcards
			assert.ErrorIs(t, err, ErrNone)
			continue
		}
		require.NoError(t, err, c.split)
		var names []string
		for _, f := range got {
			name, err := filepath.Rel(root, f)
			require.NoError(t, err)
			names = append(names, filepath.ToSlash(name))
		}
		assert.Equal(t, c.want, strings.Join(names, " "), c.split)
	}
	for _, split := range []string{"nothing", "train-{0..2}.tar", "[", "x[.tar"} {
		_, err := Find(root, split, ".tar")
		assert.Error(t, err, split)
	}
	_, err := Find(filepath.Join(root, "nowhere"), "train", ".tar")
	assert.ErrorContains(t, err, "--data_dir")
}

func FuzzExpand(f *testing.F) {
	for _, s := range []string{"a-{00..03}.tar", "{a,b},{1..2}", "{", "}{", "{..}", "{1..2}{3..4}{5..6}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if len(pattern) > 64 {
			return
		}
		names, err := Expand(pattern)
		if err == nil && (len(names) == 0 || len(names) > mostFiles) {
			t.Fatalf("%q stands for %d names", pattern, len(names))
		}
	})
}
