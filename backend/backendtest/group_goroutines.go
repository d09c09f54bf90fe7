package backendtest

import (
	"bytes"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"mnv2/backend"
)

// testGoroutines settles that a device may move between goroutines, that using it from two at once is reported, that two
// devices do not meet, and that Close ends what Open began.
func (s *suite) testGoroutines(t tester) {
	t.Run("moving", s.testMoving)
	t.Run("concurrent", s.testConcurrent)
	t.Run("two devices", s.testTwoDevices)
	t.Run("leak", s.testGoroutineLeak)
}

// elsewhere runs f on a goroutine of its own that is locked to a thread and takes it along when it ends.
func elsewhere(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

func (s *suite) testMoving(t tester) {
	s.with(t, func(b backend.Backend) {
		var want, got []byte
		for _, move := range []bool{false, true} {
			p := s.newProgram(t, b)
			for range 10 {
				var err error
				if move {
					elsewhere(func() { err = p.step() })
				} else {
					err = p.step()
				}
				if err != nil {
					t.Fatalf("%v", err)
				}
			}
			want, got = got, p.results(t)
			p.close(t)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("steps on other goroutines give other bits")
		}
	})
}

// contention is the most rounds for which two goroutines use a device at once before one must have been told. Only tests of
// the suite change it.
var contention = 20000

func (s *suite) testConcurrent(t tester) {
	s.with(t, func(b backend.Backend) {
		rigs := []*rig{
			s.newRig(t, b, convShape{2, 12, 12, 24, 24, 1, 1, 0, 1}.op(backend.Forward, s.info.DTypes[0], s.info.Layout)),
			s.newRig(t, b, convShape{2, 12, 12, 24, 24, 3, 1, 1, 24}.op(backend.Forward, s.info.DTypes[0], s.info.Layout))}
		var told atomic.Bool
		var wg sync.WaitGroup
		for _, r := range rigs {
			wg.Go(func() {
				dst := make([]byte, r.buf.Size())
				for round := 0; round < contention && !told.Load(); round++ {
					err := errors.Join(r.run(), b.Download(dst, r.buf, 0))
					if errors.Is(err, backend.ErrConcurrent) {
						told.Store(true)
					} else if err != nil {
						t.Errorf("two goroutines at once: %v", err)
						told.Store(true)
					}
				}
			})
		}
		wg.Wait()
		if !told.Load() {
			t.Errorf("two goroutines used the device at once for %d rounds: want %v", contention, backend.ErrConcurrent)
		}
		for _, r := range rigs {
			if err := errors.Join(r.run(), b.Sync()); err != nil {
				t.Errorf("after concurrent use: %v", err)
			}
			r.close(t)
		}
	})
}

// testTwoDevices runs the same program on two devices at the same time and wants the bits of one alone.
func (s *suite) testTwoDevices(t tester) {
	compute := func(t tester) []byte {
		var results []byte
		s.with(t, func(b backend.Backend) {
			p := s.newProgram(t, b)
			defer p.close(t)
			for range 10 {
				if err := p.step(); err != nil {
					t.Errorf("%v", err)
					return
				}
			}
			results = p.results(t)
		})
		return results
	}
	want := compute(t)
	var got [2][]byte
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = compute(t) })
	}
	wg.Wait()
	for i := range got {
		if !bytes.Equal(got[i], want) {
			t.Errorf("device %d beside another gives other bits than alone", i)
		}
	}
}

// testGoroutineLeak opens and closes devices and wants no goroutine to stay. Those that are ending get many chances to.
func (s *suite) testGoroutineLeak(t tester) {
	before := runtime.NumGoroutine()
	for range 3 {
		s.with(t, func(b backend.Backend) {
			p := s.newProgram(t, b)
			defer p.close(t)
			if err := errors.Join(p.step(), b.Sync()); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
	for range 100000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines before, %d after three devices were opened and closed", before, runtime.NumGoroutine())
}
