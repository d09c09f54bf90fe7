package jpeg

import (
	"errors"
	"fmt"
	"io"
)

// scan is one pass over the picture, or over a component.
type scan struct {
	parts       []part
	isAlone     bool // one component: its blocks follow each other row by row, without the padding of interleaved ones
	columns     int  // of MCUs
	rows        int  // of MCUs, as many as must be decoded
	first, last int  // coefficients; progressive only, as the following
	high, low   int  // bit positions: 0 or the one sent before, the one that is sent now
	endRun      int  // blocks to come that have no more coefficients
}

// part is a component's share of a scan.
type part struct {
	c      *component
	dc, ac *huffman
	h, v   int // blocks in an MCU
	pred   int32
	hops   *hops // sequential, when more blocks than the padding are to be passed over
}

// errShort says that a scan stops before the picture is full; the second that the whole file does.
var (
	errShort = errors.New("invalid JPEG format: short Huffman data")
	errCut   = fmt.Errorf("%w (%w)", io.ErrUnexpectedEOF, errShort)
)

// parseScan reads a scan header: the number of components, for each its identifier and tables, then for progressive files
// the range of coefficients and bits (T.81 B.2.3).
func (d *Decoder) parseScan(body []byte) error {
	if len(body) < 1 || len(body) != 4+2*int(body[0]) || body[0] < 1 || body[0] > 4 {
		return fmt.Errorf("scan header of %d bytes", len(body))
	}
	s := &d.scan
	*s = scan{parts: s.parts[:0], isAlone: body[0] == 1}
	tail := body[len(body)-3:]
	s.first, s.last, s.high, s.low = int(tail[0]), int(tail[1]), int(tail[2]>>4), int(tail[2]&15)
	if !d.frame.progressive {
		s.first, s.last, s.high, s.low = 0, 63, 0, 0 // whatever the header says, as libjpeg
	} else if err := s.checkProgression(); err != nil {
		return err
	}
	blocks := 0
	for pairs := body[1 : len(body)-3]; len(pairs) > 0; pairs = pairs[2:] {
		p, err := d.part(pairs[0], pairs[1])
		if err != nil {
			return err
		}
		if s.isAlone {
			p.h, p.v = 1, 1
		}
		blocks += p.h * p.v
		s.parts = append(s.parts, p)
	}
	if blocks > 10 { // T.81 B.2.3
		return fmt.Errorf("scan of %d blocks in an MCU: want at most 10", blocks)
	}
	d.measureScan()
	for i := range s.parts {
		if p := &s.parts[i]; !d.frame.progressive && !p.c.need.isAll(p.c) {
			p.hops = p.ac.makeHops()
		}
	}
	return nil
}

// checkProgression refuses what T.81 G.1.1.1 does not allow.
func (s *scan) checkProgression() error {
	isDC := s.first == 0
	switch {
	case s.last > 63 || s.first > s.last, isDC && s.last > 0, !isDC && !s.isAlone, s.low > 13, s.high > 0 && s.high != s.low+1:
		return fmt.Errorf("scan of coefficients %d to %d, bits %d to %d: not a step of a progression", s.first, s.last, s.high, s.low)
	}
	return nil
}

// part looks up the component and the tables of a scan.
func (d *Decoder) part(id, tables byte) (part, error) {
	c := d.frame.find(id)
	if c == nil {
		return part{}, fmt.Errorf("scan of component %d, which the frame has not", id)
	}
	for _, other := range d.scan.parts {
		if other.c == c {
			return part{}, fmt.Errorf("scan of component %d twice", id)
		}
	}
	if tables>>4 > 3 || tables&15 > 3 {
		return part{}, fmt.Errorf("scan of component %d: huffman tables %02x: want 0 to 3", id, tables)
	}
	p := part{c: c, h: c.h, v: c.v, dc: &d.huffman[0][tables>>4], ac: &d.huffman[1][tables&15]}
	s := &d.scan
	if s.first == 0 && s.high == 0 && !p.dc.isDefined || s.last > 0 && !p.ac.isDefined {
		return part{}, fmt.Errorf("scan of component %d: huffman table %02x is not defined", id, tables)
	}
	if !c.isScanned {
		if !d.quant.isDefined[c.quantAt] {
			return part{}, fmt.Errorf("component %d: quantisation table %d is not defined", id, c.quantAt)
		}
		c.quant, c.isScanned = newQuantiser(&d.quant.tables[c.quantAt]), true
	}
	return p, nil
}

// measureScan sets how many MCUs there are and how many of them must be decoded.
func (d *Decoder) measureScan() {
	s, f := &d.scan, &d.frame
	if s.isAlone {
		c := s.parts[0].c
		s.columns, s.rows = c.bw, c.rows
		return
	}
	s.columns = ceilDiv(f.w, 8*f.maxH)
	for _, p := range s.parts {
		s.rows = max(s.rows, ceilDiv(p.c.rows, p.v))
	}
}

// decodeScan decodes the entropy-coded data that begins at byte at, and returns where it got to.
func (d *Decoder) decodeScan(at int) (int, error) {
	s, r := &d.scan, &d.bits
	r.start(at)
	toRestart := d.restartInterval
	restarts := byte(0)
	for y := range s.rows {
		for x := range s.columns {
			if d.restartInterval > 0 {
				if toRestart == 0 {
					if err := d.restart(restarts & 7); err != nil {
						return 0, err
					}
					toRestart = d.restartInterval
					restarts++
				}
				toRestart--
			}
			err := d.decodeMCU(x, y)
			if r.isSpent() {
				return 0, d.short()
			}
			if err != nil {
				return 0, fmt.Errorf("near byte %d: %w", r.pos, err)
			}
		}
	}
	return r.pos, nil
}

// short is the error for data that ends too early: whether a marker follows or nothing.
func (d *Decoder) short() error {
	s := segments{b: d.bits.b, i: d.bits.pos}
	if _, hasEnd := s.survey(); hasEnd {
		return errShort
	}
	return errCut
}

// restart goes to the next marker, which must be the restart marker with this number. What stands before it is passed over.
func (d *Decoder) restart(number byte) error {
	s := segments{b: d.bits.b, i: d.bits.pos}
	marker, ok := s.marker()
	if !ok {
		return errCut
	}
	if marker != markerRST0+number {
		return fmt.Errorf("near byte %d: marker %02x in place of restart marker %02x", s.i, marker, markerRST0+number)
	}
	d.bits.start(s.i)
	d.scan.endRun = 0
	for i := range d.scan.parts {
		d.scan.parts[i].pred = 0
	}
	return nil
}

// decodeMCU decodes the blocks of MCU (x, y).
func (d *Decoder) decodeMCU(x, y int) error {
	s := &d.scan
	for i := range s.parts {
		p := &s.parts[i]
		for v := range p.v {
			for h := range p.h {
				if err := d.decodeBlock(p, x*p.h+h, y*p.v+v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (d *Decoder) decodeBlock(p *part, x, y int) error {
	if d.frame.progressive {
		return d.decodeProgressive(p, x, y)
	}
	isNeeded := p.c.need.contains(x, y)
	if !isNeeded && p.hops != nil {
		return d.bits.skip(p)
	}
	d.block = block{}
	last, err := d.bits.sequential(&d.block, p)
	if err != nil || !isNeeded { // the padding of interleaved blocks
		return err
	}
	d.block.transform(last, p.c.at(x, y), p.c.stride)
	return nil
}
