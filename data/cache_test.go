package data

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/data/pixel"
	"mnv2/internal/shareddata"
)

// batches returns all bytes of two epochs of a loader with four workers.
func batches(t *testing.T, set Dataset, tr Transform, size int) (all []byte) {
	l, err := NewLoader(LoaderConfig{Dataset: set, Batch: 4, Size: size, Channels: 3, Seed: 5, Shuffle: true, Train: true, Workers: 4,
		MaxBadFiles: 3, Transform: tr})
	require.NoError(t, err)
	for epoch := range 2 {
		it := l.Epoch(t.Context(), epoch, 0)
		for range l.Steps() {
			b, err := it.Next()
			require.NoError(t, err)
			all = append(all, b.Images...)
			it.Release(b)
		}
		it.Close()
	}
	return all
}

// TestCacheChangesNothingButTheLoads: with room for all, for some and for none.
func TestCacheChangesNothingButTheLoads(t *testing.T) {
	want := batches(t, newFake(20, 3), scramble, 2)
	for _, c := range []struct {
		room           int64
		kept, from, to int // pictures kept; loads, at least and at most
	}{{0, 0, 40, 40}, {1 << 20, 19, 20, 23}, {5 * 12, 5, 20 + 14, 40}} {
		set := newFake(20, 3)
		cache := NewCache(set, c.room)
		assert.Equal(t, want, batches(t, cache, scramble, 2))
		assert.Equal(t, c.kept, cache.Kept())
		assert.GreaterOrEqual(t, int(set.loads.Load()), c.from, "room %d", c.room)
		if c.room > 60 {
			assert.LessOrEqual(t, int(set.loads.Load()), c.to)
		}
	}
}

// TestCacheOfPhotographs goes through everything that a recipe does to a picture.
func TestCacheOfPhotographs(t *testing.T) {
	set, err := OpenFolder(shareddata.Path(t, "imagenet-sample"), "val", FolderOptions{})
	require.NoError(t, err)
	some, err := NewSubset(set, 24, 1, true)
	require.NoError(t, err)
	for _, f := range filters {
		cache := NewCache(some, 1<<30)
		assert.True(t, slices.Equal(batches(t, some, recipe(64, f), 64), batches(t, cache, recipe(64, f), 64)), "%v", f)
		assert.Equal(t, 24, cache.Kept())
	}
}

func TestCacheHandsOutCopies(t *testing.T) {
	cache := NewCache(newFake(2, 1), 1<<20)
	first, err := cache.Load(0)
	require.NoError(t, err)
	want := slices.Clone(first.Pix)
	clear(first.Pix)
	again, err := cache.Load(0)
	require.NoError(t, err)
	assert.Equal(t, want, again.Pix)
	var s Scratch
	e, err := cache.LoadRegion(0, func(w, h int) pixel.Rect { return pixel.Rect{X: 1, Y: 1, W: 1, H: 1} }, &s)
	require.NoError(t, err)
	assert.Equal(t, want[9:12], e.Image.Pix)
	_, err = cache.Load(1)
	require.ErrorIs(t, err, errTorn)
}
