package tfevents

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// TestEveryFileBeginsAsTensorFlowsDo: the twelve bytes come from files that TensorFlow wrote.
func TestEveryFileBeginsAsTensorFlowsDo(t *testing.T) {
	records, raw := written(t, func(*Writer) {})
	assert.Equal(t, []byte{0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22}, raw[:12])
	require.Len(t, records, 1)
	assert.Len(t, records[0], 24)
	assert.Contains(t, string(records[0]), "brain.Event:2")
}

func TestScalars(t *testing.T) {
	records, _ := written(t, func(w *Writer) {
		require.NoError(t, w.Scalars(300, Scalar{"loss/train", 1.5}, Scalar{"lr", math.NaN()}))
		require.NoError(t, w.Scalars(301, Scalar{"lr", math.Inf(1)}))
	})
	require.Len(t, records, 2, "a step without a finite value writes nothing")
	fields := messageFields(t, records[1])
	step, _ := protowire.ConsumeVarint(fields[2])
	assert.EqualValues(t, 300, step)
	summary, _ := protowire.ConsumeBytes(fields[5])
	value, _ := protowire.ConsumeBytes(messageFields(t, summary)[1])
	parts := messageFields(t, value)
	tag, _ := protowire.ConsumeString(parts[1])
	number, _ := protowire.ConsumeFixed32(parts[2])
	assert.Equal(t, "loss/train", tag)
	assert.Equal(t, float32(1.5), math.Float32frombits(number))
}

func TestFilesDoNotOverwriteEachOther(t *testing.T) {
	dir := t.TempDir()
	first, err := Create(dir)
	require.NoError(t, err)
	second, err := Create(dir)
	require.NoError(t, err)
	assert.NotEqual(t, first.Path(), second.Path())
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	assert.Error(t, second.Close(), "closing twice tells")
	_, err = Create(filepath.Join(dir, "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// written returns the records of a file, their checksums verified, and its bytes.
func written(t *testing.T, write func(*Writer)) ([][]byte, []byte) {
	t.Helper()
	w, err := Create(t.TempDir())
	require.NoError(t, err)
	write(w)
	require.NoError(t, w.Close())
	raw, err := os.ReadFile(w.Path())
	require.NoError(t, err)
	var records [][]byte
	for rest := raw; len(rest) > 0; {
		n := int(binary.LittleEndian.Uint64(rest))
		assert.Equal(t, maskedCRC(rest[:8]), binary.LittleEndian.Uint32(rest[8:]))
		assert.Equal(t, maskedCRC(rest[12:12+n]), binary.LittleEndian.Uint32(rest[12+n:]))
		records = append(records, rest[12:12+n])
		rest = rest[16+n:]
	}
	return records, raw
}

// messageFields returns the bytes that follow the tag of each field of a message.
func messageFields(t *testing.T, b []byte) map[protowire.Number][]byte {
	t.Helper()
	fields := map[protowire.Number][]byte{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		require.NoError(t, protowire.ParseError(n))
		b = b[n:]
		fields[number] = b
		n = protowire.ConsumeFieldValue(number, kind, b)
		require.NoError(t, protowire.ParseError(n))
		b = b[n:]
	}
	return fields
}
