package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Markers of ITU-T T.81 table B.1 that matter here.
const (
	markerSOF0  = 0xC0 // baseline; SOF1 is extended sequential
	markerSOF2  = 0xC2 // progressive
	markerDHT   = 0xC4
	markerJPG   = 0xC8
	markerDAC   = 0xCC
	markerRST0  = 0xD0
	markerRST7  = 0xD7
	markerEOI   = 0xD9
	markerSOS   = 0xDA
	markerAPP14 = 0xEE
)

// segments walks over the marker segments of a JPEG file, skipping entropy-coded data and stray bytes as decoders do.
type segments struct {
	b []byte
	i int
}

// next returns the next marker and its segment's content (nil for the end marker), or io.ErrUnexpectedEOF.
// Afterwards s.i is the first byte behind the segment.
func (s *segments) next() (marker byte, body []byte, err error) {
	for {
		skip := bytes.IndexByte(s.b[s.i:], 0xFF)
		if skip < 0 || s.i+skip+1 >= len(s.b) {
			return 0, nil, io.ErrUnexpectedEOF
		}
		s.i += skip + 1
		marker = s.b[s.i]
		if marker == 0xFF { // a fill byte, it may begin the marker
			continue
		}
		s.i++
		if marker == 0 || marker >= markerRST0 && marker <= markerRST7 { // stuffed byte, restart
			continue
		}
		if marker == markerEOI {
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

// frame is what the segments before the first scan say about the picture.
type frame struct {
	progressive bool
	w, h        int
	ids, hv     []byte // per component: its identifier; its sampling factors, 16*horizontal + vertical
	adobe       []int  // offsets of the colour transform bytes of all Adobe segments
	transform   byte   // the last of these bytes: 0 as is, 1 YCbCr, 2 YCCK
}

// readFrame reads the header of a JPEG file up to its first scan.
func readFrame(b []byte) (frame, error) {
	var f frame
	s := segments{b: b, i: 2} // behind the start marker
	for {
		marker, body, err := s.next()
		switch {
		case err != nil:
			return f, err
		case marker == markerEOI:
			return f, errors.New("no picture data before the end marker")
		case marker == markerSOS && f.ids == nil:
			return f, errors.New("picture data before the frame header")
		case marker == markerSOS:
			return f, nil
		case isFrameHeader(marker):
			if err := f.parse(marker, body); err != nil {
				return f, err
			}
		case marker == markerAPP14 && len(body) >= 12 && string(body[:5]) == "Adobe":
			f.adobe = append(f.adobe, s.i-len(body)+11)
			f.transform = body[11]
		}
	}
}

func isFrameHeader(marker byte) bool {
	return marker >= markerSOF0 && marker <= 0xCF && marker != markerDHT && marker != markerJPG && marker != markerDAC
}

// parse reads a frame header: precision, height, width, number of components, then three bytes for each.
func (f *frame) parse(marker byte, body []byte) error {
	if marker > markerSOF2 {
		return fmt.Errorf("coding process %02x (lossless, hierarchical or arithmetic) is not supported", marker)
	}
	if f.ids != nil {
		return errors.New("two frame headers")
	}
	if len(body) < 6 || len(body) != 6+3*int(body[5]) || body[5] == 0 || body[5] > 4 {
		return fmt.Errorf("frame header of %d bytes", len(body))
	}
	f.progressive = marker == markerSOF2
	f.h, f.w = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	for c := body[6:]; len(c) > 0; c = c[3:] {
		f.ids, f.hv = append(f.ids, c[0]), append(f.hv, c[1])
	}
	return nil
}

// complete reports whether the scans in b cover every coefficient of every component to its last bit. It does not
// look into the entropy-coded data: the decoder notices when a scan breaks off.
func (f *frame) complete(b []byte) bool {
	var missing [4][64]int // 1 + number of low bits still to come; 0 = nothing came yet
	s := segments{b: b, i: 2}
	for {
		marker, body, err := s.next()
		if err != nil || marker == markerEOI {
			break
		}
		if marker == markerSOS {
			f.cover(&missing, body)
		}
	}
	for c := range f.ids {
		for _, bits := range missing[c] {
			if bits != 1 {
				return false
			}
		}
	}
	return true
}

// survey walks over all segments: how many scans there are, and whether an end marker follows.
func survey(b []byte) (scans int, hasEnd bool) {
	s := segments{b: b, i: 2}
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

// cover notes what the scan with this header adds: n, n pairs (component, tables), first and last coefficient, and
// in the low half of the last byte the bit position down to which they are sent.
func (f *frame) cover(missing *[4][64]int, body []byte) {
	if len(body) < 1 || len(body) != 4+2*int(body[0]) {
		return
	}
	first, last, low := 0, 63, 0
	if f.progressive {
		tail := body[len(body)-3:]
		first, last, low = int(tail[0]), min(int(tail[1]), 63), int(tail[2]&15)
	}
	for _, pair := range pairs(body[1 : len(body)-3]) {
		if c := bytes.IndexByte(f.ids, pair[0]); c >= 0 {
			for k := first; k <= last; k++ {
				missing[c][k] = 1 + low
			}
		}
	}
}

func pairs(b []byte) (p [][]byte) {
	for ; len(b) >= 2; b = b[2:] {
		p = append(p, b[:2])
	}
	return p
}
