package backendtest

import (
	"bytes"
	"errors"
	"math"
	"strings"

	"mnv2/backend"
)

// testMemory settles what buffers are.
func (s *suite) testMemory(t tester) {
	for _, c := range []struct {
		name string
		run  func(t tester, b backend.Backend)
	}{
		{"zeroed", testZeroed}, {"apart", testApart}, {"bounds", testBounds}, {"freed", testFreed},
		{"foreign", s.testForeign}, {"nil", testNilBuffer}, {"exhausted", testExhausted}, {"sizes", testSizes},
	} {
		t.Run(c.name, func(t tester) { s.with(t, func(b backend.Backend) { c.run(t, b) }) })
	}
	t.Run("close with live buffer", s.testLiveBuffer)
	t.Run("close with live plan", s.testLivePlan)
	t.Run("after close", s.testAfterClose)
}

// alloc allocates or ends the test.
func alloc(t tester, b backend.Backend, n int64, label string) backend.Buffer {
	t.Helper()
	buf, err := b.Alloc(n, label)
	if err != nil {
		t.Fatalf("alloc %d bytes: %v", n, err)
	}
	return buf
}

func free(t tester, buf backend.Buffer) {
	t.Helper()
	if err := buf.Free(); err != nil {
		t.Errorf("free: %v", err)
	}
}

func upload(t tester, b backend.Backend, buf backend.Buffer, off int64, src []byte) {
	t.Helper()
	if err := b.Upload(buf, off, src); err != nil {
		t.Fatalf("upload %d bytes to %d: %v", len(src), off, err)
	}
}

func download(t tester, b backend.Backend, buf backend.Buffer, off, n int64) []byte {
	t.Helper()
	dst := make([]byte, n)
	if err := b.Download(dst, buf, off); err != nil {
		t.Fatalf("download %d bytes from %d: %v", n, off, err)
	}
	return dst
}

// wantError fails the test unless err wraps target and its text holds all of words.
func wantError(t tester, what string, err, target error, words ...string) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: got %v, want an error that wraps %q", what, err, target)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error %q does not say %q", what, err, word)
		}
	}
}

// testZeroed wants new memory to be zero, also where something else was before.
func testZeroed(t tester, b backend.Backend) {
	for _, n := range []int64{1, 63, 64, 65, 4099, 1 << 20} {
		for range 2 {
			buf := alloc(t, b, n, "zeroed")
			if !bytes.Equal(download(t, b, buf, 0, n), make([]byte, n)) {
				t.Errorf("%d new bytes are not all zero", n)
			}
			upload(t, b, buf, 0, bytes.Repeat([]byte{0xEE}, int(n)))
			free(t, buf)
		}
	}
}

// testApart wants buffers not to share memory.
func testApart(t tester, b backend.Backend) {
	var bufs []backend.Buffer
	for i := range 50 {
		n := int64(1 + 37*i)
		bufs = append(bufs, alloc(t, b, n, "apart"))
		upload(t, b, bufs[i], 0, bytes.Repeat([]byte{byte(i + 1)}, int(n)))
	}
	for i, buf := range bufs {
		if got := download(t, b, buf, 0, buf.Size()); !bytes.Equal(got, bytes.Repeat([]byte{byte(i + 1)}, len(got))) {
			t.Errorf("buffer %d was changed by another", i)
		}
		free(t, buf)
	}
}

// testBounds wants copies outside a buffer to be refused, whatever the numbers are.
func testBounds(t tester, b backend.Backend) {
	buf := alloc(t, b, 100, "bounded")
	defer free(t, buf)
	for _, c := range []struct{ off, n int64 }{{0, 101}, {100, 1}, {99, 2}, {-1, 1}, {-64, 100}, {101, 0}, {-1, 0},
		{math.MaxInt64, 1}, {math.MaxInt64 - 1, 8}, {math.MinInt64, 8}} {
		wantError(t, "upload out of bounds", b.Upload(buf, c.off, make([]byte, c.n)), backend.ErrArgs)
		wantError(t, "download out of bounds", b.Download(make([]byte, c.n), buf, c.off), backend.ErrArgs)
	}
	if !bytes.Equal(download(t, b, buf, 0, 100), make([]byte, 100)) {
		t.Errorf("a refused upload wrote something")
	}
}

// testFreed wants freed buffers to be known.
func testFreed(t tester, b backend.Backend) {
	buf := alloc(t, b, 64, "gone")
	free(t, buf)
	wantError(t, "second free", buf.Free(), backend.ErrFreed, "gone")
	wantError(t, "upload to a freed buffer", b.Upload(buf, 0, make([]byte, 8)), backend.ErrFreed, "gone")
	wantError(t, "download from a freed buffer", b.Download(make([]byte, 8), buf, 0), backend.ErrFreed, "gone")
}

// testForeign wants buffers of another device to be refused.
func (s *suite) testForeign(t tester, b backend.Backend) {
	s.with(t, func(other backend.Backend) {
		buf := alloc(t, other, 64, "elsewhere")
		defer free(t, buf)
		wantError(t, "upload to a foreign buffer", b.Upload(buf, 0, make([]byte, 8)), backend.ErrForeign)
		wantError(t, "download from a foreign buffer", b.Download(make([]byte, 8), buf, 0), backend.ErrForeign)
		plan := s.fillPlan(t, b, 16)
		defer closePlan(t, plan)
		args := tensors{{Desc: backend.Vec(backend.F32, 16), Buf: buf}}
		wantError(t, "run on a foreign buffer", plan.Run(args, backend.Scratch{}), backend.ErrForeign)
	})
}

// fillPlan returns a plan that fills n floats with 1.
func (s *suite) fillPlan(t tester, b backend.Backend, n int) backend.Plan {
	t.Helper()
	plan, err := backend.Compile(b, backend.Fill{Desc: backend.Vec(backend.F32, n), Value: 1})
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	return plan
}

func testNilBuffer(t tester, b backend.Backend) {
	if b.Upload(nil, 0, make([]byte, 1)) == nil || b.Download(make([]byte, 1), nil, 0) == nil {
		t.Errorf("a copy without a buffer: want an error")
	}
}

// testExhausted asks for more than there can be.
func testExhausted(t tester, b backend.Backend) {
	_, err := b.Alloc(1<<50, "everything")
	wantError(t, "alloc of a pebibyte", err, backend.ErrOutOfMemory, "everything")
	_, err = b.Alloc(-1, "negative")
	wantError(t, "alloc of -1 bytes", err, backend.ErrArgs)
	buf := alloc(t, b, 64, "afterwards")
	free(t, buf)
}

// testSizes wants Size to be what was asked for.
func testSizes(t tester, b backend.Backend) {
	for _, n := range []int64{1, 2, 64, 1000, 12345} {
		buf := alloc(t, b, n, "sized")
		if buf.Size() != n {
			t.Errorf("Size of a buffer of %d bytes is %d", n, buf.Size())
		}
		free(t, buf)
	}
}

// testLiveBuffer wants Close to refuse, naming what is live, and to work afterwards.
func (s *suite) testLiveBuffer(t tester) {
	s.with(t, func(b backend.Backend) {
		buf := alloc(t, b, 64, "forgotten activations")
		wantError(t, "close with a live buffer", b.Close(), backend.ErrLive, "forgotten activations")
		upload(t, b, buf, 0, make([]byte, 64))
		free(t, buf)
	})
}

func (s *suite) testLivePlan(t tester) {
	s.with(t, func(b backend.Backend) {
		plan := s.fillPlan(t, b, 4)
		wantError(t, "close with a live plan", b.Close(), backend.ErrLive, "Fill(")
		closePlan(t, plan)
		if err := plan.Close(); err != nil {
			t.Errorf("second close of a plan: %v", err)
		}
	})
}

// testAfterClose wants errors, not crashes.
func (s *suite) testAfterClose(t tester) {
	b, err := s.open()
	if err != nil {
		t.Fatalf("open the device: %v", err)
	}
	plan := s.fillPlan(t, b, 4)
	buf := alloc(t, b, 64, "short-lived")
	free(t, buf)
	closePlan(t, plan)
	if plan.Run(tensors{{Desc: backend.Vec(backend.F32, 4), Buf: buf}}, backend.Scratch{}) == nil {
		t.Errorf("run of a closed plan: want an error")
	}
	if err := b.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if _, err := b.Alloc(64, "too late"); err == nil {
		t.Errorf("alloc on a closed device: want an error")
	}
	if _, err := b.Compile(backend.Fill{Desc: backend.Vec(backend.F32, 4)}); err == nil {
		t.Errorf("compile on a closed device: want an error")
	}
	if b.Upload(buf, 0, nil) == nil || b.Sync() == nil {
		t.Errorf("use of a closed device: want an error")
	}
	_ = b.Close() // may complain, must not crash
}
