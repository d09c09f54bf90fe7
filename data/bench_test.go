package data

import (
	"testing"
)

// BenchmarkLoader shows what the Loader itself costs per batch of 64 small samples.
func BenchmarkLoader(b *testing.B) {
	l, err := NewLoader(LoaderConfig{Dataset: newFake(6400), Batch: 64, Size: 2, Channels: 3, Transform: scramble})
	if err != nil {
		b.Fatal(err)
	}
	it := l.Epoch(b.Context(), 0, 0)
	defer func() { it.Close() }()
	for i := 0; b.Loop(); i++ {
		if i%l.Steps() == 0 {
			it.Close()
			it = l.Epoch(b.Context(), i, 0)
		}
		batch, err := it.Next()
		if err != nil {
			b.Fatal(err)
		}
		it.Release(batch)
	}
}
