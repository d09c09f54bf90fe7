// Package cubin keeps machine code of kernels on disk, so that a kernel is compiled once for a machine and not at every start. What
// else is dear to make and small is kept the same way.
//
// An entry is a file named by everything that the code depends on. It is written aside and renamed, so that processes that
// compile the same kernel at the same time do not meet, and checked when it is read, so that a torn or altered one is made anew.
// A folder that cannot be used costs time and is said once; it stops nothing.
package cubin

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"mnv2/internal/atomicfile"
)

// Entry is what a compiler made: machine code, and what it said.
type Entry struct {
	Code []byte
	Log  string
}

// Key names what an entry depends on.
type Key [sha256.Size]byte

// KeyOf returns the key of a list of texts; their order and where each ends matter.
func KeyOf(parts ...string) Key {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p)))) // a hash never fails
		_, _ = io.WriteString(h, p)
	}
	return Key(h.Sum(nil))
}

// Cache is a folder of entries. The zero value keeps nothing. It may be used by several goroutines, and the folder by several
// processes.
type Cache struct {
	Dir  string       // made when it is needed; "" keeps nothing
	What string       // what an entry is, for messages: "compiled kernel" if empty
	Warn func(string) // told, once, why the folder cannot be used, and of every damaged entry; may be nil

	once sync.Once
}

// DefaultDir returns where entries go: a folder of mnv2's in the user's cache folder ($XDG_CACHE_HOME or ~/.cache). MNV2_CACHE
// names another; "off" is none.
func DefaultDir() (string, error) {
	switch dir := os.Getenv(EnvDir); dir {
	case "":
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no folder for compiled kernels: %w: set %s", err, EnvDir)
		}
		return filepath.Join(base, "mnv2", "cubin"), nil
	case "off":
		return "", nil
	default:
		return filepath.Join(dir, "cubin"), nil
	}
}

// EnvDir names the environment variable with the folder for what can be made again.
const EnvDir = "MNV2_CACHE"

// Get returns the entry of k: the one that is kept, or what compile makes, which is then kept.
func (c *Cache) Get(k Key, compile func() (Entry, error)) (Entry, error) {
	if c.Dir == "" {
		return compile()
	}
	path := c.path(k)
	if e, ok := c.read(path, k); ok {
		return e, nil
	}
	e, err := compile()
	if err != nil {
		return Entry{}, err
	}
	c.write(path, k, e)
	return e, nil
}

// Put keeps e as the entry of k, in the place of one that turned out to be of no use.
func (c *Cache) Put(k Key, e Entry) {
	if c.Dir != "" {
		c.write(c.path(k), k, e)
	}
}

func (c *Cache) path(k Key) string { return filepath.Join(c.Dir, hex.EncodeToString(k[:])+".cubin") }

func (c *Cache) what() string {
	if c.What == "" {
		return "compiled kernel"
	}
	return c.What
}

// read returns the entry in a file, false if there is none that can be used.
func (c *Cache) read(path string, k Key) (Entry, bool) {
	b, err := readLimited(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{}, false
	}
	if err != nil {
		c.unusable(err)
		return Entry{}, false
	}
	e, err := decode(b, k)
	if err != nil {
		c.warn(fmt.Sprintf("%s %s: %v: it is made anew", c.what(), path, err))
		return Entry{}, false
	}
	return e, true
}

// write keeps an entry, or says why not.
func (c *Cache) write(path string, k Key, e Entry) {
	if len(e.Code)+len(e.Log) > largest-headSize-sha256.Size {
		return
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		c.unusable(err)
		return
	}
	err := atomicfile.Write(path, 0o600, func(w io.Writer) error {
		_, err := w.Write(encode(k, e))
		return err
	})
	if err != nil {
		c.unusable(err)
	}
}

func (c *Cache) unusable(err error) {
	c.once.Do(func() {
		c.warn(fmt.Sprintf("%ss are not kept, so that every start makes them: %v (%s names another folder)", c.what(), err, EnvDir))
	})
}

func (c *Cache) warn(text string) {
	if c.Warn != nil {
		c.Warn(text)
	}
}

// A file is: magic, key, the lengths of log and code (8 bytes each, little-endian), log, code, SHA-256 of all before it.
const (
	magic    = "mnv2 cubin 1\n"
	headSize = len(magic) + sha256.Size + 16
	largest  = 256 << 20 // bytes of a file; kernels have some hundred thousand
)

// readLimited reads a file that is not larger than any that was written.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, largest+1))
	return b, errors.Join(err, f.Close())
}

func encode(k Key, e Entry) []byte {
	b := append([]byte(magic), k[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(e.Log)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(e.Code)))
	b = append(append(b, e.Log...), e.Code...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// decode returns the entry of key k in a file's bytes.
func decode(b []byte, k Key) (Entry, error) {
	if len(b) < headSize+sha256.Size || !bytes.HasPrefix(b, []byte(magic)) {
		return Entry{}, errors.New("is cut short, or no such file")
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return Entry{}, errors.New("is damaged")
	}
	if !bytes.Equal(body[len(magic):len(magic)+sha256.Size], k[:]) {
		return Entry{}, errors.New("belongs to another key")
	}
	log, code := binary.LittleEndian.Uint64(body[headSize-16:]), binary.LittleEndian.Uint64(body[headSize-8:])
	rest := body[headSize:]
	if size := uint64(len(rest)); log > size || code != size-log {
		return Entry{}, errors.New("has wrong lengths")
	}
	return Entry{Code: rest[log:], Log: string(rest[:log])}, nil
}
