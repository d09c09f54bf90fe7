package data

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A CIFAR record is one label byte (CIFAR-10) or a coarse and a fine label byte (CIFAR-100), then 32x32 red, green and blue values.
const (
	cifarSide   = 32
	cifarPixels = 3 * cifarSide * cifarSide
)

// maxRecordBytes bounds a CIFAR or MNIST file in memory; the largest original, CIFAR-100's train.bin, has 154 MB.
const maxRecordBytes = 1 << 30

// cifarLayout is what differs between the two sets.
type cifarLayout struct {
	name    string
	folder  string              // of the unpacked archive
	files   map[string][]string // by usage
	labels  int                 // label bytes per record; the last one counts
	meta    string              // file of class names, one per line
	classes []string
}

var cifar10 = cifarLayout{
	name: "CIFAR-10", folder: "cifar-10-batches-bin", labels: 1, meta: "batches.meta.txt",
	files: map[string][]string{
		"train": {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
		"test":  {"test_batch.bin"},
	},
	classes: strings.Fields("airplane automobile bird cat deer dog frog horse ship truck"),
}

var cifar100 = cifarLayout{
	name: "CIFAR-100", folder: "cifar-100-binary", labels: 2, meta: "fine_label_names.txt",
	files: map[string][]string{"train": {"train.bin"}, "test": {"test.bin"}},
	classes: strings.Fields(`apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
		camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin
		elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man
		maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
		plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail
		snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout
		tulip turtle wardrobe whale willow_tree wolf woman worm`),
}

// OpenCIFAR10 reads the binary version of CIFAR-10 into memory: usage "train" or "test", from root or from
// root/cifar-10-batches-bin.
func OpenCIFAR10(root, usage string) (*Records, error) { return openCIFAR(cifar10, root, usage) }

// OpenCIFAR100 reads the binary version of CIFAR-100 with its 100 fine labels: usage "train" or "test", from root or from
// root/cifar-100-binary.
func OpenCIFAR100(root, usage string) (*Records, error) { return openCIFAR(cifar100, root, usage) }

func openCIFAR(l cifarLayout, root, usage string) (*Records, error) {
	files, known := l.files[usage]
	if !known {
		return nil, fmt.Errorf("%s: no split %q (train|test)", l.name, usage)
	}
	dir := root
	if info, err := os.Stat(filepath.Join(root, l.folder)); err == nil && info.IsDir() {
		dir = filepath.Join(root, l.folder)
	}
	set := &Records{w: cifarSide, h: cifarSide, c: 3, classes: l.classes}
	if err := set.readNames(filepath.Join(dir, l.meta)); err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	for _, name := range files {
		path := filepath.Join(dir, name)
		b, err := readRecordFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w (want the binary version: %s)", l.name, err, strings.Join(files, ", "))
		}
		f, err := parseCIFAR(b, l.labels)
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", l.name, path, err)
		}
		f.name = path
		if err := set.add(f); err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return set, nil
}

// readNames takes the class names from a file where there is one with the right number of them.
func (r *Records) readNames(path string) error {
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	names := strings.Fields(string(b))
	if len(names) != len(r.classes) {
		return fmt.Errorf("%q: %d class names, want %d", path, len(names), len(r.classes))
	}
	r.classes = names
	return nil
}

// parseCIFAR cuts a file into records. The result shares memory with b.
func parseCIFAR(b []byte, labelBytes int) (recordFile, error) {
	size := labelBytes + cifarPixels
	if len(b) == 0 || len(b)%size != 0 {
		return recordFile{}, fmt.Errorf("%d bytes: want a multiple of %d, the size of a record (is the file cut?)", len(b), size)
	}
	f := recordFile{planar: true}
	for ; len(b) > 0; b = b[size:] {
		f.labels = append(f.labels, b[labelBytes-1])
		f.pixels = append(f.pixels, b[labelBytes:size:size])
	}
	return f, nil
}

// readRecordFile reads a file into memory, if it is not far larger than any known one.
func readRecordFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRecordBytes {
		return nil, fmt.Errorf("%q: %d bytes are more than the limit of %d", path, info.Size(), maxRecordBytes)
	}
	return os.ReadFile(path)
}
