package pth

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/internal/tensor"
)

func TestFlattenErrors(t *testing.T) {
	tensorIn := func(keys ...string) []byte {
		p := &pickler{b: []byte{opEmptyDict}}
		for _, k := range keys {
			p.text(k)
			p.view(8, 0, []int{8}, []int{1})
			p.op(opSetItem)
		}
		return p.b
	}
	twice := append(tensorIn("a.b"), "\x8c\x01a"...)
	twice = append(append(twice, tensorIn("b")...), 's', '.')
	tests := map[string]struct {
		pickle []byte
		want   string
	}{
		"one name twice": {twice, `"a.b": the name is empty or appears twice`},
		"empty name":     {append(tensorIn(""), '.'), "empty"},
		"key None":       {[]byte("}NNs."), "neither text nor"},
		"key true":       {[]byte("}\x88Ns."), "neither text nor"},
		"key 1.5":        {[]byte("}G\x3f\xf8\x00\x00\x00\x00\x00\x00Ns."), "neither text nor"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(pack(t, member{name: "a/data.pkl", data: tt.pickle}, member{name: "a/data/0", data: eight}))
			require.ErrorIs(t, err, tensor.ErrFormat)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestFlattenRoots(t *testing.T) {
	p := &pickler{}
	p.view(8, 2, []int{3}, []int{1})
	for name, tt := range map[string]struct{ before, after, want string }{
		"a tensor": {"", ".", "tensor"},
		"a list":   {"]", "a.", "0"},
		"a tuple":  {"", "\x85.", "0"},
		"bytes and globals carry nothing": {"}\x8c\x01xC\x01as\x8c\x01yctorch\nfloat32\ns\x8c\x01w",
			"s.", "w"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Decode(pack(t, member{name: "a/data.pkl", data: []byte(tt.before + string(p.b) + tt.after)},
				member{name: "a/data/0", data: eight}))
			require.NoError(t, err)
			require.Len(t, f.Tensors, 1)
			require.Equal(t, tt.want, f.Tensors[0].Name)
			require.Nil(t, f.Meta)
		})
	}
}
