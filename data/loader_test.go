package data

import (
	"context"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/decode"
)

// snapshot is a Batch that the Loader cannot overwrite any more.
type snapshot struct {
	Images []byte
	Labels []int32
	Index  []int
	Count  int
	Step   int
}

// drain reads an epoch from firstStep and returns its batches and the error that ended it, nil for io.EOF.
func drain(t *testing.T, l *Loader, epoch, firstStep int) ([]snapshot, error) {
	t.Helper()
	it := l.Epoch(context.Background(), epoch, firstStep)
	defer it.Close()
	var all []snapshot
	for {
		b, err := it.Next()
		if err != nil {
			_, again := it.Next()
			require.Equal(t, err, again, "an error is final")
			if err == io.EOF {
				err = nil
			}
			return all, err
		}
		all = append(all, snapshot{slices.Clone(b.Images), slices.Clone(b.Labels), slices.Clone(b.Index), b.Count, b.Step})
		it.Release(b)
	}
}

func newLoader(t *testing.T, cfg LoaderConfig) *Loader {
	t.Helper()
	cfg.Size, cfg.Channels = 2, 3
	l, err := NewLoader(cfg)
	require.NoError(t, err)
	return l
}

func TestLoaderIsTheSameForAnyNumberOfWorkers(t *testing.T) {
	cfg := LoaderConfig{Dataset: newFake(103, 5, 50), Batch: 8, Seed: 3, Shuffle: true, MaxBadFiles: 2, Transform: scramble}
	for _, train := range []bool{true, false} {
		cfg.Train, cfg.Workers, cfg.Prefetch = train, 1, 1
		want, err := drain(t, newLoader(t, cfg), 4, 0)
		require.NoError(t, err)
		require.Len(t, want, 13)
		for _, c := range [][2]int{{2, 1}, {7, 3}, {16, 20}} {
			cfg.Workers, cfg.Prefetch = c[0], c[1]
			got, err := drain(t, newLoader(t, cfg), 4, 0)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

func TestLoaderResumesInMidEpoch(t *testing.T) {
	set := newFake(50, 11)
	l := newLoader(t, LoaderConfig{Dataset: set, Batch: 4, Seed: 3, Shuffle: true, Train: true, DropLast: true, MaxBadFiles: 1, Transform: scramble})
	want, err := drain(t, l, 2, 0)
	require.NoError(t, err)
	require.Len(t, want, 12)
	set.loads.Store(0)
	got, err := drain(t, l, 2, 7)
	require.NoError(t, err)
	require.Equal(t, want[7:], got)
	require.EqualValues(t, 5*4, set.loads.Load(), "what is skipped must not be read")

	got, err = drain(t, l, 2, 12)
	require.NoError(t, err)
	require.Empty(t, got)
	for _, step := range []int{-1, 13} {
		_, err = drain(t, l, 2, step)
		require.ErrorContains(t, err, "want 0 to 12")
	}
}

// byIndex maps each real sample of a step to its picture and label.
func byIndex(t *testing.T, b snapshot, into map[int][]byte) {
	t.Helper()
	for k := range b.Count {
		img := slices.Clone(b.Images[k*12 : (k+1)*12])
		into[b.Index[k]] = append(img, byte(b.Labels[k]))
	}
}

func TestLoaderGivesTheSameStepsForAnyWorld(t *testing.T) {
	const global = 12
	for _, n := range []int{100, 95, 96, 97, 12, 23} {
		for _, dropLast := range []bool{true, false} {
			var want []map[int][]byte
			for _, world := range []int{1, 2, 3, 4, 6} {
				var got []map[int][]byte
				total := 0
				for rank := range world {
					batches, err := drain(t, newLoader(t, LoaderConfig{Dataset: newFake(n), Batch: global / world, Seed: 5, Shuffle: true,
						DropLast: dropLast, Train: dropLast, Rank: rank, World: world, Transform: scramble}), 1, 0)
					require.NoError(t, err)
					for step, b := range batches {
						if rank == 0 {
							got = append(got, map[int][]byte{})
						}
						byIndex(t, b, got[step])
						total += b.Count
					}
				}
				if world == 1 {
					want = got
				}
				require.Equal(t, want, got, "n %d, world %d", n, world)
				if dropLast {
					require.Equal(t, n/global*global, total)
				} else {
					require.Equal(t, n, total, "evaluation counts each sample once over all ranks")
				}
			}
		}
	}
}

func TestTrainingWithoutDropLastWraps(t *testing.T) {
	// 10 samples for 3 ranks: 4 each, of which the last of ranks 1 and 2 are the first two of the order again.
	for rank := range 3 {
		got, err := drain(t, newLoader(t, LoaderConfig{Dataset: newFake(10), Batch: 3, Train: true, Rank: rank, World: 3}), 0, 0)
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.Equal(t, []int{rank, rank + 3, rank + 6}, got[0].Index)
		require.Equal(t, []int{(9 + rank) % 10, -1, -1}, got[1].Index)
		require.Equal(t, []int32{int32((9 + rank) % 10 % 3), -1, -1}, got[1].Labels)
		require.Equal(t, 1, got[1].Count)
		require.Equal(t, make([]byte, 24), got[1].Images[12:], "padding is black")
	}
}

func TestBadSamplesInTraining(t *testing.T) {
	var heard []string
	l := newLoader(t, LoaderConfig{Dataset: newFake(8, 1, 3), Batch: 4, Train: true, MaxBadFiles: 2,
		OnBad: func(name string, err error) { heard = append(heard, name+": "+err.Error()) }})
	for range 2 {
		got, err := drain(t, l, 0, 0)
		require.NoError(t, err)
		require.Equal(t, []int{0, 2, 2, 0}, got[0].Index, "the next readable one, round the batch")
		require.Equal(t, []int32{0, 2, 2, 0}, got[0].Labels)
		require.Equal(t, got[0].Images[24:36], got[0].Images[12:24])
		require.Equal(t, 4, got[0].Count)
	}
	require.Equal(t, []string{"fake#1: cannot be decoded: fake#1: torn in half", "fake#3: cannot be decoded: fake#3: torn in half"}, heard,
		"each file is named once")
	require.Equal(t, 2, l.BadFiles())
}

func TestBadSamplesInEvaluation(t *testing.T) {
	got, err := drain(t, newLoader(t, LoaderConfig{Dataset: newFake(7, 1, 4, 5, 6), Batch: 4, MaxBadFiles: 9}), 0, 0)
	require.NoError(t, err)
	require.Equal(t, []int{0, 2, 3, -1}, got[0].Index)
	require.Equal(t, []int32{0, 2, 0, -1}, got[0].Labels)
	require.Equal(t, 3, got[0].Count)
	require.Equal(t, byte(2*7), got[0].Images[12])
	require.Equal(t, make([]byte, 12), got[0].Images[36:])
	require.Zero(t, got[1].Count)
	require.Equal(t, []int32{-1, -1, -1, -1}, got[1].Labels)
}

func TestTooManyBadSamples(t *testing.T) {
	for name, c := range map[string]struct {
		bad  []int
		most int
		want []string
		read int // batches before the error
	}{
		"first":     {[]int{5, 9}, 0, []string{"fake#5: torn in half", "--max_bad_files"}, 1},
		"third":     {[]int{5, 6, 9}, 2, []string{"fake#9: torn in half", `3 files`, "--max_bad_files 2", `the first is "fake#5"`}, 2},
		"all":       {[]int{0, 1, 2, 3}, 4, []string{"none of the 4 samples", "fake#0: torn in half"}, 0},
		"not among": {nil, 0, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := drain(t, newLoader(t, LoaderConfig{Dataset: newFake(12, c.bad...), Batch: 4, Train: true, MaxBadFiles: c.most, Workers: 5}), 0, 0)
			require.Len(t, got, c.read)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, decode.ErrImage)
			require.ErrorIs(t, err, errTorn)
			for _, text := range c.want {
				require.ErrorContains(t, err, text)
			}
		})
	}
}

func TestSamplesThatDoNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		size, channels int
		want           string
	}{
		"size":     {3, 3, "fake#0: is 2x2, the network takes 3x3"},
		"channels": {2, 1, "fake#0: has 3 channels, the network takes 1"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := NewLoader(LoaderConfig{Dataset: newFake(9), Batch: 2, Size: c.size, Channels: c.channels, MaxBadFiles: 9})
			require.NoError(t, err)
			_, err = drain(t, l, 0, 0)
			require.ErrorContains(t, err, c.want)
			require.NotErrorIs(t, err, decode.ErrImage, "passing over files would not help")
		})
	}
}

func TestLoaderConfig(t *testing.T) {
	good := LoaderConfig{Dataset: newFake(10), Batch: 2, Size: 2, Channels: 3}
	for name, c := range map[string]struct {
		change func(*LoaderConfig)
		want   string
	}{
		"no set":    {func(c *LoaderConfig) { c.Dataset = nil }, "the data set is empty"},
		"empty set": {func(c *LoaderConfig) { c.Dataset = newFake(0) }, "the data set is empty"},
		"batch":     {func(c *LoaderConfig) { c.Batch = 0 }, "batch_size 0"},
		"size":      {func(c *LoaderConfig) { c.Size = 0 }, "image_resize 0"},
		"channels":  {func(c *LoaderConfig) { c.Channels = 4 }, "in_channels 4"},
		"huge":      {func(c *LoaderConfig) { c.Batch, c.Size = 1<<40, 1<<40 }, "larger than 2 GiB"},
		"rank":      {func(c *LoaderConfig) { c.Rank, c.World = 2, 2 }, "rank 2: want 0 to 1"},
		"bad files": {func(c *LoaderConfig) { c.MaxBadFiles = -1 }, "max_bad_files -1"},
		"no step":   {func(c *LoaderConfig) { c.Batch, c.DropLast = 11, true }, "10 samples do not fill one batch of 11"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			_, err := NewLoader(cfg)
			require.ErrorContains(t, err, c.want)
		})
	}
}
