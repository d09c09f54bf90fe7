package data

import "mnv2/data/pixel"

// RegionLoader is a Dataset that can decode a part of a picture for less than the whole, or that decodes into memory it is given.
type RegionLoader interface {
	Dataset
	// LoadRegion reads sample i and decodes at least the part that choose returns, which is told the size of the picture and
	// called at most once. The pixels may be in the memory of s: they are good until the next call with it. They are those of
	// Load. Errors are as from Load; damage outside the part may go unnoticed.
	LoadRegion(i int, choose func(w, h int) pixel.Rect, s *Scratch) (pixel.Excerpt, error)
}

// LoadRegion loads the part of sample i that choose returns, or the whole picture with it if set is no RegionLoader.
func LoadRegion(set Dataset, i int, choose func(w, h int) pixel.Rect, s *Scratch) (pixel.Excerpt, error) {
	if r, ok := set.(RegionLoader); ok {
		return r.LoadRegion(i, choose, s)
	}
	img, err := set.Load(i)
	if err != nil {
		return pixel.Excerpt{}, err
	}
	if img.Check() != nil {
		return pixel.Excerpt{Image: img}, nil // the caller says what is wrong with it
	}
	return img.Excerpt(choose(img.W, img.H)), nil
}
