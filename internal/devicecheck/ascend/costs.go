//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"
	"time"

	"mnv2/csrc/acl"
	"mnv2/internal/devicecheck"
)

// costs measures what the host pays for the acts of the runtime.
func costs(l *lab, r *devicecheck.Recorder) {
	r.Try("one launch", l.launchCost)
	r.Try("one plan of a convolution", l.planCost)
	r.Try("memory taken and given back", l.memoryCost)
	r.Try("the device's clock beside the host's", l.clock)
	sizes := []int64{4 << 10, 1 << 20, 64 << 20}
	if l.quick {
		sizes = sizes[:2]
	}
	for _, n := range sizes {
		r.Try(fmt.Sprintf("copies of %d KiB", n>>10), func(c *devicecheck.Case) error { return l.copyCost(c, n) })
	}
}

// each returns the microseconds of one call of f, the mean of n.
func each(n int, f func() error) (float64, error) {
	start := time.Now()
	for range n {
		if err := f(); err != nil {
			return 0, err
		}
	}
	return time.Since(start).Seconds() * 1e6 / float64(n), nil
}

func (l *lab) rounds(n int) int {
	if l.quick {
		return max(1, n/50)
	}
	return n
}

// launchCost queues additions to one number, whose time on the device is nothing, with plans that are kept and anew.
func (l *lab) launchCost(c *devicecheck.Case) (err error) {
	s := acl.Spec{Op: acl.InplaceAdds, Inputs: []acl.Tensor{nd(acl.Float, 1)}, Scalars: []float64{1, 1}}
	var sets []string
	for _, reuse := range []bool{true, false} {
		b, err := l.dev.NewBatch([]acl.Spec{s}, reuse, l.spot)
		if err != nil {
			return err
		}
		work, err := l.dev.Malloc(b.Workspace + slot)
		if err != nil {
			return errors.Join(err, b.Close())
		}
		us, err := each(l.rounds(1000), func() error { return b.Run([]acl.Address{l.spot}, work) })
		err = errors.Join(err, l.dev.Sync(), b.Close(), l.dev.Free(work))
		if err != nil {
			return err
		}
		if b.Repeatable > 0 {
			sets = append(sets, fmt.Sprintf("%.1f us with a plan that is kept", us))
		} else {
			sets = append(sets, fmt.Sprintf("%.1f us with a new plan", us))
		}
	}
	c.Set("value", fmt.Sprint(sets))
	return nil
}

func (l *lab) planCost(c *devicecheck.Case) error {
	s := convolution(acl.Float16, acl.AllowDown, 32, 56, 24, 144, 1, 1)
	us, err := each(l.rounds(100), func() error {
		b, err := l.dev.NewBatch([]acl.Spec{s}, false, l.spot)
		if err != nil {
			return err
		}
		return b.Close()
	})
	c.Set("value", fmt.Sprintf("%.1f us", us))
	return err
}

// clock times the same work by both clocks: the device's cannot be the longer time.
func (l *lab) clock(c *devicecheck.Case) (err error) {
	n := int64(16 << 20)
	if l.quick {
		n = 1 << 16
	}
	m, err := l.prepare(acl.Spec{Op: acl.InplaceAdds, Inputs: []acl.Tensor{nd(acl.Float, n)}, Scalars: []float64{1, 1}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := l.dev.Sync(); err != nil {
		return err
	}
	start := time.Now()
	if err := l.dev.StartTimer(); err != nil {
		return err
	}
	for range l.rounds(200) {
		if err := m.run(); err != nil {
			return err
		}
	}
	device, err := l.dev.StopTimer()
	if err != nil {
		return err
	}
	host := time.Since(start).Seconds() * 1e3
	c.Set("value", fmt.Sprintf("%.3f ms and %.3f ms", device, host))
	if !(device > 0 && device <= 1.01*host) {
		c.End(devicecheck.Wrong, "the device says %.3f ms, the host waited %.3f ms", device, host)
	}
	return nil
}

func (l *lab) memoryCost(c *devicecheck.Case) error {
	us, err := each(l.rounds(100), func() error {
		a, err := l.dev.Malloc(16 << 20)
		if err != nil {
			return err
		}
		return l.dev.Free(a)
	})
	c.Set("value", fmt.Sprintf("%.1f us", us))
	return err
}

// copyCost copies to the device and back, and looks whether what comes back is what was sent.
func (l *lab) copyCost(c *devicecheck.Case, n int64) (err error) {
	a, err := l.dev.Malloc(n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.dev.Free(a)) }()
	out, back := make([]byte, n), make([]byte, n)
	for i := range out {
		out[i] = byte(i * 7)
	}
	up, err := each(l.rounds(50), func() error { return errors.Join(l.dev.Upload(a, out), l.dev.Sync()) })
	if err != nil {
		return err
	}
	down, err := each(l.rounds(50), func() error { return l.dev.Download(back, a) })
	if err != nil {
		return err
	}
	if string(out) != string(back) {
		c.End(devicecheck.Wrong, "other bytes come back")
		return nil
	}
	c.Set("value", fmt.Sprintf("%.2f GB/s to the device, %.2f GB/s from it", float64(n)/up/1e3, float64(n)/down/1e3))
	return nil
}
