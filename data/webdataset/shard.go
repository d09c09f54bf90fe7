package webdataset

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// shard is one tar file: where its pictures lie, and their labels as text.
type shard struct {
	path string

	Names   []string // of the pictures' members
	Offsets []int64
	Sizes   []int64
	Labels  []string
}

// Bounds of what is read into memory while listing.
const (
	mostLabelBytes = 1 << 10
	mostJSONBytes  = 1 << 20
	mostNameBytes  = 1 << 12
)

// scan walks over the members of a tar file, jumping over the pictures.
func scan(r io.ReadSeeker) (*shard, error) {
	sh := &shard{}
	archive := tar.NewReader(r)
	var now sample
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return sh, sh.add(now)
		}
		if err != nil {
			return nil, fmt.Errorf("behind %q: %w (cut or damaged?)", now.last, err)
		}
		key, ending, isMember := member(h)
		if !isMember {
			continue
		}
		if key != now.key {
			if err := sh.add(now); err != nil {
				return nil, err
			}
			now = sample{key: key}
		}
		now.last = h.Name
		if err := now.take(h, ending, archive, r); err != nil {
			return nil, fmt.Errorf("member %q: %w", h.Name, err)
		}
	}
}

// member splits the name of a regular file at the first dot of its base name. Hidden files and WebDataset's own notes are no members.
func member(h *tar.Header) (key, ending string, isMember bool) {
	dir, base := path.Split(h.Name)
	stem, ending, hasEnding := strings.Cut(base, ".")
	if h.Typeflag != tar.TypeReg || !hasEnding || stem == "" || strings.HasPrefix(base, "__") || len(h.Name) > mostNameBytes {
		return "", "", false
	}
	return dir + stem, strings.ToLower(ending), true
}

// sample is what is known so far of a group of members.
type sample struct {
	key, last      string
	picture        string // name of the member
	offset, size   int64
	label          string
	hasLabel, took bool
}

// pictureEndings are the members that are taken for the picture.
var pictureEndings = []string{"jpg", "jpeg", "jpe", "png", "webp", "bmp", "gif"}

// take notes a member. The archive stands at its content, r at the same place in the file.
func (s *sample) take(h *tar.Header, ending string, archive io.Reader, r io.Seeker) error {
	s.took = true
	last := ending[strings.LastIndexByte(ending, '.')+1:]
	switch {
	case slices.Contains(pictureEndings, last):
		if s.picture != "" {
			return fmt.Errorf("the sample has a picture already, %q", s.picture)
		}
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		s.picture, s.offset, s.size = h.Name, at, h.Size
	case ending == "cls":
		b, err := readSmall(archive, h.Size, mostLabelBytes)
		if err != nil {
			return err
		}
		s.label, s.hasLabel = strings.TrimSpace(string(b)), true
	case ending == "json" && !s.hasLabel:
		b, err := readSmall(archive, h.Size, mostJSONBytes)
		if err != nil {
			return err
		}
		s.label, s.hasLabel, err = jsonLabel(b)
		return err
	}
	return nil
}

func readSmall(r io.Reader, size, most int64) ([]byte, error) {
	if size > most {
		return nil, fmt.Errorf("%d bytes are more than the limit of %d", size, most)
	}
	return io.ReadAll(io.LimitReader(r, most))
}

// jsonLabel finds the class in a sample's JSON object.
func jsonLabel(b []byte) (label string, found bool, err error) {
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil {
		return "", false, fmt.Errorf("not a JSON object: %w", err)
	}
	for _, key := range []string{"label", "cls", "class", "class_id"} {
		switch v := fields[key].(type) {
		case string:
			return strings.TrimSpace(v), true, nil
		case float64:
			if v != float64(int64(v)) {
				return "", false, fmt.Errorf("%s is %v: want a whole number or a name", key, v)
			}
			return strconv.FormatInt(int64(v), 10), true, nil
		}
	}
	return "", false, nil
}

// add appends a sample that is complete. One without any member is none.
func (sh *shard) add(s sample) error {
	switch {
	case !s.took:
		return nil
	case s.picture == "":
		return fmt.Errorf("sample %q: no picture among its members (want %s)", s.key, strings.Join(pictureEndings, ", "))
	case !s.hasLabel || s.label == "":
		return fmt.Errorf("sample %q: no label among its members (want .cls, or .json with label, cls, class or class_id)", s.key)
	}
	sh.Names, sh.Labels = append(sh.Names, s.picture), append(sh.Labels, s.label)
	sh.Offsets, sh.Sizes = append(sh.Offsets, s.offset), append(sh.Sizes, s.size)
	return nil
}

// list returns the members of the tar file at path, from the cache if they are there. The note says that the cache cannot be written.
func list(path, cacheDir string) (sh *shard, note string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", plain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, "", plain(err)
	}
	if !info.Mode().IsRegular() {
		return nil, "", errors.New("not a regular file")
	}
	id := identity{Path: absolute(path), Size: info.Size(), Changed: info.ModTime().UnixNano()}
	if sh = recall(cacheDir, id); sh == nil {
		if sh, err = scan(f); err != nil {
			return nil, "", err
		}
		note = remember(cacheDir, id, sh)
	}
	if !hasEnd(f, info.Size()) {
		note = fmt.Sprintf("%q has no end mark: it may have been cut behind sample %d", path, len(sh.Names))
	}
	sh.path = path
	return sh, note, nil
}

// hasEnd reports whether a file of that size ends in the zeros that end a tar archive.
func hasEnd(r io.ReaderAt, size int64) bool {
	end := make([]byte, 1024)
	if _, err := r.ReadAt(end, size-int64(len(end))); err != nil {
		return false
	}
	return bytes.Equal(end, make([]byte, len(end)))
}
