// Package tfevents writes the event files that TensorBoard reads.
//
// A file is a sequence of records, each an Event message (proto3, tensorflow/core/util/event.proto):
//
//	uint64 length | uint32 masked CRC-32C of the length | message | uint32 masked CRC-32C of the message
//
// all little-endian. TensorBoard merges the files of one folder by step, and takes a torn last record as "still being
// written", so a run that goes on simply starts another file.
package tfevents

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// Scalar is one point of a curve. A slash in the tag makes a group: "loss/train".
type Scalar struct {
	Tag   string
	Value float64
}

// Writer appends events to a new file.
type Writer struct {
	file *os.File
	buf  *bufio.Writer
	now  func() time.Time
}

// Create starts a new event file in dir.
func Create(dir string) (*Writer, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	now := time.Now()
	for n := 0; ; n++ {
		path := filepath.Join(dir, fmt.Sprintf("events.out.tfevents.%010d.%s.%d.%d", now.Unix(), host, os.Getpid(), n))
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		w := &Writer{file: file, buf: bufio.NewWriter(file), now: time.Now}
		return w, w.record(w.version())
	}
}

// Path is the file that is written.
func (w *Writer) Path() string { return w.file.Name() }

// Scalars adds points at one step. Values that are not finite are left out: TensorBoard draws nothing for them.
func (w *Writer) Scalars(step int, scalars ...Scalar) error {
	var summary []byte
	for _, s := range scalars {
		if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			continue
		}
		summary = protowire.AppendTag(summary, 1, protowire.BytesType) // Summary.value
		summary = protowire.AppendBytes(summary, scalarValue(s))
	}
	if summary == nil {
		return nil
	}
	event := w.event(step)
	event = protowire.AppendTag(event, 5, protowire.BytesType) // Event.summary
	event = protowire.AppendBytes(event, summary)
	return w.record(event)
}

// Flush hands everything to the operating system.
func (w *Writer) Flush() error { return w.buf.Flush() }

// Close flushes and closes the file.
func (w *Writer) Close() error { return errors.Join(w.buf.Flush(), w.file.Close()) }

// event begins an Event with its wall time and step.
func (w *Writer) event(step int) []byte {
	b := protowire.AppendTag(nil, 1, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(float64(w.now().UnixNano())/1e9))
	if step != 0 {
		b = protowire.AppendTag(b, 2, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(step))
	}
	return b
}

// version is the first event of every file.
func (w *Writer) version() []byte {
	b := protowire.AppendTag(w.event(0), 3, protowire.BytesType)
	return protowire.AppendString(b, "brain.Event:2")
}

// scalarValue is a Summary.Value: tag and simple_value.
func scalarValue(s Scalar) []byte {
	b := protowire.AppendTag(nil, 1, protowire.BytesType)
	b = protowire.AppendString(b, s.Tag)
	b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
	return protowire.AppendFixed32(b, math.Float32bits(float32(s.Value)))
}

func (w *Writer) record(data []byte) error {
	head := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	head = binary.LittleEndian.AppendUint32(head, maskedCRC(head))
	tail := binary.LittleEndian.AppendUint32(nil, maskedCRC(data))
	for _, part := range [][]byte{head, data, tail} {
		if _, err := w.buf.Write(part); err != nil {
			return fmt.Errorf("%s: %w", w.file.Name(), err)
		}
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is the checksum of a record, turned and shifted so that the checksum of data that holds checksums is not weak.
func maskedCRC(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
