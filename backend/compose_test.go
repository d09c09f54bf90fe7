package backend

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// follow runs a composition over what is known about its values: none may be read before it was written, unless it is an
// input or was saved by the first pass. It returns the indices of those written.
func follow(t *testing.T, op Op, c Composition, saved map[string]bool) map[int]bool {
	t.Helper()
	known, written := map[int]bool{}, map[int]bool{}
	for i, o := range op.Operands() {
		require.Equal(t, Value{o.Name, o.Desc, Given}, c.Values[i])
		known[i] = o.Role != Out
	}
	for i, v := range c.Values {
		known[i] = known[i] || (v.Place == Saved && saved[v.Name])
	}
	for _, step := range c.Steps {
		require.NoError(t, step.Op.Check())
		operands := step.Op.Operands()
		require.Len(t, step.Args, len(operands), step.Op)
		for j, v := range step.Args {
			require.Equal(t, operands[j].Desc, c.Values[v].Desc, "%v: %s", step.Op, operands[j].Name)
			if operands[j].Role != Out {
				require.True(t, known[v], "%v reads %q, which nobody wrote", step.Op, c.Values[v].Name)
			}
		}
		for j, v := range step.Args {
			if operands[j].Role != In {
				known[v], written[v] = true, true
			}
		}
	}
	return written
}

func TestCompositionsWriteEveryOutputAndReadNothingUnwritten(t *testing.T) {
	for _, pair := range testPairs() {
		t.Run(pair[1].String(), func(t *testing.T) {
			saved := map[string]bool{}
			for _, op := range pair {
				c := op.Compose()
				written := follow(t, op, c, saved)
				for i, o := range op.Operands() {
					assert.Equal(t, o.Role != In, written[i], "%v: %q", op, o.Name)
				}
				for i, v := range c.Values {
					if v.Place == Saved && written[i] {
						saved[v.Name] = true
					}
				}
			}
		})
	}
}

func TestCompositionsPairTheirSteps(t *testing.T) {
	for _, pair := range testPairs() {
		c1, c2 := pair[0].Compose(), pair[1].Compose()
		keys := func(c Composition) []string {
			var list []string
			for _, s := range c.Steps {
				if s.Pair != "" {
					list = append(list, s.Pair)
				}
			}
			slices.Sort(list)
			return list
		}
		assert.Equal(t, keys(c1), keys(c2), pair[1])
		assert.Equal(t, keys(c1), slices.Compact(keys(c1)), pair[1])
	}
}

func TestPlaceWorkKeepsLiveValuesApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		c := randomComposition(rng)
		scratch := make([]int64, len(c.Steps))
		for i := range scratch {
			scratch[i] = rng.Int64N(3) * rng.Int64N(5000)
		}
		offsets, size := placeWork(c, scratch)
		spans := workSpans(c, scratch)
		most := int64(0)
		for step := range c.Steps {
			live := int64(0)
			for i, a := range spans {
				require.Zero(t, offsets[a.value]%Alignment)
				require.LessOrEqual(t, offsets[a.value]+a.size, size)
				if step < a.first || step > a.last {
					continue
				}
				live += a.size
				for _, b := range spans[:i] {
					if step < b.first || step > b.last {
						continue
					}
					apart := offsets[a.value]+a.size <= offsets[b.value] || offsets[b.value]+b.size <= offsets[a.value]
					require.True(t, apart, "values %d and %d overlap in step %d", a.value, b.value, step)
				}
			}
			most = max(most, live)
		}
		require.GreaterOrEqual(t, size, most)
	}
}

func randomComposition(rng *rand.Rand) Composition {
	var c Composition
	for i := range 1 + rng.IntN(8) {
		place := []Place{Given, Work, Work, Saved}[rng.IntN(4)]
		c.Values = append(c.Values, Value{Name: string(rune('a' + i)), Desc: Vec(F32, 1+rng.IntN(200)), Place: place})
	}
	for range 1 + rng.IntN(10) {
		var s Step
		for range 1 + rng.IntN(3) {
			s.Args = append(s.Args, rng.IntN(len(c.Values)))
		}
		c.Steps = append(c.Steps, s)
	}
	return c
}

func TestComposerPanicsOnBrokenPrograms(t *testing.T) {
	op := Fill{Desc: Vec(F32, 2)}
	assert.Panics(t, func() { newComposer(op).value("y", op.Desc, Work) })
	assert.Panics(t, func() { newComposer(op).run(op) })
	assert.Panics(t, func() { newComposer(op).run(op, "z") })
	assert.Panics(t, func() { newComposer(op).run(Fill{Desc: Vec(F32, 3)}, "y") })
}

// TestSequenceRunsItsStepsInOrder looks at what the steps of a composed block are given.
func TestSequenceRunsItsStepsInOrder(t *testing.T) {
	f := primitivesOnly()
	first, second := pairOf(testBlocks()[0])
	p1, p2, err := CompilePair(f, first, second, FuseAuto)
	require.NoError(t, err)
	assert.Len(t, p1.(*sequence).Steps(), 3)
	scratch := Scratch{Workspace: Bytes(&fakeBuffer{raw: make([]byte, 1<<20)}, 64, 1<<19), Saved: Bytes(&fakeBuffer{raw: make([]byte, p1.Saved()+128)}, 128, p1.Saved())}
	require.NoError(t, p1.Run(&boundArgs{place(first)}, scratch))
	require.NoError(t, p2.Run(&boundArgs{place(second)}, scratch))
	assert.Equal(t, []string{"Conv2D", "BatchNorm", "Activation", "Activation", "BatchNorm", "Conv2D", "Conv2D"}, f.ran)
	for _, step := range append(p1.(*sequence).Steps(), p2.(*sequence).Steps()...) {
		p := step.(*fakePlan)
		require.NoError(t, CheckScratch(p, p.scratch))
		require.NoError(t, NewBinder(p.op).check(p.seen), "%v", p.op)
		assert.GreaterOrEqual(t, p.scratch.Workspace.Off, int64(64), "scratch begins where the caller says")
	}
	z1, z2 := p1.(*sequence).steps[0].plan.(*fakePlan).seen[2], p2.(*sequence).steps[1].plan.(*fakePlan).seen[0]
	assert.Equal(t, z1, z2, "backward finds z where forward left it")
	require.NoError(t, errors.Join(p1.Close(), p2.Close()))
}

// TestSequencesOfAllBlocksAreValidCalls lets a binder check every call that a composed block makes.
func TestSequencesOfAllBlocksAreValidCalls(t *testing.T) {
	for _, pair := range testPairs() {
		t.Run(pair[1].String(), func(t *testing.T) {
			f := primitivesOnly()
			p1, p2, err := CompilePair(f, pair[0], pair[1], FuseOff)
			require.NoError(t, err)
			for _, p := range []Plan{p1, p2} {
				require.NoError(t, p.Run(&boundArgs{place(p.Op())}, scratchFor(p)))
				eachStep(p, func(step *fakePlan) {
					assert.NoError(t, NewBinder(step.op).check(step.seen), "%v", step.op)
					assert.NoError(t, CheckScratch(step, step.scratch))
				})
				require.NoError(t, p.Close())
			}
			assert.Zero(t, f.live)
		})
	}
}

// eachStep calls f with the plans that a composed one ends in.
func eachStep(p Plan, f func(*fakePlan)) {
	if s, ok := p.(*sequence); ok {
		for _, step := range s.Steps() {
			eachStep(step, f)
		}
		return
	}
	f(p.(*fakePlan))
}

func TestSequenceDoesNotAllocate(t *testing.T) {
	f := primitivesOnly()
	f.quiet = true
	first, second := pairOf(testBlocks()[6])
	p1, p2, err := CompilePair(f, first, second, FuseAuto)
	require.NoError(t, err)
	a1, a2 := &boundArgs{place(first)}, &boundArgs{place(second)}
	s := scratchFor(p1)
	s.Workspace = scratchFor(p2).Workspace
	if p1.Workspace() > p2.Workspace() {
		s.Workspace = scratchFor(p1).Workspace
	}
	assert.Zero(t, testing.AllocsPerRun(20, func() {
		if err := errors.Join(p1.Run(a1, s), p2.Run(a2, s)); err != nil {
			t.Error(err)
		}
	}))
}

func TestSequencePassesErrorsOn(t *testing.T) {
	f := primitivesOnly()
	first, second := pairOf(testBlocks()[0])
	p1, _, err := CompilePair(f, first, second, FuseAuto)
	require.NoError(t, err)
	args := &boundArgs{place(first)}
	assertArgs(t, p1.Run(&boundArgs{}, scratchFor(p1)), "ConvBNAct(forward")
	assertArgs(t, p1.Run(args, Scratch{}), "workspace: want")
	p1.(*sequence).steps[1].plan.(*fakePlan).run = func(*fakePlan) error { return errBroken }
	err = p1.Run(args, scratchFor(p1))
	assert.ErrorIs(t, err, errBroken)
	assert.ErrorContains(t, err, "in ConvBNAct")
}
