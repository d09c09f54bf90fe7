package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"mnv2/data/decode"
	"mnv2/data/pixel"
)

// FolderOptions says how the class folders are numbered and what a picture may cost.
type FolderOptions struct {
	// ClassIndex is a class-index file (see ParseClassIndex). With it a set that holds only some of the classes keeps
	// their numbers, and Classes has the whole list.
	ClassIndex string
	// Classes gives the folder names in class order in place of a file, for example the names that travel with weights.
	Classes []string
	// Limits bound the pictures.
	Limits decode.Limits
}

// Folder is a set of pictures in one folder per class.
type Folder struct {
	dir     string // ROOT/SPLIT
	names   []string
	folders []string
	files   []folderFile
	limits  decode.Limits
	ignored ignored
	empty   []string
}

// folderFile is one picture: its class, its folder's place in folders and its file name.
type folderFile struct {
	label, folder int32
	name          string
}

// OpenFolder lists root/split/CLASS/IMAGE without reading the images. Classes are numbered by the byte-wise order of the
// folder names, empty folders included, unless the options name them; images are ordered by name within a class.
//
// As in MindCV no file is left out for its extension, and folders are not searched deeper: what is no image is an error when it is
// loaded. Hidden files and folders (.DS_Store), Thumbs.db and files beside the class folders are left out; Notes tells.
func OpenFolder(root, split string, o FolderOptions) (*Folder, error) {
	f := &Folder{dir: filepath.Join(root, split), limits: o.Limits}
	entries, err := readSplit(root, split)
	if err != nil {
		return nil, err
	}
	if err := f.addClassFolders(entries); err != nil {
		return nil, err
	}
	labels, err := f.number(o)
	if err != nil {
		return nil, err
	}
	for i, folder := range f.folders {
		if err := f.list(int32(i), labels[i], folder); err != nil {
			return nil, err
		}
	}
	if len(f.files) == 0 {
		return nil, fmt.Errorf("image folder %q: %d class folders, but no images in them", f.dir, len(f.folders))
	}
	return f, nil
}

// readSplit lists root/split in byte-wise order, or says which of the two is missing and what is there.
func readSplit(root, split string) ([]os.DirEntry, error) {
	dir := filepath.Join(root, split)
	entries, err := os.ReadDir(dir)
	if err == nil {
		return entries, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("image folder: %w", err)
	}
	above, rootErr := os.ReadDir(root)
	if rootErr != nil {
		return nil, fmt.Errorf("image folder: %w; --data_dir names the folder that holds the splits", rootErr)
	}
	var found []string
	for _, e := range above {
		if e.IsDir() && !isHidden(e.Name()) {
			found = append(found, e.Name())
		}
	}
	hint := "it holds no folders"
	if len(found) > 0 {
		hint = "it holds " + someOf(found)
	}
	return nil, fmt.Errorf("image folder %q: no split %q: %s; --train_split and --val_split name the splits, --val_share 0.2 makes them of class folders",
		root, split, hint)
}

// addClassFolders takes the folders among the entries of the split.
func (f *Folder) addClassFolders(entries []os.DirEntry) error {
	for _, e := range entries {
		path := filepath.Join(f.dir, e.Name())
		switch {
		case isHidden(e.Name()):
			f.ignored.add(path)
		case e.IsDir() || isLinkToFolder(path, e):
			f.folders = append(f.folders, e.Name())
		default:
			f.ignored.add(path)
		}
	}
	if len(f.folders) == 0 {
		return fmt.Errorf("image folder %q: no class folders: want one folder per class with its images inside", f.dir)
	}
	return nil
}

// isLinkToFolder reports whether e is a symbolic link to a folder: data sets are often put together from links.
func isLinkToFolder(path string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// number gives every class folder its label and sets the class names.
func (f *Folder) number(o FolderOptions) ([]int32, error) {
	labels := make([]int32, len(f.folders))
	if o.ClassIndex == "" && o.Classes == nil {
		for i := range labels {
			labels[i] = int32(i)
		}
		f.names = f.folders
		return labels, nil
	}
	index, source := ClassIndex{Folders: o.Classes, Names: o.Classes}, "the given class names"
	if o.ClassIndex != "" {
		var err error
		if index, err = ReadClassIndex(o.ClassIndex); err != nil {
			return nil, err
		}
		source = fmt.Sprintf("class index %q", o.ClassIndex)
	}
	f.names = index.Names
	classes := index.lookup()
	for i, folder := range f.folders {
		label, known := classes[folder]
		if !known {
			return nil, fmt.Errorf("class folder %q: not among %s, %s", filepath.Join(f.dir, folder), source, someOf(index.Folders))
		}
		if label == ambiguous {
			return nil, fmt.Errorf("class folder %q: several classes of %s have this name", filepath.Join(f.dir, folder), source)
		}
		labels[i] = int32(label)
	}
	return labels, nil
}

// list adds the files of one class folder.
func (f *Folder) list(at, label int32, folder string) error {
	entries, err := os.ReadDir(filepath.Join(f.dir, folder))
	if err != nil {
		return fmt.Errorf("class folder: %w", err)
	}
	before := len(f.files)
	for _, e := range entries {
		if isHidden(e.Name()) {
			f.ignored.add(filepath.Join(f.dir, folder, e.Name()))
			continue
		}
		f.files = append(f.files, folderFile{label, at, e.Name()})
	}
	if len(f.files) == before {
		f.empty = append(f.empty, folder)
	}
	return nil
}

// Len is the number of files.
func (f *Folder) Len() int { return len(f.files) }

// Classes are the names in class order: the folder names, or those of the class index.
func (f *Folder) Classes() []string { return f.names }

// Label is the class of file i.
func (f *Folder) Label(i int) int { return int(f.files[i].label) }

// Name is the path of file i.
func (f *Folder) Name(i int) string {
	return filepath.Join(f.dir, f.folders[f.files[i].folder], f.files[i].name)
}

// Load reads and decodes file i. Errors wrap decode.ErrImage.
func (f *Folder) Load(i int) (pixel.Image, error) {
	path := f.Name(i)
	b, err := readImageFile(path, f.limits, nil)
	if err != nil {
		return pixel.Image{}, err
	}
	return decode.Image(b, path, f.limits)
}

// LoadRegion reads file i and decodes the part that choose returns, in the memory of s. Errors are as from Load, but of a JPEG damage
// outside the part may go unnoticed; a file cut short is refused all the same.
func (f *Folder) LoadRegion(i int, choose func(w, h int) pixel.Rect, s *Scratch) (pixel.Excerpt, error) {
	path := f.Name(i)
	b, err := readImageFile(path, f.limits, s.file)
	if err != nil {
		return pixel.Excerpt{}, err
	}
	s.keep(b)
	return s.decodeRegion(b, path, f.limits, choose)
}
