package data

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mnv2/data/augment"
	"mnv2/internal/golden"
)

// mixed is a row of a batch that mixes.
type mixed struct {
	Index   int
	Label   int32
	Partner int32
	Lambda  float32
	Pix     string
}

// drainRows reads an epoch on some ranks and returns the rows by step, in the global order.
func drainRows(t *testing.T, cfg LoaderConfig, global, ranks, epoch int) map[int][]mixed {
	t.Helper()
	steps := map[int][]mixed{}
	byRank := make([]map[int][]mixed, ranks)
	for rank := range ranks {
		cfg.Batch, cfg.Rank, cfg.World, cfg.Size, cfg.Channels = global/ranks, rank, ranks, 2, 3
		l, err := NewLoader(cfg)
		require.NoError(t, err)
		it := l.Epoch(context.Background(), epoch, 0)
		byRank[rank] = map[int][]mixed{}
		for {
			b, err := it.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			for row := range b.Rows() {
				byRank[rank][b.Step] = append(byRank[rank][b.Step],
					mixed{b.Index[row%b.Count], b.Labels[row], b.Partners[row], b.Lambda[row], string(l.image(b, row))})
			}
			it.Release(b)
		}
		it.Close()
	}
	for step := range byRank[0] {
		for k := range byRank[0][step] {
			for rank := range ranks {
				steps[step] = append(steps[step], byRank[rank][step][k])
			}
		}
	}
	return steps
}

// A step mixes the same pairs by the same amounts for every number of ranks.
func TestMixingIsTheSameForAnyNumberOfRanks(t *testing.T) {
	for _, mode := range []augment.MixMode{augment.MixBatch, augment.MixPair, augment.MixElem} {
		cfg := LoaderConfig{Dataset: newFake(64), Seed: 5, Shuffle: true, Train: true, DropLast: true, Transform: scramble,
			Mix: augment.Mix{Mixup: 0.4, Cutmix: 1, Prob: 0.9, Switch: 0.5, Mode: mode}}
		want := drainRows(t, cfg, 16, 1, 3)
		require.Len(t, want, 4)
		lambdas := map[float32]bool{}
		for _, ranks := range []int{2, 4, 8} {
			require.Equal(t, want, drainRows(t, cfg, 16, ranks, 3))
		}
		for _, rows := range want {
			for k, row := range rows {
				lambdas[row.Lambda] = true
				if row.Lambda != 1 || mode == augment.MixBatch {
					require.Equal(t, rows[(k+8)%16].Label, row.Partner)
				}
				require.Equal(t, int32(row.Index%3), row.Label)
			}
		}
		require.Greater(t, len(lambdas), map[augment.MixMode]int{augment.MixBatch: 1, augment.MixPair: 12, augment.MixElem: 20}[mode])
	}
}

// Mixed pixels are the weighted means of the unmixed ones.
func TestMixingMixesPixelsAsLabels(t *testing.T) {
	for _, mode := range []augment.MixMode{augment.MixBatch, augment.MixElem} {
		cfg := LoaderConfig{Dataset: newFake(23, 4, 17), Seed: 5, Shuffle: true, Train: true, Transform: scramble, MaxBadFiles: 2,
			Mix: augment.Mix{Mixup: 1, Prob: 1, Mode: mode}}
		got := drainRows(t, cfg, 8, 1, 0)
		cfg.Mix.OffEpoch = 1
		require.NotEqual(t, got, drainRows(t, cfg, 8, 1, 1))
		cfg.Mix = augment.Mix{Mixup: 1}
		plain := drainRows(t, cfg, 8, 1, 0)
		require.Len(t, got, 3)
		for step, rows := range got {
			for k, row := range rows {
				require.Equal(t, float32(1), plain[step][k].Lambda)
				half := len(rows) / 2
				if k >= 2*half { // the last of seven
					require.Equal(t, plain[step][k], row)
					continue
				}
				partner := plain[step][(k+half)%(2*half)]
				require.Equal(t, partner.Label, row.Partner)
				for i := range row.Pix {
					want := float64(row.Lambda)*float64(plain[step][k].Pix[i]) + float64(1-row.Lambda)*float64(partner.Pix[i])
					require.InDelta(t, want, float64(row.Pix[i]), 0.51)
				}
			}
		}
	}
}

func TestSplits(t *testing.T) {
	set := newFake(11, 3)
	tr := augment.Train{Size: 2, Scale: [2]float64{1, 1}, Ratio: [2]float64{1, 1}, ColorJitter: [4]float64{0.9, 0.9, 0.9, 0}}
	cfg := LoaderConfig{Dataset: set, Batch: 4, Size: 2, Channels: 3, Train: true, Transform: tr, Splits: 3, MaxBadFiles: 1}
	l, err := NewLoader(cfg)
	require.NoError(t, err)
	it := l.Epoch(context.Background(), 0, 0)
	defer it.Close()
	counts, differ := []int{}, 0
	for range l.Steps() {
		b, err := it.Next()
		require.NoError(t, err)
		counts = append(counts, b.Count)
		require.Equal(t, 3*b.Count, b.Rows())
		for k := range b.Count {
			whole, err := set.Load(b.Index[k])
			require.NoError(t, err)
			require.Equal(t, whole.Pix, l.image(b, k), "the first split is clean")
			for split := range 3 {
				require.Equal(t, int32(b.Index[k]%3), b.Labels[split*b.Count+k])
				if split > 0 && !slices.Equal(l.image(b, split*b.Count+k), whole.Pix) {
					differ++
				}
			}
		}
		for row := b.Rows(); row < 12; row++ {
			require.Equal(t, int32(-1), b.Labels[row])
		}
		it.Release(b)
	}
	require.Equal(t, []int{4, 4, 3}, counts)
	require.Greater(t, differ, 15)
	cfg.Transform = scramble
	_, err = NewLoader(cfg)
	require.ErrorContains(t, err, "aug_splits 3: the transform of this data set makes one picture of a sample")
}

// testdata/golden/policy.json has the orders of MindCV's sampler.
func TestRepeatsEqualMindCV(t *testing.T) {
	b, err := os.ReadFile(golden.Path(t, "policy.json"))
	require.NoError(t, err)
	var file struct {
		Orders []struct {
			N, Ranks, Repeats int
			Indices           [][]int
		}
	}
	require.NoError(t, json.Unmarshal(b, &file))
	require.NotEmpty(t, file.Orders)
	for _, c := range file.Orders {
		t.Run(fmt.Sprint(c.N, c.Ranks, c.Repeats), func(t *testing.T) {
			for rank, want := range c.Indices {
				l, err := NewLoader(LoaderConfig{Dataset: newFake(c.N), Batch: 2, Size: 2, Channels: 3, Train: true, Transform: scramble,
					Repeats: c.Repeats, Rank: rank, World: c.Ranks})
				require.NoError(t, err)
				batches, err := drain(t, l, 0, 0)
				require.NoError(t, err)
				var got []int
				pictures := map[string]bool{}
				for _, b := range batches {
					got = append(got, b.Index[:b.Count]...)
					for k := range b.Count {
						pictures[string(b.Images[k*12:(k+1)*12])] = true
					}
				}
				require.Equal(t, want, got)
				require.Len(t, pictures, len(got), "every repeat is augmented in its own way")
			}
		})
	}
}

func TestTrainingOnly(t *testing.T) {
	for _, c := range []LoaderConfig{{Mix: augment.Mix{Mixup: 1}}, {Splits: 2}, {Repeats: 1}} {
		c.Dataset, c.Batch, c.Size, c.Channels = newFake(4), 2, 2, 3
		_, err := NewLoader(c)
		require.ErrorContains(t, err, "mixing, splits and repeats are for training only")
	}
	_, err := NewLoader(LoaderConfig{Dataset: newFake(4), Batch: 2, Size: 2, Channels: 3, Train: true, Repeats: -1})
	require.ErrorContains(t, err, "aug_repeats -1")
	_, err = NewLoader(LoaderConfig{Dataset: newFake(4), Batch: 2, Size: 2, Channels: 3, Train: true, Mix: augment.Mix{Mixup: 1, Prob: 7}})
	require.ErrorContains(t, err, "cutmix_prob 7")
}
