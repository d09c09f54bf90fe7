package jpeg

import (
	"encoding/binary"
	"fmt"
	"io"

	"mnv2/data/pixel"
)

// DefaultMaxPixels is what Decoder.MaxPixels 0 stands for.
const DefaultMaxPixels = 100_000_000

// maxScans bounds the time a progressive file may take: a scan of a few bytes can cost a pass over the whole picture.
// Encoders write about ten.
const maxScans = 200

// maxKept is the scratch memory in bytes above which a Decoder gives it up after use.
const maxKept = 64 << 20

// Decoder decodes pictures one after the other and keeps its memory in between. The zero value is ready for use. It is not for
// concurrent use.
type Decoder struct {
	// MaxPixels is the largest width times height, checked before anything of that size is allocated. Default 100 million.
	// Decoding takes 4 to 15 bytes of memory per pixel, most for progressive files.
	MaxPixels int64

	frame           frame
	quant           quantTables
	huffman         huffmanTables
	restartInterval int
	color           colorMarks
	scans           int
	scan            scan
	bits            bitReader
	block           block
	rest            []byte // a row of inverted black
}

// Decode decodes b to interleaved red, green and blue. Grey pictures get three equal channels. Four components are inks: inverted
// if there is an Adobe segment, R = C*K/255 and so on, else R = (255-C)(255-K)/255.
//
// The picture is put into dst if its capacity is sufficient. A file that breaks off before the picture is full gives an
// error that wraps io.ErrUnexpectedEOF; one that lacks only its end marker does not.
func (d *Decoder) Decode(b, dst []byte) (pixel.Image, error) {
	return d.decode(b, pixel.Rect{}, dst)
}

// DecodeRegion decodes the pixels of r, the same bytes as Decode gives there. What lies above and to the left of r is
// read but not reconstructed, and what lies below not even read, unless the file lacks its end marker: then all of it is, so
// that a file cut short is refused whichever part of it is asked for. Damage of other kinds below r is not noticed.
func (d *Decoder) DecodeRegion(b []byte, r pixel.Rect, dst []byte) (pixel.Image, error) {
	if r == (pixel.Rect{}) {
		return pixel.Image{}, fmt.Errorf("region %dx%d: both sides must be at least 1", r.W, r.H)
	}
	return d.decode(b, r, dst)
}

// decode decodes region r, or everything if r is zero.
func (d *Decoder) decode(b []byte, r pixel.Rect, dst []byte) (pixel.Image, error) {
	s, err := open(b)
	if err != nil {
		return pixel.Image{}, err
	}
	d.reset(b)
	defer d.release()
	for {
		marker, body, err := s.next()
		switch {
		case err == io.ErrUnexpectedEOF && d.scans > 0 && d.frame.isComplete():
			return d.output(r, dst), nil
		case err != nil:
			return pixel.Image{}, err
		case marker == markerEOI && d.scans == 0:
			return pixel.Image{}, errNoScan
		case marker == markerEOI:
			return d.output(r, dst), nil
		case isFrameHeader(marker):
			r, err = d.begin(marker, body, r, s)
		case marker == markerSOS:
			s.i, err = d.readScan(body, s.i)
			if err == nil && !d.frame.progressive && d.frame.isComplete() {
				return d.output(r, dst), nil // what follows could not change the picture
			}
		default:
			err = d.readTables(marker, body)
		}
		if err != nil {
			return pixel.Image{}, err
		}
	}
}

// reset forgets the file before.
func (d *Decoder) reset(b []byte) {
	d.frame.w, d.frame.h = 0, 0
	d.quant.isDefined = [4]bool{}
	d.huffman.forget()
	d.restartInterval, d.scans = 0, 0
	d.color = colorMarks{}
	d.bits = bitReader{b: b}
}

// release lets go of the file, and of memory that is too much to be kept.
func (d *Decoder) release() {
	d.bits.b = nil
	kept := 0
	for _, c := range d.frame.comps {
		kept += cap(c.plane) + 2*cap(c.coefs)
	}
	if kept > maxKept {
		d.frame.comps = nil
	}
}

// begin reads the frame header and takes the memory for the picture. It returns the region: r, or everything.
func (d *Decoder) begin(marker byte, body []byte, r pixel.Rect, s segments) (pixel.Rect, error) {
	f := &d.frame
	if f.w > 0 {
		return r, errTwoFrames
	}
	if err := f.parse(marker, body); err != nil {
		return r, err
	}
	if f.w < 1 || f.h < 1 {
		return r, fmt.Errorf("%dx%d: both sides must be at least 1; a height that a DNL segment gives later is not supported", f.w, f.h)
	}
	most := d.MaxPixels
	if most <= 0 {
		most = DefaultMaxPixels
	}
	if int64(f.w)*int64(f.h) > most {
		return r, fmt.Errorf("%dx%d is more than the limit of %d pixels", f.w, f.h, most)
	}
	all := pixel.Rect{W: f.w, H: f.h}
	if r == (pixel.Rect{}) {
		r = all
	}
	if max(r.X, r.W) > f.w || max(r.Y, r.H) > f.h || !r.Within(all) { // the first two, so that no sum overflows
		return r, fmt.Errorf("region %dx%d at (%d, %d) is not inside the picture of %dx%d", r.W, r.H, r.X, r.Y, f.w, f.h)
	}
	scans, hasEnd := s.survey()
	if scans > maxScans {
		return r, fmt.Errorf("%d scans: more than %d are not accepted", scans, maxScans)
	}
	return r, d.allocate(r, len(s.b)-s.i, hasEnd)
}

// allocate places and allocates the components. Of size bytes, not enough for the picture, it says so before it allocates: a
// block takes at least two bits, in progressive files one.
func (d *Decoder) allocate(r pixel.Rect, size int, mayStop bool) error {
	f := &d.frame
	blocks := 0
	for i := range f.comps {
		c := &f.comps[i]
		if err := c.place(f, r); err != nil {
			return err
		}
		if c.rows = c.bh; mayStop {
			c.rows = c.need.y1
		}
		blocks += c.bw * c.bh
	}
	if least := blocks / 8; size < least || !f.progressive && size/2 < least {
		return errCut
	}
	for i := range f.comps {
		f.comps[i].allocate(f.progressive)
	}
	return nil
}

// readScan decodes the scan with this header, whose data begin at byte at, and returns the first byte not used.
func (d *Decoder) readScan(header []byte, at int) (int, error) {
	if d.frame.w == 0 {
		return 0, errNoFrame
	}
	d.scans++
	if err := d.parseScan(header); err != nil {
		return 0, err
	}
	end, err := d.decodeScan(at)
	if err == nil {
		d.scan.note()
	}
	return end, err
}

// readTables reads a segment that is neither frame nor scan.
func (d *Decoder) readTables(marker byte, body []byte) error {
	switch marker {
	case markerDQT:
		return d.quant.parse(body)
	case markerDHT:
		return d.huffman.parse(body)
	case markerDRI:
		if len(body) != 2 {
			return fmt.Errorf("restart interval of %d bytes", len(body))
		}
		d.restartInterval = int(binary.BigEndian.Uint16(body))
	case markerAPP0:
		d.color.isJFIF = d.color.isJFIF || len(body) >= 14 && string(body[:5]) == "JFIF\x00"
	case markerAPP14:
		if len(body) >= 12 && string(body[:5]) == "Adobe" {
			d.color.isAdobe, d.color.transform = true, body[11]
		}
	case markerSOI:
		return errTwoStarts
	}
	return nil
}
