package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math"

	"mnv2/data"
	"mnv2/data/decode"
	"mnv2/data/pixel"
)

// input times batches of the training pipeline: read, decode, augment.
func (b *Bench) input(ctx context.Context, c Case) (Result, error) {
	if b.Pictures == nil {
		return Result{}, errors.New("there are no pictures")
	}
	loader, err := data.NewLoader(data.LoaderConfig{Dataset: b.Pictures, Batch: min(c.Batch, b.Pictures.Len()), Size: c.Size, Channels: 3,
		Transform: b.Transform, Seed: 42, Shuffle: true, Train: true, DropLast: true, Workers: b.Workers, MaxBadFiles: b.Pictures.Len()})
	if err != nil {
		return Result{}, err
	}
	c.Batch = min(c.Batch, b.Pictures.Len())
	epoch := 0
	it := loader.Epoch(ctx, epoch, 0)
	defer func() { it.Close() }()
	stats, err := Measure(ctx, b.Time, func() error {
		batch, err := it.Next()
		for errors.Is(err, io.EOF) {
			it.Close()
			epoch++
			it = loader.Epoch(ctx, epoch, 0)
			batch, err = it.Next()
		}
		if err == nil {
			it.Release(batch)
		}
		return err
	})
	if err != nil {
		return Result{}, err
	}
	return newResult(c, stats, 0), nil
}

// Photos are generated JPEGs of the usual size, 500 x 375 pixels in quality 90, held in memory.
type Photos struct{ files [][]byte }

// NewPhotos makes n of them: waves of colour with noise, which compress about as photographs do.
func NewPhotos(n int) (*Photos, error) {
	p := &Photos{}
	for i := range n {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, photo(i), &jpeg.Options{Quality: 90}); err != nil {
			return nil, fmt.Errorf("bench: generated picture: %w", err)
		}
		p.files = append(p.files, b.Bytes())
	}
	return p, nil
}

func photo(i int) image.Image {
	const w, h = 500, 375
	img, rng := image.NewRGBA(image.Rect(0, 0, w, h)), source()
	f := 0.01 * float64(1+i%7)
	for y := range h {
		for x := range w {
			noise := rng.IntN(24)
			wave := func(a, b float64) uint8 {
				return uint8(100 + 90*math.Sin(a*float64(x)+b*float64(y)) + float64(noise))
			}
			img.SetRGBA(x, y, color.RGBA{wave(f, 0.02), wave(0.02, f), wave(f, f), 255})
		}
	}
	return img
}

// Len implements data.Dataset.
func (p *Photos) Len() int { return len(p.files) }

// Classes implements data.Dataset.
func (p *Photos) Classes() []string { return []string{"photo"} }

// Label implements data.Dataset.
func (p *Photos) Label(int) int { return 0 }

// Name implements data.Dataset.
func (p *Photos) Name(i int) string { return fmt.Sprintf("generated#%d", i) }

// Load implements data.Dataset.
func (p *Photos) Load(i int) (pixel.Image, error) {
	return decode.Image(p.files[i], p.Name(i), decode.Limits{})
}
