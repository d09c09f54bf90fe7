package pth

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/checkpoint/internal/tensor"
)

// legacyFile holds the parts of a legacy file that tests change. The object is {"w": float tensor}.
type legacyFile struct {
	protocol, machine, object, keys string
	data                            []byte
}

const floatStorage = "(\x8c\x07storagectorch\nFloatStorage\n\x8c\x01k\x8c\x03cpuK\x08"

func legacyObject(storage string) string {
	return "}\x8c\x01wctorch._utils\n_rebuild_tensor_v2\n(" + storage + "K\x01K\x02\x85K\x01\x85\x89}tRs."
}

func goodLegacy() legacyFile {
	data := binary.LittleEndian.AppendUint64(nil, 8)
	for i := range 32 {
		data = append(data, byte(i))
	}
	return legacyFile{
		protocol: "\x80\x02M\xe9\x03.",
		machine:  "\x80\x02}\x8c\x0dlittle_endian\x88s.",
		object:   legacyObject(floatStorage + "NtQ"),
		keys:     "](\x8c\x01ke.",
		data:     data,
	}
}

func (l legacyFile) bytes() []byte {
	return append([]byte(string(legacyMagic)+l.protocol+l.machine+l.object+l.keys), l.data...)
}

func TestDecodeLegacy(t *testing.T) {
	untyped := "}\x8c\x01wctorch._utils\n_rebuild_tensor_v3\n((\x8c\x07storagectorch.storage\nUntypedStorage\n\x8c\x01k\x8c\x03cpuK\x08NtQ" +
		"K\x01K\x02\x85K\x01\x85\x89}ctorch\nuint16\ntRs."
	tests := map[string]struct {
		change func(l *legacyFile)
		data   []byte
		want   string
	}{
		"good":           {func(*legacyFile) {}, []byte{4, 5, 6, 7, 8, 9, 10, 11}, ""},
		"a storage view": {func(l *legacyFile) { l.object = legacyObject(floatStorage + "(\x8c\x01vK\x02K\x04ttQ") }, []byte{12, 13, 14, 15, 16, 17, 18, 19}, ""},
		"key is a number": {func(l *legacyFile) {
			l.object = legacyObject("(\x8c\x07storagectorch\nFloatStorage\nK\x07\x8c\x03cpuK\x08tQ")
			l.keys = "]K\x07a."
		}, []byte{4, 5, 6, 7, 8, 9, 10, 11}, ""},
		"untyped":         {func(l *legacyFile) { l.object = untyped }, []byte{2, 3, 4, 5}, ""},
		"no magic":        {nil, nil, "magic"},
		"protocol":        {func(l *legacyFile) { l.protocol = "K\x01." }, nil, "protocol"},
		"big-endian":      {func(l *legacyFile) { l.machine = "}\x8c\x0dlittle_endian\x89s." }, nil, "little-endian"},
		"no machine":      {func(l *legacyFile) { l.machine = "N." }, nil, "little-endian"},
		"hostile object":  {func(l *legacyFile) { l.object = "cos\nsystem\n." }, nil, "os.system"},
		"no keys":         {func(l *legacyFile) { l.keys = "N." }, nil, "list of storages"},
		"key twice":       {func(l *legacyFile) { l.keys = "](\x8c\x01k\x8c\x01ke." }, nil, "listed twice"},
		"key of nothing":  {func(l *legacyFile) { l.keys = "](\x8c\x01xe." }, nil, "belongs to no tensor"},
		"key is a list":   {func(l *legacyFile) { l.keys = "](]e." }, nil, "belongs to no tensor"},
		"key missing":     {func(l *legacyFile) { l.keys = "]." }, nil, "not in the file"},
		"count cut":       {func(l *legacyFile) { l.data = l.data[:7] }, nil, "cut"},
		"data cut":        {func(l *legacyFile) { l.data = l.data[:39] }, nil, "cut"},
		"count huge":      {func(l *legacyFile) { binary.LittleEndian.PutUint64(l.data, 1<<62) }, nil, "cut"},
		"count overflows": {func(l *legacyFile) { binary.LittleEndian.PutUint64(l.data, 1<<63) }, nil, "cut"},
		"count too small": {func(l *legacyFile) { binary.LittleEndian.PutUint64(l.data, 7) }, nil, "7 elements of 8"},
		"other dtype":     {func(l *legacyFile) { l.object = string(untypedAs("FloatStorage", "float64")) }, nil, "disagree"},
		"dtype not known": {func(l *legacyFile) { l.object = string(untypedAs("FloatStorage", "Size")) }, nil, "arguments"},
		"type is missing": {func(l *legacyFile) {
			l.object = legacyObject("(\x8c\x07storagectorch.storage\nUntypedStorage\n\x8c\x01k\x8c\x03cpuK\x08NtQ")
		}, nil, "no element type"},
		"negative offset": {func(l *legacyFile) {
			l.object = "}\x8c\x01wctorch._utils\n_rebuild_tensor\n(" + floatStorage + "NtQJ\xff\xff\xff\xff))tRs."
		}, nil, "negative"},
		"negative size": {func(l *legacyFile) {
			l.object = "}\x8c\x01wctorch._utils\n_rebuild_tensor\n(" + floatStorage + "NtQK\x00J\xff\xff\xff\xff\x85K\x01\x85tRs."
		}, nil, "not possible"},
		"negative stride": {func(l *legacyFile) {
			l.object = "}\x8c\x01wctorch._utils\n_rebuild_tensor\n(" + floatStorage + "NtQK\x07K\x02\x85J\xff\xff\xff\xff\x85tRs."
		}, nil, "not possible"},
		"size not numbers": {func(l *legacyFile) {
			l.object = "}\x8c\x01wctorch._utils\n_rebuild_tensor\n(" + floatStorage + "NtQK\x00N\x85N\x85tRs."
		}, nil, "arguments"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := goodLegacy()
			file := []byte("no magic")
			if tt.change != nil {
				tt.change(&l)
				file = l.bytes()
			}
			f, err := DecodeLegacy(file)
			if tt.want != "" {
				require.ErrorIs(t, err, tensor.ErrFormat)
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.data, f.Tensors[0].Data)
		})
	}
}

// untypedAs is {"w": tensor} by _rebuild_tensor_v3 with a storage class and a dtype.
func untypedAs(class, dtype string) []byte {
	return []byte("}\x8c\x01wctorch._utils\n_rebuild_tensor_v3\n((\x8c\x07storagectorch\n" + class + "\n\x8c\x01k\x8c\x03cpuK\x08NtQ" +
		"K\x00K\x02\x85K\x01\x85\x89}ctorch\n" + dtype + "\ntRs.")
}
