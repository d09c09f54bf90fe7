package jpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Markers of ITU-T T.81 table B.1 that matter here.
const (
	markerTEM   = 0x01
	markerSOF0  = 0xC0 // baseline
	markerSOF1  = 0xC1 // extended sequential
	markerSOF2  = 0xC2 // progressive
	markerDHT   = 0xC4
	markerJPG   = 0xC8
	markerDAC   = 0xCC
	markerRST0  = 0xD0
	markerRST7  = 0xD7
	markerSOI   = 0xD8
	markerEOI   = 0xD9
	markerSOS   = 0xDA
	markerDQT   = 0xDB
	markerDRI   = 0xDD
	markerAPP0  = 0xE0
	markerAPP14 = 0xEE
)

// segments walks over the marker segments of a file, skipping entropy-coded data and stray bytes as decoders do.
type segments struct {
	b []byte
	i int
}

// next returns the next marker and its segment's content (nil for the end marker), or io.ErrUnexpectedEOF.
// Afterwards s.i is the first byte behind the segment.
func (s *segments) next() (marker byte, body []byte, err error) {
	for {
		marker, ok := s.marker()
		switch {
		case !ok:
			return 0, nil, io.ErrUnexpectedEOF
		case marker == markerTEM || marker >= markerRST0 && marker <= markerRST7: // without content
			continue
		case marker == markerEOI:
			return marker, nil, nil
		}
		rest := s.b[s.i:]
		if len(rest) < 2 {
			return 0, nil, io.ErrUnexpectedEOF
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n < 2 {
			return 0, nil, fmt.Errorf("marker %02x at byte %d: segment of length %d", marker, s.i-2, n)
		}
		if n > len(rest) {
			return 0, nil, io.ErrUnexpectedEOF
		}
		s.i += n
		return marker, rest[2:n], nil
	}
}

// marker returns the next marker, a byte other than 0 behind one or more bytes FF, and false at the end of the data.
// Afterwards s.i is the byte behind it.
func (s *segments) marker() (byte, bool) {
	for s.i < len(s.b) {
		skip := bytes.IndexByte(s.b[s.i:], 0xFF)
		if skip < 0 {
			break
		}
		s.i += skip
		for s.i < len(s.b) && s.b[s.i] == 0xFF { // fill bytes
			s.i++
		}
		if s.i == len(s.b) {
			break
		}
		s.i++
		if m := s.b[s.i-1]; m != 0 {
			return m, true
		}
	}
	s.i = len(s.b)
	return 0, false
}

// survey counts the scans that follow the current position and reports whether an end marker does.
func (s segments) survey() (scans int, hasEnd bool) {
	for {
		switch marker, _, err := s.next(); {
		case err != nil:
			return scans, false
		case marker == markerEOI:
			return scans, true
		case marker == markerSOS:
			scans++
		}
	}
}
