package backend

import (
	"errors"
	"fmt"
	"slices"

	"github.com/stretchr/testify/assert"
)

// fake is a device that computes nothing: it takes the operations it is told to and writes down what runs.
type fake struct {
	takes   func(Op) bool
	splits  []int // what SplitChain answers, if set
	saved   func(Op) int64
	broken  func(Op) error // Compile fails with this, if not nil
	live    int            // plans not closed yet
	ran     []string
	quiet   bool // writes nothing down
	buffers int
}

// primitivesOnly is a fake that takes no block.
func primitivesOnly() *fake {
	return &fake{takes: func(op Op) bool { _, block := op.(Block); return !block }}
}

type fakeBuffer struct {
	raw   []byte
	freed bool
}

func (b *fakeBuffer) Size() int64 { return int64(len(b.raw)) }

func (b *fakeBuffer) Free() error {
	if b.freed {
		return ErrFreed
	}
	b.freed = true
	return nil
}

func (f *fake) Info() Info { return Info{Device: "fake:0", Layout: NCHW8c, DTypes: []DType{F32}} }

func (f *fake) Alloc(n int64, label string) (Buffer, error) {
	f.buffers++
	return &fakeBuffer{raw: make([]byte, n)}, nil
}

func (f *fake) Upload(dst Buffer, off int64, src []byte) error {
	if dst.(*fakeBuffer).freed {
		return ErrFreed
	}
	copy(dst.(*fakeBuffer).raw[off:], src)
	return nil
}

func (f *fake) Download(dst []byte, src Buffer, off int64) error {
	copy(dst, src.(*fakeBuffer).raw[off:])
	return nil
}

func (f *fake) Sync() error { f.ran = append(f.ran, "sync"); return nil }

func (f *fake) Close() error {
	if f.live > 0 {
		return fmt.Errorf("%d plans: %w", f.live, ErrLive)
	}
	return nil
}

func (f *fake) Compile(op Op) (Plan, error) {
	if f.broken != nil {
		if err := f.broken(op); err != nil {
			return nil, err
		}
	}
	if !f.takes(op) {
		return nil, Unsupported("fake:0", op, "not taken")
	}
	p := &fakePlan{device: f, op: op, work: 64}
	if f.saved != nil {
		p.saved = f.saved(op)
	}
	f.live++
	return p, nil
}

// splitter is a fake that cuts chains.
type splitter struct{ *fake }

func (s splitter) SplitChain(Chain) []int { return s.splits }

type fakePlan struct {
	device      *fake
	op          Op
	work, saved int64
	closed      bool
	seen        []Tensor
	scratch     Scratch
	run         func(p *fakePlan) error // what it does, if anything
}

func (p *fakePlan) Op() Op           { return p.op }
func (p *fakePlan) Workspace() int64 { return p.work }
func (p *fakePlan) Saved() int64     { return p.saved }

func (p *fakePlan) Run(args Args, s Scratch) error {
	p.seen, p.scratch = args.Bind(p.seen[:0]), s
	if !p.device.quiet {
		p.device.ran = append(p.device.ran, shortName(p.op))
	}
	if p.run != nil {
		return p.run(p)
	}
	return nil
}

func (p *fakePlan) Close() error {
	if !p.closed {
		p.device.live--
	}
	p.closed = true
	return nil
}

// place gives every operand of op memory of its own in one buffer.
func place(op Op) []Tensor {
	var list []Tensor
	end := int64(0)
	for _, o := range op.Operands() {
		list = append(list, Tensor{Desc: o.Desc, Off: end})
		end += Align(o.Desc.Bytes())
	}
	buf := &fakeBuffer{raw: make([]byte, end)}
	for i := range list {
		list[i].Buf = buf
	}
	return list
}

// scratchFor is memory for a plan.
func scratchFor(p Plan) Scratch {
	var s Scratch
	if n := p.Workspace(); n > 0 {
		s.Workspace = Bytes(&fakeBuffer{raw: make([]byte, n)}, 0, n)
	}
	if n := p.Saved(); n > 0 {
		s.Saved = Bytes(&fakeBuffer{raw: make([]byte, n)}, 0, n)
	}
	return s
}

var errBroken = errors.New("broken")

// testBlocks are one block of every kind, with everything that can be on switched on.
func testBlocks() []Block {
	conv := ConvBNAct{DType: F32, Layout: NCHW8c, N: 2, H: 8, W: 8, C: 3, K: 8, R: 3, S: 3, Stride: 2, Pad: 1, Groups: 1, Act: ReLU6, Eps: 1e-5, Momentum: 0.1}
	linear := conv
	linear.Act = NoAct
	first := InvertedResidual{DType: F32, Layout: NCHW8c, N: 2, H: 4, W: 4, C: 8, E: 8, K: 10, Stride: 1, Eps: 1e-5, Momentum: 0.1}
	second := InvertedResidual{DType: F32, Layout: NCHW8c, N: 2, H: 4, W: 4, C: 10, E: 60, K: 10, Expand: true, Stride: 1, Residual: true, Eps: 1e-5, Momentum: 0.1}
	head := Head{DType: F32, Layout: NCHW8c, N: 2, H: 4, W: 4, C: 10, K: 5, DropRate: 0.2}
	plain := head
	plain.DropRate = 0
	chain, err := NewChain(Forward, false, conv, first, second, head)
	if err != nil {
		panic(err)
	}
	return []Block{conv, linear, first, second, head, plain, chain}
}

// testPairs are training, with and without dx, and inference of every block.
func testPairs() [][2]Block {
	var list [][2]Block
	for _, b := range testBlocks() {
		list = append(list, [2]Block{b.WithPass(Forward, false), b.WithPass(Backward, false)},
			[2]Block{b.WithPass(Forward, true), b.WithPass(Backward, true)},
			[2]Block{b.WithPass(Prepare, false), b.WithPass(Infer, false)})
	}
	return list
}

// assertArgs asserts that err wraps ErrArgs and says words.
func assertArgs(t assert.TestingT, err error, words ...string) {
	assert.ErrorIs(t, err, ErrArgs)
	for _, w := range words {
		assert.ErrorContains(t, err, w)
	}
}

func names(operands []Operand) []string {
	list := make([]string, len(operands))
	for i, o := range operands {
		list[i] = o.Name
	}
	return slices.Clip(list)
}
