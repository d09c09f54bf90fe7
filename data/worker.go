package data

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"mnv2/data/augment"
	"mnv2/data/decode"
	"mnv2/data/pixel"
)

// Scratch is memory that loading needs and keeps between calls. The zero value is ready; it must not be shared by goroutines.
type Scratch struct {
	file   []byte // the encoded picture
	decode decode.Scratch
	pix    []byte
	part   []byte // of a picture that a Cache keeps
}

// worker is one goroutine's means to read and transform samples. It keeps its memory from sample to sample.
type worker struct {
	cfg     *LoaderConfig
	epoch   int
	src     rand.PCG
	rng     *rand.Rand
	choose  func(w, h int) pixel.Rect
	load    Scratch
	scratch augment.Scratch
	rows    [][]byte // where a sample's pictures go
}

func newWorker(l *Loader, epoch int) *worker {
	w := &worker{cfg: &l.cfg, epoch: epoch}
	w.rng = rand.New(&w.src)
	w.choose = func(width, height int) pixel.Rect {
		if w.cfg.Transform == nil {
			return pixel.Rect{W: width, H: height}
		}
		return w.cfg.Transform.Choose(w.rng, width, height)
	}
	return w
}

// unfit is an error that would meet every sample: it is not the file's fault, so passing over it would not help.
type unfit struct{ error }

// fill reads sample index, which comes the repeat-th time, and transforms it into dst: one picture for each split.
func (w *worker) fill(dst [][]byte, index, repeat int) error {
	reseed(&w.src, w.cfg.Seed, w.epoch, index, repeat)
	e, err := LoadRegion(w.cfg.Dataset, index, w.choose, &w.load)
	if err != nil && !errors.Is(err, decode.ErrImage) {
		err = fmt.Errorf("%w: %w", decode.ErrImage, err)
	}
	if err != nil {
		return err
	}
	if err := w.check(e); err != nil {
		return unfit{fmt.Errorf("%s: %w", w.cfg.Dataset.Name(index), err)}
	}
	if w.cfg.Transform == nil {
		copy(dst[0], e.Image.Pix)
		return nil
	}
	if len(dst) > 1 {
		w.cfg.Transform.(Splitter).MakeSplits(dst, e, w.rng, &w.scratch)
		return nil
	}
	w.cfg.Transform.Make(dst[0], e, w.rng, &w.scratch)
	return nil
}

// check returns nil if the picture can be transformed.
func (w *worker) check(e pixel.Excerpt) error {
	if err := e.Check(); err != nil {
		return err
	}
	switch size := w.cfg.Size; {
	case e.Image.C != w.cfg.Channels:
		return fmt.Errorf("has %d channels, the network takes %d: see --in_channels", e.Image.C, w.cfg.Channels)
	case w.cfg.Transform == nil && (e.Image.W != size || e.Image.H != size):
		return fmt.Errorf("is %dx%d, the network takes %dx%d", e.Image.W, e.Image.H, size, size)
	}
	return nil
}
