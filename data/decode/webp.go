package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"

	"mnv2/data/pixel"
)

func isWebP(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP"
}

var errAnimated = errors.New("animated WebP is not supported; save its first frame")

// webpFrame finds the chunk that holds the picture: lossy ("VP8 ") or lossless ("VP8L"). The chunk for alpha and all
// others are passed over. The size that counts is the one in this chunk, not the canvas size of the extended header,
// which could claim less.
func webpFrame(b []byte) (kind string, data []byte, err error) {
	for rest := b[12:]; len(rest) >= 8; {
		kind, n := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		switch kind {
		case "VP8 ", "VP8L":
			if n > uint64(len(rest)) {
				return "", nil, io.ErrUnexpectedEOF
			}
			return kind, rest[:n], nil
		case "ANIM", "ANMF":
			return "", nil, errAnimated
		}
		n += n & 1 // chunks are padded to even length
		if n > uint64(len(rest)) {
			break
		}
		rest = rest[n:]
	}
	return "", nil, io.ErrUnexpectedEOF
}

func webpSize(b []byte) (w, h int, err error) {
	kind, data, err := webpFrame(b)
	if err != nil {
		return 0, 0, err
	}
	if kind == "VP8L" {
		c, err := vp8l.DecodeConfig(bytes.NewReader(data))
		return c.Width, c.Height, err
	}
	_, fh, err := openVP8(data)
	return fh.Width, fh.Height, err
}

func openVP8(data []byte) (*vp8.Decoder, vp8.FrameHeader, error) {
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(data), len(data))
	fh, err := d.DecodeFrameHeader()
	return d, fh, err
}

func decodeWebP(b []byte) (pixel.Image, error) {
	kind, data, err := webpFrame(b)
	if err != nil {
		return pixel.Image{}, err
	}
	if kind == "VP8L" {
		return packed(vp8l.Decode)(data)
	}
	d, _, err := openVP8(data)
	if err != nil {
		return pixel.Image{}, err
	}
	m, err := d.DecodeFrame()
	if err != nil {
		return pixel.Image{}, err
	}
	if m.SubsampleRatio != image.YCbCrSubsampleRatio420 {
		return pixel.Image{}, fmt.Errorf("chroma ratio %v", m.SubsampleRatio)
	}
	return fromVP8(m), nil
}

// fromVP8 upsamples chroma and converts to RGB as libwebp does by default. Luma and chroma have limited range
// (16..235, 16..240), which image.YCbCr does not know.
func fromVP8(m *image.YCbCr) pixel.Image {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := pixel.New(w, h, 3)
	cw, ch := (w+1)/2, (h+1)/2
	u, v := make([]byte, 2*cw), make([]byte, 2*cw)
	for y := range h {
		near, far := y/2, y/2-1
		if y%2 == 1 {
			far = y/2 + 1
		}
		far = min(max(far, 0), ch-1)
		webpUpsample(u, m.Cb[near*m.CStride:][:cw], m.Cb[far*m.CStride:][:cw])
		webpUpsample(v, m.Cr[near*m.CStride:][:cw], m.Cr[far*m.CStride:][:cw])
		webpRow(out.Row(y), m.Y[y*m.YStride:][:w], u, v)
	}
	return out
}

// webpUpsample doubles a chroma row: 9/16 of the sample a result lies in, 3/16 of its two neighbours, 1/16 of the
// diagonal one, with libwebp's two roundings.
func webpUpsample(out, near, far []byte) {
	last := len(near) - 1
	out[0] = byte((3*int(near[0]) + int(far[0]) + 2) >> 2)
	out[2*last+1] = byte((3*int(near[last]) + int(far[last]) + 2) >> 2)
	for i := range last {
		na, nb, fa, fb := int(near[i]), int(near[i+1]), int(far[i]), int(far[i+1])
		sum := na + nb + fa + fb + 8
		out[2*i+1] = byte(((sum+2*(nb+fa))>>3 + na) >> 1)
		out[2*i+2] = byte(((sum+2*(na+fb))>>3 + nb) >> 1)
	}
}

// webpRow converts one row with libwebp's 14-bit constants, of which 6 bits remain to be dropped at the end.
func webpRow(dst, luma, u, v []byte) {
	for i, y := range luma {
		yy, u, v := int32(y)*19077>>8, int32(u[i]), int32(v[i])
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0] = clamp((yy + v*26149>>8 - 14234) >> 6)
		d[1] = clamp((yy - u*6419>>8 - v*13320>>8 + 8708) >> 6)
		d[2] = clamp((yy + u*33050>>8 - 17685) >> 6)
	}
}

func clamp(v int32) byte {
	return byte(min(max(v, 0), 255))
}
