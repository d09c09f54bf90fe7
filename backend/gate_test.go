package backend

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pairOf returns the training pair of a block.
func pairOf(b Block) (Block, Block) { return b.WithPass(Forward, true), b.WithPass(Backward, true) }

func TestCompileTakesPrimitivesOnly(t *testing.T) {
	f := primitivesOnly()
	p, err := Compile(f, Fill{Desc: Vec(F32, 3)})
	require.NoError(t, err)
	require.NoError(t, p.Close())
	_, err = Compile(f, Fill{})
	assert.ErrorContains(t, err, "compile Fill(0 dtype(0)")
	_, err = Compile(f, testBlocks()[0].WithPass(Infer, false))
	assertArgs(t, err, "CompilePair")
	f.takes = func(Op) bool { return false }
	_, err = Compile(f, Fill{Desc: Vec(F32, 3)})
	assert.ErrorIs(t, err, ErrUnsupported)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestCompilePairRefusesWhatIsNoPair(t *testing.T) {
	f := primitivesOnly()
	a, b := testBlocks()[0], testBlocks()[1]
	for _, pair := range [][2]Block{
		{a.WithPass(Forward, false), a.WithPass(Infer, false)}, {a.WithPass(Backward, false), a.WithPass(Forward, false)},
		{a.WithPass(Forward, false), b.WithPass(Backward, false)}, {a.WithPass(Infer, false), a.WithPass(Prepare, false)}} {
		_, _, err := CompilePair(f, pair[0], pair[1], FuseAuto)
		assertArgs(t, err, "not forward and backward")
	}
	bad := ConvBNAct{Pass: Forward}
	_, _, err := CompilePair(f, bad, bad.WithPass(Backward, false), FuseAuto)
	assert.ErrorContains(t, err, "compile ConvBNAct(forward")
	assert.Zero(t, f.live)
}

// TestCompilePairClimbsTheLadder tells the fake which rungs it has and looks at what was composed.
func TestCompilePairClimbsTheLadder(t *testing.T) {
	all := func(Op) bool { return true }
	noChain := func(op Op) bool { _, chain := op.(Chain); return !chain }
	block := testBlocks()[3]
	chain := testBlocks()[6]
	for _, c := range []struct {
		name     string
		takes    func(Op) bool
		fuse     Fuse
		block    Block
		composed bool
		err      error
	}{
		{"native", all, FuseAuto, block, false, nil},
		{"composed", primitivesOnly().takes, FuseAuto, block, true, nil},
		{"off", all, FuseOff, block, true, nil},
		{"required and there", all, FuseRequire, block, false, nil},
		{"required and missing", primitivesOnly().takes, FuseRequire, block, false, ErrUnsupported},
		{"chain of native blocks suits require", noChain, FuseRequire, chain, true, nil},
		{"chain of composed blocks does not", primitivesOnly().takes, FuseRequire, chain, false, ErrUnsupported},
		{"nothing", func(Op) bool { return false }, FuseAuto, block, false, ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{takes: c.takes}
			first, second := pairOf(c.block)
			p1, p2, err := CompilePair(f, first, second, c.fuse)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
				assert.Zero(t, f.live, "plans left behind")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, Op(first), p1.Op())
			assert.Equal(t, Op(second), p2.Op())
			assert.Equal(t, p1.Saved(), p2.Saved())
			for _, p := range []Plan{p1, p2} {
				_, composed := p.(*sequence)
				assert.Equal(t, c.composed, composed)
				require.NoError(t, p.Close())
				require.NoError(t, p.Close(), "again")
			}
			assert.Zero(t, f.live)
		})
	}
}

// TestCompilePairNeverMixes takes the forward pass of a block natively and not its backward.
func TestCompilePairNeverMixes(t *testing.T) {
	first, second := pairOf(testBlocks()[0])
	f := primitivesOnly()
	f.takes = func(op Op) bool { _, block := op.(Block); return !block || op == Op(first) }
	p1, p2, err := CompilePair(f, first, second, FuseAuto)
	require.NoError(t, err)
	assert.IsType(t, &sequence{}, p1)
	assert.IsType(t, &sequence{}, p2)
	require.NoError(t, errors.Join(p1.Close(), p2.Close()))
	assert.Zero(t, f.live)
}

func TestCompilePairWantsEqualSaved(t *testing.T) {
	first, second := pairOf(testBlocks()[0])
	f := &fake{takes: func(Op) bool { return true }, saved: func(op Op) int64 { return int64(len(op.String())) }}
	_, _, err := CompilePair(f, first, second, FuseAuto)
	assert.ErrorContains(t, err, "bytes in one pass and")
	assert.Zero(t, f.live)
}

// TestCompilePairGivesUpCleanly lets every compilation fail in turn.
func TestCompilePairGivesUpCleanly(t *testing.T) {
	for _, b := range testBlocks() {
		first, second := pairOf(b)
		for n := 0; ; n++ {
			f, count := primitivesOnly(), 0
			f.broken = func(op Op) error {
				if _, block := op.(Block); block {
					return nil
				}
				if count++; count > n {
					return errBroken
				}
				return nil
			}
			p1, p2, err := CompilePair(f, first, second, FuseAuto)
			if err == nil {
				require.Positive(t, n)
				require.NoError(t, errors.Join(p1.Close(), p2.Close()))
				require.Zero(t, f.live)
				break
			}
			require.ErrorIs(t, err, errBroken)
			require.Zero(t, f.live, "%v, step %d", b, n)
		}
	}
}

func TestParseFuse(t *testing.T) {
	for _, f := range []Fuse{FuseAuto, FuseOff, FuseRequire} {
		got, err := ParseFuse(f.String())
		require.NoError(t, err)
		assert.Equal(t, f, got)
	}
	_, err := ParseFuse("on")
	assert.EqualError(t, err, `fuse "on": want auto, off or require`)
	assert.Equal(t, "fuse(9)", Fuse(9).String())
}

// wrapped hides what a backend is.
type wrapped struct{ Backend }

func (w wrapped) Unwrap() Backend { return w.Backend }

func TestAsLooksThroughWrappers(t *testing.T) {
	s := splitter{primitivesOnly()}
	got, ok := As[ChainSplitter](wrapped{wrapped{s}})
	require.True(t, ok)
	assert.Equal(t, ChainSplitter(s), got)
	_, ok = As[Recorder](wrapped{s})
	assert.False(t, ok)
	_, ok = As[Recorder](nil)
	assert.False(t, ok)
}

func TestErrorText(t *testing.T) {
	err := &Error{Device: "cuda:0", Op: "alloc", Call: "cuMemAlloc", Code: 2, Text: "out of memory", Err: ErrOutOfMemory}
	assert.EqualError(t, err, "cuda:0: alloc: cuMemAlloc = 2: out of memory: out of device memory")
	assert.ErrorIs(t, err, ErrOutOfMemory)
	assert.EqualError(t, Unsupported("cpu", Fill{Desc: Vec(F16, 2)}, "no f16"),
		"cpu: Fill(0 f16 nchw 1x1x1x2): no f16: operation not supported by the device: unsupported operation")
}
