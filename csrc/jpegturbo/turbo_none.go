//go:build !cgo || !linux

package jpegturbo

import "errors"

// Library stands for the library where it cannot be opened.
type Library struct{}

// Open says that this build cannot open the library.
func Open() (*Library, error) {
	return nil, errors.New("libjpeg-turbo needs a build with cgo for Linux")
}

// String is never called.
func (l *Library) String() string { return "" }

// Region is never called.
func (l *Library) Region([]byte, int, int, int, int, []byte) error { return errors.ErrUnsupported }
