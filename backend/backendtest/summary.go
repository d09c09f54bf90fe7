package backendtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"mnv2/backend"
)

// rung says how an operation was provided.
type rung uint8

const (
	native rung = iota + 1
	composed
	missing
)

// summary counts which kinds of operation ran how.
type summary struct {
	mu    sync.Mutex
	kinds map[string]map[rung]int
	error map[string]float64 // the largest seen, as a multiple of what was allowed
}

// measure notes how close to its bound a result came.
func (s *summary) measure(op backend.Op, ratio float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.error == nil {
		s.error = map[string]float64{}
	}
	s.error[kindOf(op)] = max(s.error[kindOf(op)], ratio)
}

func (s *summary) note(op backend.Op, r rung) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kinds == nil {
		s.kinds = map[string]map[rung]int{}
	}
	kind := kindOf(op)
	if s.kinds[kind] == nil {
		s.kinds[kind] = map[rung]int{}
	}
	s.kinds[kind][r]++
}

// log writes a line per kind of operation.
func (s *summary) log(t tester, i backend.Info) {
	t.Helper()
	var lines []string
	for kind, n := range s.kinds {
		line := fmt.Sprintf("  %-32s native %d", kind, n[native])
		if n[composed] > 0 {
			line += fmt.Sprintf(", composed %d", n[composed])
		}
		if n[missing] > 0 {
			line += fmt.Sprintf(", unsupported %d", n[missing])
		}
		if e, ok := s.error[kind]; ok {
			line += fmt.Sprintf(", error up to %.2g of the bound", e)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	t.Logf("%s (%s), %v, %v: plans compiled\n%s", i.Device, i.Model, i.Layout, i.DTypes, strings.Join(lines, "\n"))
}
