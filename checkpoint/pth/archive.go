package pth

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"strings"

	"mnv2/checkpoint/internal/tensor"
)

// maxUnpack is how much larger than the file deflated members may become together. PyTorch stores its members as they
// are; archives that were packed again by hand rarely shrink to a half.
const maxUnpack = 8

// IsArchive reports whether data begins like a zip archive.
func IsArchive(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06"))
}

// Decode reads a whole file in zip form. Contiguous tensors in stored members share memory with data.
// Every error is tensor.ErrFormat.
func Decode(data []byte) (*tensor.File, error) {
	f, err := decodeArchive(data)
	if err != nil {
		return nil, tensor.Errorf("pth: %w", err)
	}
	return f, nil
}

func decodeArchive(data []byte) (*tensor.File, error) {
	a, err := openArchive(data)
	if err != nil {
		return nil, err
	}
	if order, err := a.member("byteorder"); err == nil && string(order) != "little" {
		return nil, fmt.Errorf("byte order %q is not supported; save the file on a little-endian machine", order)
	}
	program, err := a.member("data.pkl")
	if err != nil {
		return nil, err
	}
	if len(program) > maxPickleBytes {
		return nil, fmt.Errorf("data.pkl has %d bytes (at most %d are allowed)", len(program), maxPickleBytes)
	}
	p, err := unpickle(program)
	if err != nil {
		return nil, err
	}
	return flatten(p.root, tensor.PTH, a, len(data))
}

// archive is an opened zip file. It implements storages.
type archive struct {
	data    []byte
	members map[string]*zip.File
	top     string // the one folder that holds everything, with its slash
	budget  uint64 // bytes that deflated members may still unpack to
	cache   map[string][]byte
}

func openArchive(data []byte) (*archive, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("zip: %w (the file is cut or damaged)", err)
	}
	a := &archive{
		data: data, members: make(map[string]*zip.File, len(r.File)),
		budget: maxUnpack * uint64(len(data)), cache: map[string][]byte{},
	}
	found := false
	for _, f := range r.File {
		if a.members[f.Name] != nil {
			return nil, fmt.Errorf("zip: member %q appears twice", f.Name)
		}
		a.members[f.Name] = f
		if dir, name := path.Split(f.Name); name == "data.pkl" && strings.Count(dir, "/") <= 1 {
			if found {
				return nil, fmt.Errorf("zip: more than one data.pkl (%q and %q)", a.top+"data.pkl", f.Name)
			}
			found, a.top = true, dir
		}
	}
	if !found {
		return nil, a.explainMissing()
	}
	if a.members[a.top+"constants.pkl"] != nil {
		return nil, fmt.Errorf("this is a TorchScript program; save the weights with torch.save(model.state_dict(), ...)")
	}
	return a, nil
}

func (a *archive) explainMissing() error {
	for name := range a.members {
		switch path.Ext(name) {
		case ".npy":
			return fmt.Errorf("zip: this is a NumPy .npz archive, not a PyTorch file")
		case ".h5":
			return fmt.Errorf("zip: this is a Keras archive; export the weights as safetensors where the model was made")
		}
	}
	return fmt.Errorf("zip: no data.pkl inside, so this is not a PyTorch file")
}

// bytes returns the content of a storage.
func (a *archive) bytes(ref storageRef) ([]byte, error) { return a.member("data/" + ref.key) }

// member returns the content of one member below the top folder. The checksum is compared unless it is 0: PyTorch can
// be told not to compute it.
func (a *archive) member(name string) ([]byte, error) {
	if b, ok := a.cache[name]; ok {
		return b, nil
	}
	f := a.members[a.top+name]
	if f == nil {
		return nil, fmt.Errorf("zip: member %q is missing", a.top+name)
	}
	b, err := a.content(f)
	if err == nil && f.CRC32 != 0 && crc32.ChecksumIEEE(b) != f.CRC32 {
		err = fmt.Errorf("the checksum is wrong: its bytes were changed")
	}
	if err != nil {
		return nil, fmt.Errorf("zip: member %q: %w", f.Name, err)
	}
	a.cache[name] = b
	return b, nil
}

func (a *archive) content(f *zip.File) ([]byte, error) {
	const encryptedFlag = 1
	offset, err := f.DataOffset()
	if err != nil {
		return nil, err
	}
	if rest := int64(len(a.data)) - offset; rest < 0 || f.CompressedSize64 > uint64(rest) {
		return nil, fmt.Errorf("%d bytes at %d lie outside the file", f.CompressedSize64, offset)
	}
	raw := a.data[offset:][:f.CompressedSize64:f.CompressedSize64]
	switch {
	case f.Flags&encryptedFlag != 0:
		return nil, fmt.Errorf("it is encrypted")
	case f.Method == zip.Store && f.UncompressedSize64 == f.CompressedSize64:
		return raw, nil
	case f.Method == zip.Deflate:
		return a.inflate(raw, f.UncompressedSize64)
	}
	return nil, fmt.Errorf("packed with method %d, sizes %d and %d; PyTorch stores its members", f.Method, f.CompressedSize64, f.UncompressedSize64)
}

// inflate unpacks raw, whose declared size is paid for before a byte is made and which may not turn out larger.
func (a *archive) inflate(raw []byte, size uint64) ([]byte, error) {
	if size > a.budget {
		return nil, fmt.Errorf("unpacks to %d bytes; members may unpack to %d times the file at most", size, maxUnpack)
	}
	a.budget -= size
	out := make([]byte, size)
	r := flate.NewReader(bytes.NewReader(raw))
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if n, _ := io.ReadFull(r, make([]byte, 1)); n != 0 {
		return nil, fmt.Errorf("unpacks to more than the %d bytes it declares", size)
	}
	return out, nil
}
