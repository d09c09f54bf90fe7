//go:build cgo && linux

package ascend

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"mnv2/backend"
	"mnv2/backend/ref"
	"mnv2/csrc/acl"
)

// lab calls single operators of the vendor on numbers of the host.
type lab struct {
	lib   *acl.Library
	dev   *acl.Device
	soc   string
	quick bool
	spot  acl.Address // stands for tensors until they have an address
}

// withLab opens a device for f.
func withLab(index int, quick bool, f func(*lab)) error {
	lib, err := acl.Load()
	if err != nil {
		return err
	}
	if _, err := lib.SetDeterministic(true); err != nil {
		return err
	}
	l := &lab{lib: lib, quick: quick}
	if l.soc, err = lib.SocName(); err != nil {
		return err
	}
	if l.dev, err = lib.Open(index, acl.DeviceOptions{InfNaN: !saturates(l.soc)}); err != nil {
		return err
	}
	if l.spot, err = l.dev.Malloc(1 << 20); err != nil {
		return errors.Join(err, l.dev.Close())
	}
	f(l)
	return errors.Join(l.dev.Free(l.spot), l.dev.Close())
}

// slot is how far apart tensors begin, so that no operator touches its neighbour.
const slot = 512

// memory is one block that holds the tensors of a call, and its workspace.
type memory struct {
	l       *lab
	block   acl.Address
	offsets []int64
	sizes   []int64
	batch   *acl.Batch
	work    acl.Address
}

// prepare plans a call and gives it memory.
func (l *lab) prepare(s acl.Spec) (_ *memory, err error) {
	m := &memory{l: l}
	end := int64(0)
	for _, t := range append(append([]acl.Tensor(nil), s.Inputs...), s.Outputs...) {
		if t.Rank < 0 {
			continue
		}
		m.offsets, m.sizes = append(m.offsets, end), append(m.sizes, bytesOf(t))
		end += (bytesOf(t)+2*slot-1)/slot*slot + slot
	}
	if m.batch, err = l.dev.NewBatch([]acl.Spec{s}, false, l.spot); err != nil {
		return nil, err
	}
	if m.block, err = l.dev.Malloc(end + slot); err != nil {
		return nil, errors.Join(err, m.batch.Close())
	}
	if m.batch.Workspace > 0 {
		if m.work, err = l.dev.Malloc(m.batch.Workspace + slot); err != nil {
			return nil, errors.Join(err, m.close())
		}
	}
	return m, nil
}

// put uploads the tensors that are not nil.
func (m *memory) put(data ...[]byte) error {
	for i, d := range data {
		if d == nil {
			continue
		}
		if int64(len(d)) != m.sizes[i] {
			return fmt.Errorf("tensor %d has %d bytes, got %d", i, m.sizes[i], len(d))
		}
		if err := m.l.dev.Upload(m.block+acl.Address(m.offsets[i]), d); err != nil {
			return err
		}
	}
	return nil
}

// run queues the call.
func (m *memory) run() error {
	list := make([]acl.Address, len(m.offsets))
	for i, off := range m.offsets {
		list[i] = m.block + acl.Address(off)
	}
	return m.batch.Run(list, m.work)
}

// get downloads all tensors.
func (m *memory) get() ([][]byte, error) {
	var list [][]byte
	for i, off := range m.offsets {
		raw := make([]byte, m.sizes[i])
		if err := m.l.dev.Download(raw, m.block+acl.Address(off)); err != nil {
			return nil, err
		}
		list = append(list, raw)
	}
	return list, nil
}

func (m *memory) close() error {
	errs := []error{m.batch.Close(), m.l.dev.Free(m.block)}
	if m.work != 0 {
		errs = append(errs, m.l.dev.Free(m.work))
	}
	return errors.Join(errs...)
}

// call runs one operator on data, one for each tensor that is there, and returns all of them afterwards.
func (l *lab) call(s acl.Spec, data ...[]byte) (after [][]byte, err error) {
	m, err := l.prepare(s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.put(data...); err != nil {
		return nil, err
	}
	if err := m.run(); err != nil {
		return nil, err
	}
	return m.get()
}

// time returns how long one run of an operator takes on the device.
func (l *lab) time(s acl.Spec) (_ time.Duration, err error) {
	m, err := l.prepare(s)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	n := 20
	if l.quick {
		n = 2
	}
	for range 2 {
		if err := m.run(); err != nil {
			return 0, err
		}
	}
	if err := l.dev.StartTimer(); err != nil {
		return 0, err
	}
	for range n {
		if err := m.run(); err != nil {
			return 0, err
		}
	}
	ms, err := l.dev.StopTimer()
	return time.Duration(ms * float64(time.Millisecond) / float64(n)), err
}

// saturates reports whether results of the chip cannot be infinite. The same chips have no float32 in their matrix units.
func saturates(soc string) bool {
	return !hasPrefix(soc, "Ascend910B", "Ascend910_93", "Ascend950")
}

func bytesOf(t acl.Tensor) int64 {
	n := map[acl.DType]int64{acl.Float: 4, acl.Int32: 4, acl.Float16: 2, acl.BFloat: 2, acl.Int64: 8, acl.Uint8: 1, acl.Bool: 1}[t.DType]
	if t.Storage > 0 {
		return n * t.Storage
	}
	for _, d := range t.Dims[:t.Rank] {
		n *= d
	}
	return n
}

// maps is a tensor of activations or a filter, nd any other.
func maps(t acl.DType, dims ...int64) acl.Tensor { return tensor(t, acl.NCHW, dims) }
func nd(t acl.DType, dims ...int64) acl.Tensor   { return tensor(t, acl.ND, dims) }

func tensor(t acl.DType, f acl.Format, dims []int64) acl.Tensor {
	d := acl.Tensor{DType: t, Format: f, Rank: len(dims)}
	copy(d.Dims[:], dims)
	return d
}

var types = map[acl.DType]backend.DType{acl.Float: backend.F32, acl.Float16: backend.F16, acl.BFloat: backend.BF16, acl.Int32: backend.I32,
	acl.Uint8: backend.U8, acl.Bool: backend.U8}

// encode returns numbers as they lie in memory, decode reads them back.
func encode(t acl.DType, v ...float64) []byte {
	return (&ref.Tensor{Desc: backend.Vec(types[t], len(v)), V: v}).Bytes()
}

func decode(t acl.DType, raw []byte) []float64 {
	n := len(raw) / int(types[t].Size())
	v, err := ref.FromBytes(backend.Vec(types[t], n), raw)
	if err != nil {
		panic("ascend: " + err.Error()) // the size is the Desc's own
	}
	return v.V
}

// random returns n numbers of a normal distribution, rounded to t: always the same for the same n.
func random(t acl.DType, n int) []float64 {
	rng := rand.New(rand.NewPCG(uint64(n), 3))
	v := make([]float64, n)
	for i := range v {
		v[i] = ref.Round(types[t], rng.NormFloat64())
	}
	return v
}
