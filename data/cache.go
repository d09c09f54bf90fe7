package data

import (
	"slices"
	"sync/atomic"

	"mnv2/data/pixel"
)

// Cache keeps the decoded pictures of a set, as many as its memory holds, so that they are decoded in the first epoch only. What a
// loader makes of a set is the same with and without it.
type Cache struct {
	Dataset
	pictures []atomic.Pointer[pixel.Image]
	room     atomic.Int64 // bytes left
}

// NewCache returns set with room for so many bytes of decoded pictures. Those that do not fit are decoded anew each time.
func NewCache(set Dataset, room int64) *Cache {
	c := &Cache{Dataset: set, pictures: make([]atomic.Pointer[pixel.Image], set.Len())}
	c.room.Store(room)
	return c
}

// Load returns a copy of picture i, which the caller owns.
func (c *Cache) Load(i int) (pixel.Image, error) {
	img, err := c.picture(i)
	if err != nil || img == nil {
		return c.Dataset.Load(i)
	}
	own := *img
	own.Pix = slices.Clone(img.Pix)
	return own, nil
}

// LoadRegion implements RegionLoader. A picture that is damaged outside the part is not kept, and judged as without the cache.
func (c *Cache) LoadRegion(i int, choose func(w, h int) pixel.Rect, s *Scratch) (pixel.Excerpt, error) {
	img, err := c.picture(i)
	if err != nil || img == nil {
		return LoadRegion(c.Dataset, i, choose, s)
	}
	part := choose(img.W, img.H)
	if !part.Within(img.Bounds()) {
		return img.Excerpt(part), nil // the caller says what is wrong with it
	}
	n := part.W * img.C
	s.part = slices.Grow(s.part[:0], part.H*n)[:part.H*n]
	for y := range part.H {
		copy(s.part[y*n:(y+1)*n], img.Row(part.Y + y)[part.X*img.C:])
	}
	return pixel.Excerpt{Image: pixel.Image{Pix: s.part, W: part.W, H: part.H, C: img.C}, At: part, Part: part, W: img.W, H: img.H}, nil
}

// picture returns the kept picture i, after decoding and keeping it if there is room; nil if there is none.
func (c *Cache) picture(i int) (*pixel.Image, error) {
	if img := c.pictures[i].Load(); img != nil || c.room.Load() <= 0 {
		return img, nil
	}
	img, err := c.Dataset.Load(i)
	if err != nil || img.Check() != nil {
		return nil, err
	}
	if c.room.Add(-int64(len(img.Pix))) < 0 {
		c.room.Store(0) // full; what other goroutines take at the same time is one picture each at most
		return &img, nil
	}
	img.Pix = slices.Clip(img.Pix)
	c.pictures[i].CompareAndSwap(nil, &img)
	return &img, nil
}

// Kept returns how many pictures are kept.
func (c *Cache) Kept() (n int) {
	for i := range c.pictures {
		if c.pictures[i].Load() != nil {
			n++
		}
	}
	return n
}
