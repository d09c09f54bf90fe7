package backend

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testChain is the chain among testBlocks: stem, two inverted residuals, head.
func testChain() Chain { return testBlocks()[6].(Chain) }

func TestNewChainRefuses(t *testing.T) {
	blocks := testBlocks()
	_, err := NewChain(Forward, false)
	assert.ErrorContains(t, err, "chain of 0 blocks")
	_, err = NewChain(Forward, false, make([]Block, MaxChain+1)...)
	assert.ErrorContains(t, err, "chain of 33 blocks: want 1 to 32")
	_, err = NewChain(Forward, false, blocks[0], blocks[4])
	assert.ErrorContains(t, err, "block 1 takes f32 nchw8c 2x4x4x10, block 0 gives f32 nchw8c 2x4x4x8")
	_, err = NewChain(GradInput, false, blocks[0])
	assert.ErrorContains(t, err, "pass grad-input")
	_, err = NewChain(Forward, false, ConvBNAct{})
	assert.ErrorContains(t, err, "block 0")

	head := Head{DType: F32, Layout: NCHW8c, N: 2, H: 1, W: 1, C: 4, K: 4, DropRate: 0.5}
	_, err = NewChain(Forward, false, head, head)
	assert.ErrorContains(t, err, "2 blocks have a dropout mask")
}

func TestChainCheck(t *testing.T) {
	c := testChain()
	c.Len = 33
	assert.ErrorContains(t, c.Check(), "Len = 33")
	c = testChain()
	c.Blocks[1] = nil
	assert.ErrorContains(t, c.Check(), "block 1 is missing")
	c = testChain()
	c.Blocks[2] = c.Blocks[2].WithPass(Infer, true)
	assert.ErrorContains(t, c.Check(), "block 2 is in another pass")
}

func TestChainIsAComparableBlock(t *testing.T) {
	a, b := testChain(), testChain()
	assert.True(t, Op(a) == Op(b))
	assert.NotEqual(t, a.String(), a.WithPass(Infer, false).String())
	assert.Equal(t, a.WithPass(Backward, true), a.WithPass(Infer, false).WithPass(Backward, true))
	assert.Equal(t, Desc{F32, NCHW8c, 2, 8, 8, 3}, a.In())
	assert.Equal(t, Desc{F32, NCHW8c, 2, 1, 1, 5}, a.Out())
	assert.False(t, a.ReadsOutput())
	mask, ok := a.DropMask()
	assert.True(t, ok)
	assert.Equal(t, Matrix(U8, 2, 10), mask)
	params := a.Params()
	assert.Equal(t, "00.w", params[0].Name)
	assert.Equal(t, "03.b", params[len(params)-1].Name)
	assert.Len(t, params, 5+10+15+2)
}

// TestChainIsCutAsTheDeviceAsks compiles for a device that takes runs of certain lengths.
func TestChainIsCutAsTheDeviceAsks(t *testing.T) {
	for _, c := range []struct {
		name   string
		splits []int
		steps  []string
		err    string
	}{
		{"into two runs", []int{2, 2}, []string{"Chain", "Chain"}, ""},
		{"a run and single blocks", []int{1, 2, 1}, []string{"ConvBNAct", "Chain", "Head"}, ""},
		{"not at all", []int{4}, []string{"ConvBNAct", "InvertedResidual", "InvertedResidual", "Head"}, ""},
		{"too short", []int{1, 2}, nil, "runs [1 2] do not add up to 4 blocks"},
		{"too long", []int{3, 2}, nil, "runs [3 2] do not add up to 4 blocks"},
		{"with nothing", []int{0, 4}, nil, "runs [0 4] do not add up to 4 blocks"},
		{"empty", nil, nil, "runs [] do not add up to 4 blocks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{splits: c.splits}
			f.takes = func(op Op) bool { chain, ok := op.(Chain); return !ok || chain.Len < 4 }
			first, second := pairOf(testChain())
			p1, p2, err := CompilePair(splitter{f}, first, second, FuseAuto)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				assert.Zero(t, f.live)
				return
			}
			require.NoError(t, err)
			for _, p := range []Plan{p1, p2} {
				require.NoError(t, p.Run(&boundArgs{place(p.Op())}, scratchFor(p)))
				require.NoError(t, p.Close())
			}
			assert.Equal(t, c.steps, f.ran[:len(c.steps)])
			assert.Zero(t, f.live)
		})
	}
}

func TestChainRunsCarryTheInputGradientsOfTheirBlocks(t *testing.T) {
	chain := testChain().WithPass(Backward, false).(Chain)
	composition, err := chain.composeRuns([]int{2, 2})
	require.NoError(t, err)
	runs := []Chain{composition.Steps[1].Op.(Chain), composition.Steps[0].Op.(Chain)}
	assert.False(t, runs[0].InputGrad, "nobody wants the gradient of the images")
	assert.True(t, runs[1].InputGrad)
	assert.NoError(t, errors.Join(runs[0].Check(), runs[1].Check()))
}
