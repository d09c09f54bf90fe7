package jpeg

// colorMarks is what the application segments say about the colours.
type colorMarks struct {
	isJFIF, isAdobe bool
	transform       byte // of the last Adobe segment: 0 as is, 1 YCbCr, 2 YCCK
}

// isRGB reports whether three components are red, green and blue, by libjpeg's rules.
func (m colorMarks) isRGB(f *frame) bool {
	switch c := f.comps; {
	case m.isJFIF:
		return false
	case m.isAdobe:
		return m.transform == 0
	default:
		return c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B'
	}
}

// A word of the colour tables holds what a sample adds to red, green and blue: green with 16 bits of fraction in bits 0-25,
// red in bits 32-41, blue in bits 48-57. The three words of a pixel are added; every field is kept positive by an
// excess of 256.
const (
	redAt, greenAt, blueAt = 32, 16, 48
	lumaStep               = 1<<redAt | 1<<greenAt | 1<<blueAt
)

var (
	chromaBlue, chromaRed [256]uint64
	clamped               [1024]byte // a field to 0..255
)

// The formulas are libjpeg's: R = Y + 1.402 (Cr-128), G = Y - 0.344136 (Cb-128) - 0.714136 (Cr-128),
// B = Y + 1.772 (Cb-128), with 16 bits of fraction, rounded.
func init() {
	for i := range 256 {
		v := i - 128
		chromaBlue[i] = uint64(256+(116130*v+32768)>>16)<<blueAt + uint64(128<<16-22554*v)
		chromaRed[i] = uint64(256+(91881*v+32768)>>16)<<redAt + uint64(128<<16-46802*v+32768)
	}
	for i := range clamped {
		clamped[i] = byte(min(max(i-256, 0), 255))
	}
}

// ycc converts a row.
func ycc(dst, luma, cb, cr []byte) {
	cb, cr, dst = cb[:len(luma)], cr[:len(luma)], dst[:3*len(luma)]
	for i, y := range luma {
		v := uint64(y)*lumaStep + chromaBlue[cb[i]] + chromaRed[cr[i]]
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0] = clamped[v>>redAt&1023]
		d[1] = clamped[v>>greenAt&1023]
		d[2] = clamped[v>>blueAt&1023]
	}
}

// grey repeats a row in three channels.
func grey(dst, luma []byte) {
	for i, y := range luma {
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0], d[1], d[2] = y, y, y
	}
}

// plain interleaves three rows.
func plain(dst, r, g, b []byte) {
	for i := range r {
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0], d[1], d[2] = r[i], g[i], b[i]
	}
}

// invert replaces the bytes of a row, or of a picture, by 255 less them.
func invert(row []byte) {
	for i := range row {
		row[i] = ^row[i]
	}
}

// blacken multiplies a row of colours by what black leaves of them, over 255, rounded.
func blacken(dst, rest []byte) {
	for i, k := range rest {
		d := dst[3*i : 3*i+3 : 3*i+3]
		for j := range d {
			d[j] = byte((int(d[j])*int(k) + 127) / 255)
		}
	}
}
