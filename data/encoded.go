package data

import (
	"fmt"

	"mnv2/data/decode"
	"mnv2/data/pixel"
)

// Source is a collection of labelled encoded pictures: what a Dataset is before decoding. Its methods may be called by many goroutines at once.
type Source interface {
	Len() int
	Classes() []string
	Label(i int) int
	Name(i int) string
	// Bytes returns the encoded picture of sample i, in the memory of buf if there is room. Errors name the sample.
	Bytes(i int, buf []byte) ([]byte, error)
}

// Encoded is a Source as a Dataset.
type Encoded struct {
	Source
	limits decode.Limits
}

// NewEncoded decodes the pictures of a source, within limits.
func NewEncoded(s Source, limits decode.Limits) *Encoded { return &Encoded{s, limits} }

// Load reads and decodes sample i. Errors wrap decode.ErrImage.
func (e *Encoded) Load(i int) (pixel.Image, error) {
	b, err := e.bytes(i, nil)
	if err != nil {
		return pixel.Image{}, err
	}
	return decode.Image(b, e.Name(i), e.limits)
}

// LoadRegion reads sample i and decodes the part that choose returns, in the memory of s. Errors are as from Load, but of a JPEG damage
// outside the part may go unnoticed.
func (e *Encoded) LoadRegion(i int, choose func(w, h int) pixel.Rect, s *Scratch) (pixel.Excerpt, error) {
	b, err := e.bytes(i, s.file)
	if err != nil {
		return pixel.Excerpt{}, err
	}
	s.keep(b)
	return s.decodeRegion(b, e.Name(i), e.limits, choose)
}

func (e *Encoded) bytes(i int, buf []byte) ([]byte, error) {
	b, err := e.Bytes(i, buf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", decode.ErrImage, err)
	}
	return b, nil
}

// Notes are those of the source, if it has any.
func (e *Encoded) Notes() []string {
	if s, ok := e.Source.(interface{ Notes() []string }); ok {
		return s.Notes()
	}
	return nil
}

// keep remembers the memory of an encoded picture for the next one, unless it is large.
func (s *Scratch) keep(b []byte) {
	if s.file = b; cap(b) > maxKeptFile {
		s.file = nil
	}
}

// decodeRegion decodes the part of a picture that choose returns.
func (s *Scratch) decodeRegion(b []byte, name string, limits decode.Limits, choose func(w, h int) pixel.Rect) (e pixel.Excerpt, err error) {
	e.Image, err = decode.ImageRegion(b, name, limits, func(w, h int) pixel.Rect {
		e.W, e.H, e.Part = w, h, choose(w, h)
		return e.Part
	}, &s.decode)
	e.At = e.Part
	return e, err
}
