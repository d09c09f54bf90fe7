package webdataset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"mnv2/internal/atomicfile"
)

// identity says of which state of which file a list is.
type identity struct {
	Path    string
	Size    int64
	Changed int64 // in nanoseconds since 1970
}

// cached is a file of the cache.
type cached struct {
	Version int
	identity
	shard
}

const cacheVersion = 1

// mostCacheBytes bounds a list that is read back: some ten million samples.
const mostCacheBytes = 1 << 30

// place is the file of the cache for a tar file.
func place(dir string, id identity) string {
	sum := sha256.Sum256([]byte(id.Path))
	return filepath.Join(dir, hex.EncodeToString(sum[:12])+".json")
}

// recall reads the list back if it is there, sound, and of this state of the file; else nil, and the file is listed again.
func recall(dir string, id identity) *shard {
	if dir == "" {
		return nil
	}
	f, err := os.Open(place(dir, id))
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostCacheBytes))
	if err != nil {
		return nil
	}
	return parseCached(b, id)
}

// parseCached returns the list in b, nil if it is not that of id or not sound.
func parseCached(b []byte, id identity) *shard {
	var c cached
	if json.Unmarshal(b, &c) != nil || c.Version != cacheVersion || c.identity != id {
		return nil
	}
	n := len(c.Names)
	if len(c.Offsets) != n || len(c.Sizes) != n || len(c.Labels) != n {
		return nil
	}
	for i := range n {
		if c.Offsets[i] < 0 || c.Sizes[i] < 0 || c.Offsets[i] > id.Size-c.Sizes[i] || c.Labels[i] == "" {
			return nil
		}
	}
	return &c.shard
}

// remember writes the list. It returns a sentence if that fails: listing again takes time, but harms nothing.
func remember(dir string, id identity, sh *shard) (note string) {
	if dir == "" {
		return ""
	}
	err := atomicfile.Write(place(dir, id), 0o644, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(cached{cacheVersion, id, *sh})
	})
	if err != nil {
		return fmt.Sprintf("the list of a shard's members cannot be kept for the next time: %v", err)
	}
	return ""
}

// absolute is the path from the root, or as it is where that is not known.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// plain is the cause of a failed file operation without the path.
func plain(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
