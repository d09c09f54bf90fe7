package anydevice

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"mnv2/backend"
	"mnv2/backend/backendtest"
)

func TestWhatFailuresOfTheSuiteMean(t *testing.T) {
	unsupported := &backend.Error{Device: "x", Err: backend.ErrUnsupported}
	for name, c := range map[string]struct {
		test func(t backendtest.Tester)
		is   error
		not  error
	}{
		"all well":             {func(backendtest.Tester) {}, nil, nil},
		"unsupported":          {func(t backendtest.Tester) { t.Errorf("compile: %v", unsupported) }, backend.ErrUnsupported, nil},
		"and something else":   {func(t backendtest.Tester) { t.Errorf("%v", unsupported); t.Errorf("wrong") }, nil, backend.ErrUnsupported},
		"unsupported, the end": {func(t backendtest.Tester) { defer t.Errorf("live buffers"); t.Fatalf("%v", unsupported) }, backend.ErrUnsupported, nil},
		"lost":                 {func(t backendtest.Tester) { t.Errorf("sync: %v", backend.ErrDeviceLost) }, backend.ErrDeviceLost, nil},
	} {
		part := &tester{}
		assert.NoError(t, part.catch(func() { c.test(part) }), name)
		err := part.err()
		if c.is != nil {
			assert.ErrorIs(t, err, c.is, name)
		}
		if c.not != nil {
			assert.Error(t, err, name)
			assert.False(t, errors.Is(err, c.not), name)
		}
		assert.Equal(t, name != "all well", part.Failed(), name)
	}
	assert.ErrorContains(t, (&tester{}).catch(func() { panic("oh") }), "panic: oh")
}
