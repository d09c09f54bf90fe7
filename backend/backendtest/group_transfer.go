package backendtest

import (
	"bytes"
	"math/rand/v2"

	"mnv2/backend"
)

// stagingSize is more than what a device is likely to keep as pinned staging memory for one copy.
const stagingSize = 9<<20 + 13

// testTransfer settles how bytes move.
func (s *suite) testTransfer(t tester) {
	s.with(t, func(b backend.Backend) {
		t.Run("offsets", func(t tester) { testOffsets(t, b) })
		t.Run("empty", func(t tester) { testEmptyCopies(t, b) })
		t.Run("large", func(t tester) { testLargeCopy(t, b) })
		t.Run("source may be reused", func(t tester) { testSourceReuse(t, b) })
	})
}

func randomBytes(n int) []byte {
	rng := rand.New(rand.NewPCG(uint64(n), 3))
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte(rng.Uint32())
	}
	return raw
}

// testOffsets copies to and from aligned and unaligned places and keeps a mirror on the host.
func testOffsets(t tester, b backend.Backend) {
	const size = 1000
	buf := alloc(t, b, size, "offsets")
	defer free(t, buf)
	mirror := make([]byte, size)
	for _, c := range []struct{ off, n int }{{0, size}, {1, 1}, {3, 64}, {64, 64}, {999, 1}, {500, 333}, {7, 0}, {65, 700}} {
		src := randomBytes(c.n)
		upload(t, b, buf, int64(c.off), src)
		copy(mirror[c.off:], src)
		if !bytes.Equal(download(t, b, buf, 0, size), mirror) {
			t.Errorf("upload of %d bytes to %d: the buffer holds something else", c.n, c.off)
		}
		if got := download(t, b, buf, int64(c.off), int64(c.n)); !bytes.Equal(got, src) {
			t.Errorf("download of %d bytes from %d: got something else", c.n, c.off)
		}
	}
}

func testEmptyCopies(t tester, b backend.Backend) {
	buf := alloc(t, b, 64, "empty")
	defer free(t, buf)
	for _, off := range []int64{0, 5, 64} {
		if err := b.Upload(buf, off, nil); err != nil {
			t.Errorf("empty upload to %d: %v", off, err)
		}
		if err := b.Download(nil, buf, off); err != nil {
			t.Errorf("empty download from %d: %v", off, err)
		}
	}
}

func testLargeCopy(t tester, b backend.Backend) {
	buf := alloc(t, b, stagingSize, "large")
	defer free(t, buf)
	src := bytes.Repeat(randomBytes(1<<13), stagingSize>>13+1)[:stagingSize]
	upload(t, b, buf, 0, src)
	if !bytes.Equal(download(t, b, buf, 0, stagingSize), src) {
		t.Errorf("a copy of %d bytes came back different", stagingSize)
	}
}

// testSourceReuse overwrites the source of each upload as soon as it returns.
func testSourceReuse(t tester, b backend.Backend) {
	const piece, count = 70001, 40
	buf := alloc(t, b, piece*count, "reuse")
	defer free(t, buf)
	src := make([]byte, piece)
	for i := range count {
		for j := range src {
			src[j] = byte(i + 1)
		}
		upload(t, b, buf, int64(i*piece), src)
	}
	clear(src)
	got := download(t, b, buf, 0, piece*count)
	for i := range count {
		if want := bytes.Repeat([]byte{byte(i + 1)}, piece); !bytes.Equal(got[i*piece:(i+1)*piece], want) {
			t.Errorf("upload %d saw what its source held later", i)
		}
	}
}
