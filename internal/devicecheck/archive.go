package devicecheck

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"

	"mnv2/internal/atomicfile"
)

// pack writes the files of a folder into a compressed archive, in which they lie in a folder called name.
func pack(archive, name, folder string) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	return atomicfile.Write(archive, 0o644, func(w io.Writer) error {
		zip := gzip.NewWriter(w)
		tape := tar.NewWriter(zip)
		for _, f := range files {
			if err := add(tape, path.Join(name, f.Name()), filepath.Join(folder, f.Name())); err != nil {
				return err
			}
		}
		return errors.Join(tape.Close(), zip.Close())
	})
}

func add(tape *tar.Writer, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := tape.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
		return err
	}
	_, err = io.Copy(tape, f)
	return err
}
