package pth

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnpickleValues(t *testing.T) {
	tests := map[string]struct {
		program string
		want    any
	}{
		"none":                   {"N.", nil},
		"true":                   {"\x80\x02\x88.", true},
		"false":                  {"\x89.", false},
		"one byte":               {"K\xff.", int64(255)},
		"two bytes":              {"M\x01\x02.", int64(513)},
		"four bytes":             {"J\xff\xff\xff\xff.", int64(-1)},
		"long, empty":            {"\x8a\x00.", int64(0)},
		"long, negative":         {"\x8a\x02\x00\xff.", int64(-256)},
		"long, eight bytes":      {"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f.", int64(1<<63 - 1)},
		"long, nine bytes":       {"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", opaque{[]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x01")}},
		"float":                  {"G\xbf\xf8\x00\x00\x00\x00\x00\x00.", -1.5},
		"text":                   {"X\x02\x00\x00\x00\xc3\xbc.", "ü"},
		"short text":             {"\x8c\x01a.", "a"},
		"long text":              {"\x8d\x01\x00\x00\x00\x00\x00\x00\x00a.", "a"},
		"python 2 text":          {"U\x01a.", "a"},
		"python 2 long text":     {"T\x01\x00\x00\x00a.", "a"},
		"python 2 bytes":         {"U\x01\xff.", opaque{[]byte{0xff}}},
		"bytes":                  {"C\x01a.", opaque{[]byte("a")}},
		"long bytes":             {"B\x01\x00\x00\x00a.", opaque{[]byte("a")}},
		"tuples":                 {"(K\x01K\x02t.", tuple{int64(1), int64(2)}},
		"tuple 1":                {"N\x85.", tuple{nil}},
		"tuple 2":                {"NN\x86.", tuple{nil, nil}},
		"tuple 3":                {"NNN\x87.", tuple{nil, nil, nil}},
		"list":                   {"](NNeNa.", &list{items: []any{nil, nil, nil}}},
		"memo":                   {"Nq\x05h\x05\x86.", nil},
		"long memo":              {"K\x07r\x00\x01\x00\x00j\x00\x01\x00\x00\x86.", tuple{int64(7), int64(7)}},
		"memoize, frame and pop": {"\x95\x00\x00\x00\x00\x00\x00\x00\x00K\x07\x94N0h\x00\x86.", tuple{int64(7), int64(7)}},
		"size":                   {"ctorch\nSize\n(K\x02t\x85R.", tuple{int64(2)}},
		"device":                 {"ctorch\ndevice\nX\x03\x00\x00\x00cpu\x85R.", "cpu"},
		"stack global":           {"\x8c\x05torch\x8c\x04Size\x93.", global{"torch", "Size"}},
		"python 2 ordered dict":  {"ccollections\nOrderedDict\n](]K\x01a0](K\x01K\x02ee\x85R.", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := unpickle([]byte(tt.program + "rest"))
			if tt.want == nil && name != "none" {
				return // must only not panic
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, p.root)
			require.Equal(t, len(tt.program), p.bytes)
		})
	}
}

func TestUnpickleDictionaries(t *testing.T) {
	p, err := unpickle([]byte("}(K\x01NK\x02Nu\x8c\x01aNs\x8c\x01aK\x05s."))
	require.NoError(t, err)
	d := p.root.(*dict)
	require.Equal(t, []any{int64(1), int64(2), "a"}, d.keys)
	require.Equal(t, int64(5), d.get("a"), "a later value replaces an earlier one")
	require.Nil(t, d.get("b"))
	require.Nil(t, (*dict)(nil).get("b"))

	p, err = unpickle([]byte("ccollections\nOrderedDict\n](](K\x01K\x02ee\x85R."))
	require.NoError(t, err)
	require.Equal(t, int64(2), p.root.(*dict).get(int64(1)))
}

// TestUnpickleRefusesNames is the reason why this package exists.
func TestUnpickleRefusesNames(t *testing.T) {
	for _, name := range []string{"os system", "posix system", "builtins eval", "__builtin__ exec", "subprocess Popen",
		"torch load", "torch FloatTensor", "torch.nn.modules.linear Linear", "numpy.core.multiarray scalar",
		"argparse Namespace", "collections OrderedDict.fromkeys", "torch.FloatStorage ", "evil FloatStorage", "evil float32"} {
		module, attr, _ := strings.Cut(name, " ")
		for kind, program := range map[string]string{
			"global":       "c" + module + "\n" + attr + "\n(X\x04\x00\x00\x00true\x85R.",
			"stack global": "\x8c" + string(rune(len(module))) + module + "\x8c" + string(rune(len(attr))) + attr + "\x93.",
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				_, err := unpickle([]byte(program))
				require.ErrorContains(t, err, module+"."+attr)
				require.ErrorContains(t, err, "state_dict")
			})
		}
	}
}

func TestUnpickleErrors(t *testing.T) {
	tests := map[string]struct{ program, want string }{
		"empty":                   {"", "cut"},
		"no end":                  {"N", "cut"},
		"nothing":                 {".", "empty"},
		"protocol":                {"\x80\x06N.", "protocol 6"},
		"unknown operation":       {"i.", "operation 0x69"},
		"12 GB of text":           {"\x80\x02X\xff\xff\xff\xff.", "wants 4294967295 bytes"},
		"exabytes of text":        {"\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", "are left"},
		"number cut":              {"M\x01", "left"},
		"text not UTF-8":          {"X\x01\x00\x00\x00\xff.", "UTF-8"},
		"memo missing":            {"h\x01.", "number 1"},
		"memo of nothing":         {"q\x01.", "empty"},
		"pop of nothing":          {"0.", "empty"},
		"pop below a mark":        {"N(0.", "empty"},
		"end below a mark":        {"N(.", "empty"},
		"tuple without mark":      {"Nt.", "no mark"},
		"tuple too short":         {"N\x86.", "too short"},
		"tuple across a mark":     {"N(N\x86.", "too short"},
		"append to number":        {"K\x01Na.", "append"},
		"append to nothing":       {"Na.", "empty"},
		"set in list":             {"]NNs.", "cannot set"},
		"odd keys":                {"}(NNNu.", "cannot set"},
		"list as key":             {"}]Ns.", "key"},
		"tuple as key":            {"})Ns.", "key"},
		"call of text":            {"X\x00\x00\x00\x00)R.", "cannot call"},
		"call with list":          {"ctorch\nSize\n]R.", "cannot call"},
		"call of a class":         {"ctorch\nFloatStorage\n)R.", "cannot be called"},
		"call of a dtype":         {"ctorch\nfloat32\n)R.", "cannot be called"},
		"size of nothing":         {"ctorch\nSize\n)R.", "arguments"},
		"ordered dict of number":  {"ccollections\nOrderedDict\nK\x01\x85R.", "arguments"},
		"ordered dict of singles": {"ccollections\nOrderedDict\n](]e\x85R.", "arguments"},
		"tensor of nothing":       {"ctorch._utils\n_rebuild_tensor_v2\n)R.", "arguments"},
		"tensor of numbers":       {"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x01))tR.", "arguments"},
		"parameter of number":     {"ctorch._utils\n_rebuild_parameter\nK\x01\x85R.", "arguments"},
		"type of itself":          {"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nN)NtR.", "arguments"},
		"attributes of a list":    {"]}b.", "attributes"},
		"attributes not a dict":   {"}]b.", "attributes"},
		"name without end":        {"cos", "does not end"},
		"name too long":           {"c" + strings.Repeat("x", 300) + "\nb\n.", "does not end"},
		"attribute without end":   {"cos\nsystem", "does not end"},
		"stack name not text":     {"NN\x93.", "short strings"},
		"stack name too long":     {"X\x2c\x01\x00\x00" + strings.Repeat("x", 300) + "\x8c\x01a\x93.", "short strings"},
		"persistent number":       {"K\x01Q.", "other than a storage"},
		"persistent module":       {"(\x8c\x06moduleNNNNtQ.", "state_dict"},
		"storage of no class":     {"(\x8c\x07storageN\x8c\x010\x8c\x03cpuK\x01tQ.", "unknown class"},
		"storage without name":    {"(\x8c\x07storagectorch\nFloatStorage\nN\x8c\x03cpuK\x01tQ.", "without a name"},
		"storage of text":         {"(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuNtQ.", "not a number"},
		"storage negative":        {"(\x8c\x07storagectorch\nFloatStorage\nK\x00\x8c\x03cpuJ\xff\xff\xff\xfftQ.", "not a number"},
		"storage view":            {"(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x01K\x01tQ.", "unknown view"},
		"storage view outside":    {"(\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x04(\x8c\x01vK\x02K\x03ttQ.", "outside"},
		"deep stack":              {strings.Repeat("N", maxStack+1), "stack"},
		"many marks":              {strings.Repeat("(", maxStack+1), "stack"},
		"many operations":         {strings.Repeat("N0", maxOperations), "operations"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := unpickle([]byte(tt.program))
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}
