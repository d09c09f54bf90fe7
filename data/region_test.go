package data

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/augment"
	"mnv2/data/decode"
	"mnv2/data/pixel"
	"mnv2/data/resize"
	"mnv2/internal/shareddata"
)

// wholly hides that a set can decode parts.
type wholly struct{ Dataset }

var filters = []resize.Filter{resize.CV2Linear, resize.PILBilinear, resize.PILBicubic}

// recipe is MindCV's training transform with everything on.
func recipe(size int, f resize.Filter) augment.Train {
	return augment.Train{Size: size, Scale: [2]float64{0.08, 1}, Ratio: [2]float64{0.75, 1.333}, HFlip: 0.5, VFlip: 0.2,
		ColorJitter: [4]float64{0.4, 0.4, 0.4, 0.1}, Filter: f}
}

// photo is a smooth picture with some noise.
func photo(w, h int, seed uint64) image.Image {
	rng, m := rand.New(rand.NewPCG(seed, 2)), image.NewRGBA(image.Rect(0, 0, w, h))
	for i := 0; i < len(m.Pix); i += 4 {
		x, y, n := i/4%w, i/4/w, int(rng.Uint32()>>27)
		copy(m.Pix[i:i+4], []byte{byte(x*3 + n), byte(y*2 + n), byte(x + y + 2*n), 255})
	}
	return m
}

// gallery is a folder of generated pictures of many sizes, most of them JPEG.
func gallery(t *testing.T, n int) *Folder {
	files := map[string]string{}
	for i := range n {
		var b bytes.Buffer
		w, h := 1+i*37%190, 1+i*53%170
		if i%5 == 4 {
			require.NoError(t, png.Encode(&b, photo(w, h, uint64(i))))
		} else {
			require.NoError(t, jpeg.Encode(&b, photo(w, h, uint64(i)), &jpeg.Options{Quality: 60 + i%40}))
		}
		files[fmt.Sprintf("train/%c/%03d.jpg", 'a'+i%3, i)] = b.String()
	}
	f, err := OpenFolder(grow(t, files), "train", FolderOptions{})
	require.NoError(t, err)
	return f
}

// requireSame reads epochs of the set with parts decoded and without, and wants the same batches.
func requireSame(t *testing.T, set Dataset, tr Transform, size, epochs int) {
	t.Helper()
	require.Implements(t, (*RegionLoader)(nil), set)
	require.NotImplements(t, (*RegionLoader)(nil), wholly{set})
	for epoch := range epochs {
		var want []snapshot
		for _, s := range []Dataset{wholly{set}, set} {
			l, err := NewLoader(LoaderConfig{Dataset: s, Batch: 16, Size: size, Channels: 3, Transform: tr, Shuffle: true, Seed: 7, Workers: 3,
				MaxBadFiles: 1})
			require.NoError(t, err)
			got, err := drain(t, l, epoch, 0)
			require.NoError(t, err)
			if want == nil {
				want = got
				continue
			}
			require.Equal(t, want, got, "%+v, epoch %d", tr, epoch)
		}
	}
}

func TestRegionsGiveTheSameBatches(t *testing.T) {
	set := gallery(t, 40)
	half, err := NewSubset(set, 20, 1, true)
	require.NoError(t, err)
	for _, f := range filters {
		t.Run(f.String(), func(t *testing.T) {
			requireSame(t, set, recipe(24, f), 24, 3)
			requireSame(t, set, augment.Eval{Size: 24, CropPct: 0.875, Filter: f}, 24, 1)
			requireSame(t, half, augment.Whole{Size: 24, Filter: f}, 24, 1)
			requireSame(t, half, augment.CifarTrain{Size: 24, Filter: f}, 24, 2)
		})
	}
}

// The shared pictures have every kind of JPEG, a PNG and a WebP. One of them, cut short, is bad either way.
func TestRegionsOfSharedPictures(t *testing.T) {
	dir := shareddata.Path(t, "images")
	files := map[string]string{}
	for _, pattern := range []string{"*.jpg", "*.JPEG", "*.webp"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		for _, name := range names {
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			files["train/all/"+filepath.Base(name)] = string(b)
		}
	}
	set, err := OpenFolder(grow(t, files), "train", FolderOptions{})
	require.NoError(t, err)
	for _, f := range filters[:2] {
		requireSame(t, set, recipe(96, f), 96, 1)
		requireSame(t, set, augment.Eval{Size: 96, CropPct: 0.875, Filter: f}, 96, 1)
	}
}

func TestRegionsOfPhotographs(t *testing.T) {
	whole, err := OpenFolder(shareddata.Path(t, "imagenet-sample"), "val", FolderOptions{})
	require.NoError(t, err)
	set, err := NewSubset(whole, 16, 5, true)
	require.NoError(t, err)
	requireSame(t, set, recipe(224, resize.CV2Linear), 224, 1)
	requireSame(t, set, augment.Eval{Size: 224, CropPct: 0.875, Filter: resize.PILBilinear}, 224, 1)
}

func TestLoadRegion(t *testing.T) {
	set := gallery(t, 8)
	img, err := set.Load(3)
	require.NoError(t, err)
	part := pixel.Rect{X: 1, Y: 2, W: 5, H: 6}
	choose := func(w, h int) pixel.Rect {
		require.Equal(t, [2]int{img.W, img.H}, [2]int{w, h})
		return part
	}
	var s Scratch
	e, err := LoadRegion(set, 3, choose, &s)
	require.NoError(t, err)
	require.NoError(t, e.Check())
	require.Equal(t, part, e.At)
	require.Equal(t, img.Row(3)[3:18], e.Image.Row(1))
	all, err := LoadRegion(wholly{set}, 3, choose, &s)
	require.NoError(t, err)
	require.Equal(t, img.Excerpt(part), all)
}

func TestLoadRegionOfBadFiles(t *testing.T) {
	set, err := OpenFolder(grow(t, map[string]string{"train/a/empty.jpg": "", "train/a/text.jpg": "hello"}), "train", FolderOptions{})
	require.NoError(t, err)
	var s Scratch
	for i := range set.Len() {
		_, want := set.Load(i)
		_, err := set.LoadRegion(i, func(w, h int) pixel.Rect { return pixel.Rect{W: w, H: h} }, &s)
		require.ErrorIs(t, err, decode.ErrImage)
		require.EqualError(t, err, want.Error())
	}
	require.NoError(t, os.Remove(set.Name(0)))
	_, err = set.LoadRegion(0, nil, &s)
	require.ErrorIs(t, err, decode.ErrImage)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A worker allocates no pixels once it has seen the largest picture: what is left are names and file handles.
func TestSteadyStateAllocatesNoPixels(t *testing.T) {
	const w, h, size, n = 400, 300, 64, 20
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, photo(w, h, 1), nil))
	set, err := OpenFolder(grow(t, map[string]string{"train/a/x.jpg": b.String()}), "train", FolderOptions{})
	require.NoError(t, err)
	for _, tr := range []Transform{recipe(size, resize.CV2Linear), augment.Eval{Size: size, CropPct: 0.875}} {
		l, err := NewLoader(LoaderConfig{Dataset: set, Batch: 1, Size: size, Channels: 3, Transform: augment.Whole{Size: size}})
		require.NoError(t, err)
		worker, dst := newWorker(l, 0), [][]byte{make([]byte, size*size*3)}
		require.NoError(t, worker.fill(dst, 0, 0)) // the whole picture: all memory is taken
		l.cfg.Transform = tr
		require.NoError(t, worker.fill(dst, 0, 0))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for worker.epoch = range n {
			require.NoError(t, worker.fill(dst, 0, 0))
		}
		runtime.ReadMemStats(&after)
		require.Less(t, (after.TotalAlloc-before.TotalAlloc)/n, uint64(w*h/10), "bytes for each picture")
	}
}

func TestRegionsOfRecords(t *testing.T) {
	set := &Records{w: 3, h: 2, c: 3, classes: []string{"a"}}
	for _, planar := range []bool{false, true} {
		pix := make([]byte, 18)
		for i := range pix {
			pix[i] = byte(i)
		}
		require.NoError(t, set.add(recordFile{name: "f", labels: []byte{0}, pixels: [][]byte{pix}, planar: planar}))
	}
	requireSame(t, set, augment.CifarTrain{Size: 5}, 5, 2)
	var s Scratch
	_, err := set.LoadRegion(2, nil, &s)
	require.ErrorContains(t, err, "no sample 2")
	require.Zero(t, testing.AllocsPerRun(10, func() {
		_, err = set.LoadRegion(1, func(w, h int) pixel.Rect { return pixel.Rect{W: w, H: h} }, &s)
	}))
	require.NoError(t, err)
}
