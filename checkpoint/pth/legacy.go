package pth

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"mnv2/checkpoint/internal/tensor"
)

// legacyMagic is the first pickle of a legacy file: the 80-bit number 0x1950a86a20f9469cfc6c.
var legacyMagic = []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")

// legacyProtocol is the version in the second pickle; there never was another.
const legacyProtocol = 1001

// IsLegacy reports whether data begins like a PyTorch file from before 1.6.
func IsLegacy(data []byte) bool { return bytes.HasPrefix(data, legacyMagic) }

// DecodeLegacy reads a whole legacy file: five pickles (magic, protocol, machine, object, storage keys), then for each
// key an int64 count and that many elements. Contiguous tensors share memory with data.
// Every error is tensor.ErrFormat.
func DecodeLegacy(data []byte) (*tensor.File, error) {
	f, err := decodeLegacy(data)
	if err != nil {
		return nil, tensor.Errorf("pth (legacy form): %w", err)
	}
	return f, nil
}

func decodeLegacy(data []byte) (*tensor.File, error) {
	if !IsLegacy(data) {
		return nil, errors.New("the magic number is missing")
	}
	rest := data[len(legacyMagic):]
	var parts [4]pickled
	for i := range parts {
		var err error
		if parts[i], err = unpickle(rest); err != nil {
			return nil, err
		}
		rest = rest[parts[i].bytes:]
	}
	protocol, machine, object := parts[0].root, parts[1].root, parts[2]
	if protocol != int64(legacyProtocol) {
		return nil, fmt.Errorf("the protocol is not %d", legacyProtocol)
	}
	if m, ok := machine.(*dict); !ok || m.get("little_endian") != true {
		return nil, errors.New("not written on a little-endian machine")
	}
	keys, ok := parts[3].root.(*list)
	if !ok {
		return nil, errors.New("the list of storages is missing")
	}
	s, err := locate(rest, keys, object.kinds)
	if err != nil {
		return nil, err
	}
	return flatten(object.root, tensor.PTHLegacy, s, len(data))
}

// legacyStorages are the storages of a legacy file by key.
type legacyStorages map[string][]byte

func (s legacyStorages) bytes(ref storageRef) ([]byte, error) {
	b, ok := s[ref.key]
	if !ok {
		return nil, fmt.Errorf("storage %q is not in the file", ref.key)
	}
	return b, nil
}

// locate finds each storage in the data after the pickles. Its length in bytes follows from the class that the object
// gives it.
func locate(rest []byte, keys *list, kinds map[string]storageKind) (legacyStorages, error) {
	out := legacyStorages{}
	for _, k := range keys.items {
		key, ok := keyText(k)
		kind, known := kinds[key]
		if !ok || !known || out[key] != nil {
			return nil, fmt.Errorf("storage %q is listed twice or belongs to no tensor", key)
		}
		if len(rest) < 8 {
			return nil, fmt.Errorf("storage %q: the file is cut", key)
		}
		numel := binary.LittleEndian.Uint64(rest)
		rest = rest[8:]
		if numel > math.MaxInt64/8 || numel*uint64(kind.size()) > uint64(len(rest)) {
			return nil, fmt.Errorf("storage %q: %d elements, but %d bytes are left: the file is cut", key, numel, len(rest))
		}
		n := int(numel) * int(kind.size())
		out[key], rest = rest[:n:n], rest[n:]
	}
	return out, nil
}
