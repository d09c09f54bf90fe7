package data

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"mnv2/data/augment"
)

// LoaderConfig says what a Loader reads and how. Dataset, Batch, Size and Channels have no default.
type LoaderConfig struct {
	Dataset  Dataset
	Batch    int // samples per step and rank
	Size     int // side of the pictures that Transform makes
	Channels int // of the pictures: 3 or 1; a sample with another number is an error
	// Transform makes the pictures. Nil takes samples as they are, which must then be Size x Size.
	Transform Transform

	Seed    uint64
	Shuffle bool
	// Train decides what stands in for a sample that is missing. In training batches stay full: positions beyond the end wrap
	// round to the beginning of the order, and an unreadable sample is replaced by the next readable one of its batch (cyclically,
	// picture and label). Otherwise each readable sample counts exactly once over all ranks, and the places left over are padding.
	Train bool
	// DropLast leaves out the last, incomplete global batch.
	DropLast bool

	// Mix mixes the pictures of a batch, and their labels.
	Mix augment.Mix
	// Splits is how many pictures are made of each sample, 1 or more; Transform must then be a Splitter. 0 means 1.
	Splits int
	// Repeats above 0 makes every sample come that often in a row, differently augmented, in the epoch's order, which is cut at its usual length: of
	// three repeats a third of the samples are seen (Hoffer et al. 2019, as MindCV has it).
	Repeats int

	Rank, World int // this process's share, see Shard; World 0 means 1

	Workers  int // goroutines that read and transform; default one per processor
	Prefetch int // batches made ahead; default 2

	// MaxBadFiles is how many samples that cannot be read are passed over before the Loader stops; each counts once.
	MaxBadFiles int
	// OnBad hears of each of them, once, when the batch that lacks it is handed out. It may be nil.
	OnBad func(name string, err error)
}

// Loader walks through a Dataset in seeded order and fills batches ahead of time. See the example.
type Loader struct {
	cfg   LoaderConfig
	shard Shard
	steps int

	mu       sync.Mutex
	pool     []*Batch         // unused, kept for the next epoch
	bad      map[int]struct{} // samples that could not be read
	firstBad string
}

// Batch is a number of samples side by side. The first Count are real; the rest is padding: zero pixels, label and index -1.
// Count is 0 where all samples of an evaluation batch are unreadable, or belong to other ranks.
//
// With Splits there are that many pictures, rows, of each sample: first the first ones of all Count samples, then the second ones, and so on.
type Batch struct {
	Images []byte  // [Splits*Batch][Size][Size][Channels]
	Labels []int32 // [Splits*Batch], of each row
	Index  []int   // [Batch], numbers in the data set
	Count  int
	Step   int // within the epoch, from 0

	// Of a Loader that mixes, else nil: row i is Lambda[i] of Labels[i] and the rest of Partners[i].
	Partners []int32   // [Splits*Batch]
	Lambda   []float32 // [Splits*Batch]

	splits int
	fill   filling
}

// Rows is the number of pictures that are real: Count for each split.
func (b *Batch) Rows() int { return b.splits * b.Count }

// NewLoader checks the configuration. It reads nothing yet.
func NewLoader(cfg LoaderConfig) (*Loader, error) {
	cfg.World = max(cfg.World, 1)
	if cfg.Workers <= 0 {
		cfg.Workers = runtime.GOMAXPROCS(0)
	}
	if cfg.Prefetch <= 0 {
		cfg.Prefetch = 2
	}
	cfg.Splits = max(cfg.Splits, 1)
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("data loader: %w", err)
	}
	l := &Loader{cfg: cfg, shard: Shard{cfg.Rank, cfg.World}, bad: map[int]struct{}{}}
	n, global := cfg.Dataset.Len(), cfg.Batch*cfg.World
	l.steps = n / global
	if !cfg.DropLast {
		l.steps = (n + global - 1) / global
	}
	if l.steps == 0 {
		return nil, fmt.Errorf("data loader: %d samples do not fill one batch of %d on %d ranks: lower --batch_size or keep the remainder",
			n, cfg.Batch, cfg.World)
	}
	return l, nil
}

// maxBatchBytes bounds the pictures of one batch: 10 000 of 224 pixels fit.
const maxBatchBytes = 1 << 31

func (c LoaderConfig) check() error {
	switch {
	case c.Dataset == nil || c.Dataset.Len() == 0:
		return errors.New("the data set is empty")
	case c.Batch < 1:
		return fmt.Errorf("batch_size %d: want at least 1", c.Batch)
	case c.Size < 1:
		return fmt.Errorf("image_resize %d: want at least 1", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return fmt.Errorf("in_channels %d: want 3 or 1", c.Channels)
	case float64(c.Batch)*float64(c.Splits)*float64(c.Size)*float64(c.Size)*float64(c.Channels) > maxBatchBytes:
		return fmt.Errorf("a batch of %d pictures %dx%d is larger than 2 GiB: lower --batch_size", c.Batch, c.Size, c.Size)
	case c.Rank < 0 || c.Rank >= c.World:
		return fmt.Errorf("rank %d: want 0 to %d", c.Rank, c.World-1)
	case c.MaxBadFiles < 0:
		return fmt.Errorf("max_bad_files %d: want at least 0", c.MaxBadFiles)
	case c.Repeats < 0:
		return fmt.Errorf("aug_repeats %d: want at least 0", c.Repeats)
	case !c.Train && (c.Mix.IsOn() || c.Splits > 1 || c.Repeats > 0):
		return errors.New("mixing, splits and repeats are for training only")
	}
	if _, can := c.Transform.(Splitter); c.Splits > 1 && !can {
		return fmt.Errorf("aug_splits %d: the transform of this data set makes one picture of a sample", c.Splits)
	}
	return c.Mix.Check()
}

// Steps is the number of batches in an epoch. It is the same on all ranks.
func (l *Loader) Steps() int { return l.steps }

// Mixes reports whether batches say how their pictures were mixed.
func (l *Loader) Mixes() bool { return l.cfg.Mix.IsOn() }

// Splits is how many pictures are made of each sample.
func (l *Loader) Splits() int { return l.cfg.Splits }

// imageBytes is the size of one picture in a batch.
func (l *Loader) imageBytes() int { return l.cfg.Size * l.cfg.Size * l.cfg.Channels }

// slots is the number of places of a step's batch that samples are read for.
func (l *Loader) slots(step int) int {
	n := l.cfg.Dataset.Len()
	slots := min(l.cfg.Batch, l.shard.PerRank(n)-step*l.cfg.Batch)
	if !l.cfg.Train && slots > 0 && l.shard.Position(step, l.cfg.Batch, slots-1) >= n {
		slots-- // only a rank's very last place can wrap round
	}
	return slots
}

// noteBad counts a sample that could not be read and returns an error once there are too many.
func (l *Loader) noteBad(index int, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.bad[index]; known {
		return nil
	}
	l.bad[index] = struct{}{}
	name := l.cfg.Dataset.Name(index)
	if len(l.bad) == 1 {
		l.firstBad = name
	}
	switch most := l.cfg.MaxBadFiles; {
	case len(l.bad) <= most:
		if l.cfg.OnBad != nil {
			l.cfg.OnBad(name, err)
		}
		return nil
	case most == 0:
		return fmt.Errorf("%w; --max_bad_files N goes on past N such files", err)
	default:
		return fmt.Errorf("%w; %d files cannot be read, more than --max_bad_files %d allows, the first is %q", err, len(l.bad), most, l.firstBad)
	}
}

// BadFiles is the number of samples met so far that cannot be read.
func (l *Loader) BadFiles() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.bad)
}
