package ckpt

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"mnv2/checkpoint/internal/tensor"
)

// The optional trailer of MindSpore 2.3 and later (crc_check=True): these seven characters and the CRC-32 (IEEE) of
// everything before them as a ten-byte big-endian number.
const (
	trailerMark   = "crc_num"
	trailerNumber = 10
	trailerSize   = len(trailerMark) + trailerNumber
)

// checkTrailer returns data without its trailer, if it has one, after comparing the checksum.
func checkTrailer(data []byte) ([]byte, error) {
	cut := len(data) - trailerSize
	if cut < 0 || !bytes.HasPrefix(data[cut:], []byte(trailerMark)) {
		return data, nil
	}
	number := data[cut+len(trailerMark):]
	want := binary.BigEndian.Uint64(number[2:])
	got := uint64(crc32.ChecksumIEEE(data[:cut]))
	if number[0] != 0 || number[1] != 0 || want != got {
		return nil, tensor.Errorf("ckpt: checksum is %#x, the file says %#x: its bytes were changed", got, number)
	}
	return data[:cut], nil
}

// crcWriter remembers the checksum of what passes through.
type crcWriter struct {
	w   io.Writer
	sum uint32
}

func (c *crcWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p[:n])
	return n, err
}

func (c *crcWriter) writeTrailer() error {
	b := append([]byte(trailerMark), 0, 0)
	_, err := c.w.Write(binary.BigEndian.AppendUint64(b, uint64(c.sum)))
	return err
}
