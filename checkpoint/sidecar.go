package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"mnv2/checkpoint/internal/tensor"
	"mnv2/internal/atomicfile"
)

// A .ckpt file has no place for metadata. It stands in a JSON file beside it that says, by length and CRC-32, which
// content it belongs to. Two files cannot be replaced in one step: the sidecar is written first and keeps the entry of
// the checkpoint that is still there, so that whichever checkpoint survives a crash finds its metadata.
const (
	sidecarSuffix = ".meta.json"
	sidecarFormat = "mnv2-meta-1"
	maxSidecar    = 16 << 20
)

type sidecar struct {
	Format  string         `json:"format"`
	Entries []sidecarEntry `json:"entries"` // newest first
}

type sidecarEntry struct {
	content
	Meta map[string]string `json:"meta"`
}

// content tells one state of a file from another.
type content struct {
	Bytes int64  `json:"bytes"`
	CRC32 uint32 `json:"crc32"`
}

// readSidecar returns the metadata of the checkpoint whose bytes are data, nil if it has no sidecar.
func readSidecar(path string, data []byte) (map[string]string, error) {
	s, err := loadSidecar(path + sidecarSuffix)
	if s == nil || err != nil {
		return nil, err
	}
	this := content{int64(len(data)), crc32.ChecksumIEEE(data)}
	for _, e := range s.Entries {
		if e.content == this {
			if len(e.Meta) == 0 {
				return nil, nil
			}
			return e.Meta, nil
		}
	}
	return nil, tensor.Errorf("metadata %q: it belongs to another state of the checkpoint; delete it to use the weights alone", path+sidecarSuffix)
}

// loadSidecar returns nil without an error if the file does not exist.
func loadSidecar(path string) (*sidecar, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("metadata %q: %w", path, cause(err))
	}
	if !info.Mode().IsRegular() || info.Size() > maxSidecar {
		return nil, tensor.Errorf("metadata %q: not a file of at most %d bytes", path, maxSidecar)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("metadata %q: %w", path, cause(err))
	}
	s, err := parseSidecar(text)
	if err != nil {
		return nil, tensor.Errorf("metadata %q: %w; delete it to use the weights alone", path, err)
	}
	return s, nil
}

func parseSidecar(text []byte) (*sidecar, error) {
	var s sidecar
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, err
	}
	if s.Format != sidecarFormat {
		return nil, fmt.Errorf("format %q is not %q", s.Format, sidecarFormat)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the end")
	}
	return &s, nil
}

// writeWithSidecar writes a checkpoint and its metadata. A checkpoint without metadata has no sidecar in the end.
func writeWithSidecar(path string, meta map[string]string, encode func(io.Writer) error) error {
	if err := tensor.CheckMeta(meta); err != nil {
		return fmt.Errorf("checkpoint %q: %w", path, err)
	}
	beside := path + sidecarSuffix
	_, err := os.Stat(beside)
	needed := len(meta) > 0 || err == nil
	if needed {
		if err := updateSidecar(path, meta, encode); err != nil {
			return fmt.Errorf("checkpoint %q: %w", path, err)
		}
	}
	if err := atomicfile.Write(path, filePerm, encode); err != nil {
		return fmt.Errorf("checkpoint %q: %w", path, err)
	}
	if needed && len(meta) == 0 {
		if err := os.Remove(beside); err != nil {
			return fmt.Errorf("checkpoint %q: %w", path, err)
		}
	}
	return nil
}

// updateSidecar puts an entry for what encode writes before the entry of the file at path.
func updateSidecar(path string, meta map[string]string, encode func(io.Writer) error) error {
	next, err := measure(encode)
	if err != nil {
		return err
	}
	s := sidecar{Format: sidecarFormat, Entries: []sidecarEntry{{next, meta}}}
	if e, ok := currentEntry(path); ok && e.content != next {
		s.Entries = append(s.Entries, e)
	}
	return atomicfile.Write(path+sidecarSuffix, filePerm, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		return enc.Encode(s)
	})
}

// currentEntry returns the sidecar entry of the checkpoint that is at path now. A sidecar that is damaged or belongs to
// something else has nothing worth keeping.
func currentEntry(path string) (sidecarEntry, bool) {
	s, err := loadSidecar(path + sidecarSuffix)
	if s == nil || err != nil {
		s = &sidecar{}
	}
	old, err := os.Open(path)
	if err != nil {
		return sidecarEntry{}, false
	}
	defer old.Close()
	now, err := measure(func(w io.Writer) error {
		_, err := io.Copy(w, old)
		return err
	})
	if err != nil {
		return sidecarEntry{}, false
	}
	for _, e := range s.Entries {
		if e.content == now {
			return e, true
		}
	}
	return sidecarEntry{content: now}, true // it had no metadata, which must stay so until it is replaced
}

// measure runs encode for the length and checksum of what it writes.
func measure(encode func(io.Writer) error) (content, error) {
	var c content
	err := encode(writerFunc(func(p []byte) (int, error) {
		c.Bytes += int64(len(p))
		c.CRC32 = crc32.Update(c.CRC32, crc32.IEEETable, p)
		return len(p), nil
	}))
	return c, err
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Remove deletes a checkpoint and the metadata beside it. If there is no such checkpoint the error is that of os.Remove.
func Remove(path string) error {
	err := os.Remove(path)
	if beside := os.Remove(path + sidecarSuffix); beside != nil && !errors.Is(beside, fs.ErrNotExist) {
		err = errors.Join(err, beside)
	}
	return err
}
