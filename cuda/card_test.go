//go:build cgo && linux

package cuda

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"mnv2/backend"
	"mnv2/backend/backendtest"
	"mnv2/internal/shareddata"
)

// cardVariable asks for the tests on a real GPU. They are not run otherwise, since the stand-ins and the vendor's libraries cannot be
// in one process; build/gpu-check.sh sets it together with MNV2_REQUIRE=cuda.
const cardVariable = "MNV2_TEST_CARD"

// openCard opens the GPU that the variable names, 0 for the first.
func openCard() (backend.Backend, error) {
	index := 0
	if _, err := fmt.Sscan(os.Getenv(cardVariable), &index); err != nil {
		return nil, fmt.Errorf("%s=%q: want the number of a GPU: %w", cardVariable, os.Getenv(cardVariable), err)
	}
	return Open(index, Options{})
}

// card skips the test where no real GPU is asked for, or there is none.
func card(t *testing.T) {
	t.Helper()
	if os.Getenv(cardVariable) == "" {
		t.Skip("a real GPU was not asked for: " + cardVariable + "=0 does")
	}
	b, err := openCard()
	if err != nil {
		shareddata.Skip(t, "cuda", err)
	}
	t.Logf("%s: %v", b.Info().Model, b.Info().Versions)
	require.NoError(t, b.Close())
}

// TestCardDevice runs the suite on a real GPU.
func TestCardDevice(t *testing.T) {
	card(t)
	backendtest.Run(t, openCard, backendtest.Options{Allow: missing})
}

// TestCardTraining holds training on a real GPU to the CPU's.
func TestCardTraining(t *testing.T) {
	card(t)
	testTraining(t, openCard, append(trainings[:len(trainings):len(trainings)], shape{1.0, 224, 8}, shape{1.4, 224, 5}))
}

// TestCardHalfPrecision trains in half precision on a real GPU.
func TestCardHalfPrecision(t *testing.T) {
	card(t)
	testHalf(t, openCard, 30)
}

// TestCardRepeats takes steps on a real GPU many times for the same bits.
func TestCardRepeats(t *testing.T) {
	card(t)
	s := shape{1.0, 224, 32}
	want := train(t, openCard, s, values{}, 0, stepCount)
	for range 10 {
		require.Equal(t, want, train(t, openCard, s, values{}, 0, stepCount))
	}
}

// TestCardOutOfMemory asks for more than there is, and goes on.
func TestCardOutOfMemory(t *testing.T) {
	card(t)
	b, err := openCard()
	require.NoError(t, err)
	defer func() { assert.NoError(t, b.Close()) }()
	_, err = b.Alloc(b.Info().Memory+1, "too much")
	require.ErrorIs(t, err, backend.ErrOutOfMemory)
	assert.ErrorContains(t, err, "bytes are free")
	compileFillOn(t, b)
}
