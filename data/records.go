package data

import (
	"fmt"
	"slices"

	"mnv2/data/pixel"
)

// Records is a set of pictures of one size held in memory as bytes: CIFAR and MNIST.
type Records struct {
	w, h, c int
	classes []string
	files   []recordFile
	n       int
}

// recordFile is the part of the set that came from one file.
type recordFile struct {
	name   string // for messages
	first  int    // index in the set of the file's first sample
	labels []byte
	pixels [][]byte // one slice of w*h*c bytes for each sample
	planar bool     // pixels are [C][H][W], not [H][W][C]
}

// add appends a file to the set, after checking its labels.
func (r *Records) add(f recordFile) error {
	for i, label := range f.labels {
		if int(label) >= len(r.classes) {
			return fmt.Errorf("%q: record %d: label %d, want 0 to %d", f.name, i, label, len(r.classes)-1)
		}
	}
	f.first = r.n
	r.n += len(f.labels)
	r.files = append(r.files, f)
	return nil
}

// find returns the file that holds sample i and its place in that file. There are never more than a few files.
func (r *Records) find(i int) (recordFile, int) {
	last := len(r.files) - 1
	for last > 0 && r.files[last].first > i {
		last--
	}
	return r.files[last], i - r.files[last].first
}

// Len is the number of samples.
func (r *Records) Len() int { return r.n }

// Classes are the class names in class order.
func (r *Records) Classes() []string { return r.classes }

// Label is the class of sample i.
func (r *Records) Label(i int) int {
	f, at := r.find(i)
	return int(f.labels[at])
}

// Name is the file of sample i and its place in it, for example "cifar/data_batch_1.bin#17".
func (r *Records) Name(i int) string {
	f, at := r.find(i)
	return fmt.Sprintf("%s#%d", f.name, at)
}

// Load returns a copy of sample i.
func (r *Records) Load(i int) (pixel.Image, error) { return r.load(i, nil) }

// LoadRegion copies sample i into the memory of s, as a whole.
func (r *Records) LoadRegion(i int, choose func(w, h int) pixel.Rect, s *Scratch) (pixel.Excerpt, error) {
	img, err := r.load(i, s.pix)
	if err != nil {
		return pixel.Excerpt{}, err
	}
	s.pix = img.Pix
	return img.Excerpt(choose(img.W, img.H)), nil
}

// load copies sample i into pix if there is room.
func (r *Records) load(i int, pix []byte) (pixel.Image, error) {
	if i < 0 || i >= r.n {
		return pixel.Image{}, fmt.Errorf("no sample %d: the set has %d", i, r.n)
	}
	f, at := r.find(i)
	size := r.w * r.h * r.c
	img, src := pixel.Image{Pix: slices.Grow(pix[:0], size)[:size], W: r.w, H: r.h, C: r.c}, f.pixels[at]
	if !f.planar {
		copy(img.Pix, src)
		return img, nil
	}
	plane := r.w * r.h
	for p := range plane {
		for c := range r.c {
			img.Pix[p*r.c+c] = src[c*plane+p]
		}
	}
	return img, nil
}
