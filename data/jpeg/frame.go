package jpeg

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Config is what the header of a file says about the picture.
type Config struct {
	Width, Height int
	Components    int // 1 grey, 3 colour, 4 inks
	Progressive   bool
}

// DecodeConfig reads the header of b up to its first scan. A good header does not promise that the rest is good.
// A file that ends within the header gives io.ErrUnexpectedEOF. Width or Height may be 0.
func DecodeConfig(b []byte) (Config, error) {
	s, err := open(b)
	if err != nil {
		return Config{}, err
	}
	var f *frame
	for {
		marker, body, err := s.next()
		switch {
		case err != nil:
			return Config{}, err
		case marker == markerSOS && f != nil:
			return Config{f.w, f.h, len(f.comps), f.progressive}, nil
		case marker == markerSOS:
			return Config{}, errNoFrame
		case marker == markerEOI:
			return Config{}, errNoScan
		case isFrameHeader(marker) && f != nil:
			return Config{}, errTwoFrames
		case isFrameHeader(marker):
			f = new(frame)
			if err := f.parse(marker, body); err != nil {
				return Config{}, err
			}
		}
	}
}

var (
	errNoFrame   = errors.New("picture data before the frame header")
	errNoScan    = errors.New("no picture data before the end marker")
	errTwoFrames = errors.New("two frame headers")
	errTwoStarts = errors.New("two start markers")
)

// open checks the start marker.
func open(b []byte) (segments, error) {
	if len(b) < 2 || b[0] != 0xFF || b[1] != markerSOI {
		return segments{}, fmt.Errorf("first bytes % x: want ff d8, the start of a JPEG file", b[:min(len(b), 2)])
	}
	return segments{b: b, i: 2}, nil
}

// frame is the frame header: size and components.
type frame struct {
	progressive bool
	w, h        int
	maxH, maxV  int // the largest sampling factors
	comps       []component
}

func isFrameHeader(marker byte) bool {
	return marker >= markerSOF0 && marker <= 0xCF && marker != markerDHT && marker != markerJPG && marker != markerDAC
}

// process names the coding processes that are not supported.
func process(marker byte) string {
	switch {
	case marker == 0xC3:
		return "lossless"
	case marker < 0xC8:
		return "hierarchical"
	case marker < 0xCB:
		return "arithmetic coding"
	case marker == 0xCB:
		return "lossless, arithmetic coding"
	default:
		return "hierarchical, arithmetic coding"
	}
}

// parse reads a frame header: precision, height, width, number of components, then three bytes for each: identifier,
// sampling factors, quantisation table.
func (f *frame) parse(marker byte, body []byte) error {
	if marker > markerSOF2 {
		return fmt.Errorf("coding process %02x (%s) is not supported", marker, process(marker))
	}
	if len(body) < 6 || len(body) != 6+3*int(body[5]) {
		return fmt.Errorf("frame header of %d bytes", len(body))
	}
	if body[0] != 8 {
		return fmt.Errorf("%d-bit samples are not supported, only 8-bit ones", body[0])
	}
	n := int(body[5])
	if n != 1 && n != 3 && n != 4 {
		return fmt.Errorf("%d components: want 1 (grey), 3 (colour) or 4 (inks)", n)
	}
	f.progressive = marker == markerSOF2
	f.h, f.w = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	f.maxH, f.maxV = 1, 1
	f.comps = f.comps[:0]
	for c := body[6:]; len(c) > 0; c = c[3:] {
		h, v := int(c[1]>>4), int(c[1]&15)
		if h < 1 || h > 4 || v < 1 || v > 4 {
			return fmt.Errorf("component %d: sampling factors %dx%d: want 1 to 4", c[0], h, v)
		}
		if c[2] > 3 {
			return fmt.Errorf("component %d: quantisation table %d: want 0 to 3", c[0], c[2])
		}
		if f.find(c[0]) != nil {
			return fmt.Errorf("two components %d", c[0])
		}
		f.maxH, f.maxV = max(f.maxH, h), max(f.maxV, v)
		f.add(component{id: c[0], h: h, v: v, quantAt: int(c[2])})
	}
	return nil
}

// add appends c, with the scratch memory of the component that was at this place before.
func (f *frame) add(c component) {
	n := len(f.comps)
	if n < cap(f.comps) {
		c.scratch = f.comps[:n+1][n].scratch
	}
	f.comps = append(f.comps, c)
}

// find returns the component with this identifier, or nil.
func (f *frame) find(id byte) *component {
	for i := range f.comps {
		if f.comps[i].id == id {
			return &f.comps[i]
		}
	}
	return nil
}
