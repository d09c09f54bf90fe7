package decode

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"mnv2/csrc/jpegturbo"
	"mnv2/data/pixel"
)

// turboChoice is what MNV2_JPEG and the machine came to: a library, our own decoder, or an error.
type turboChoice struct {
	lib *jpegturbo.Library // nil: our own decoder
	why string             // our own decoder is used
	err error              // the choice cannot be had
}

var turbo = sync.OnceValue(func() turboChoice { return chooseTurbo(os.Getenv("MNV2_JPEG")) })

// chooseTurbo opens libjpeg-turbo if choice asks for it: auto (or nothing), turbo, or go.
func chooseTurbo(choice string) turboChoice {
	switch choice {
	case "go":
		return turboChoice{why: "MNV2_JPEG=go"}
	case "", "auto", "turbo":
		library, err := jpegturbo.Open()
		if err == nil {
			return turboChoice{lib: library}
		}
		if choice == "turbo" {
			return turboChoice{err: fmt.Errorf("MNV2_JPEG=turbo: %w", err)}
		}
		return turboChoice{why: err.Error()}
	}
	return turboChoice{err: fmt.Errorf("MNV2_JPEG=%q: want auto, turbo or go", choice)}
}

// JPEG says which decoder JPEG files get: libjpeg-turbo where the program was built with cgo and the machine has it, else our own,
// which gives the same bytes. The environment variable MNV2_JPEG (auto, turbo, go) chooses; a choice that cannot be had is an error
// here and for every file.
func JPEG() (string, error) {
	t := turbo()
	switch {
	case t.err != nil:
		return "", t.err
	case t.lib != nil:
		return t.lib.String(), nil
	}
	return "built in (" + t.why + ")", nil
}

// decodeTurbo decodes r of b with libjpeg-turbo into dst if it has the capacity. It reports false for what our own decoder must judge:
// files without an end marker, damaged ones, and those that the library does not turn into colours.
func (t turboChoice) decodeTurbo(b []byte, r pixel.Rect, dst []byte) (pixel.Image, bool) {
	if t.lib == nil || !bytes.HasSuffix(bytes.TrimRight(b, "\x00"), []byte{0xFF, 0xD9}) {
		return pixel.Image{}, false
	}
	n := 3 * r.W * r.H
	if cap(dst) < n {
		dst = make([]byte, n)
	}
	dst = dst[:n]
	if t.lib.Region(b, r.X, r.Y, r.W, r.H, dst) != nil {
		return pixel.Image{}, false
	}
	return pixel.Image{Pix: dst, W: r.W, H: r.H, C: 3}, true
}
