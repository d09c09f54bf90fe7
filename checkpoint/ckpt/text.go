package ckpt

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// decodeText turns UTF-32 (little-endian) into UTF-8.
func decodeText(content []byte) ([]byte, error) {
	if len(content)%4 != 0 {
		return nil, errors.New("text must hold four bytes for each character")
	}
	out := make([]byte, 0, len(content)/4)
	for ; len(content) > 0; content = content[4:] {
		r := binary.LittleEndian.Uint32(content)
		if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
			return nil, errors.New("text holds a value that is no character")
		}
		out = utf8.AppendRune(out, rune(r))
	}
	return out, nil
}

// encodeText turns UTF-8 into UTF-32 (little-endian).
func encodeText(text []byte) []byte {
	out := make([]byte, 0, 4*len(text))
	for _, r := range string(text) {
		out = binary.LittleEndian.AppendUint32(out, uint32(r))
	}
	return out
}
