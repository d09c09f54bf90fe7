package backend

import "sort"

// span is a Work value, or the scratch of a step, with the steps between which it must keep its content.
type span struct {
	value       int // or, from len(Values) on, the number of a step
	first, last int
	size, at    int64
}

// placeWork gives every Work value of c, and the scratch of every step, whose bytes are given, an offset so that what is in
// use at the same time does not overlap, and returns the bytes needed in all. The offsets of steps follow those of values.
// Larger pieces are placed first, each at the lowest offset that is free while it lives.
func placeWork(c Composition, scratch []int64) (offsets []int64, size int64) {
	offsets = make([]int64, len(c.Values)+len(scratch))
	var done []span
	for _, s := range workSpans(c, scratch) {
		s.at = lowestFree(s, done)
		offsets[s.value] = s.at
		size = max(size, s.at+s.size)
		done = append(done, s)
	}
	return offsets, size
}

// workSpans returns the Work values that any step touches and the scratch of steps, the largest first.
func workSpans(c Composition, scratch []int64) []span {
	index := map[int]int{}
	var spans []span
	for i, step := range c.Steps {
		for _, v := range step.Args {
			if c.Values[v].Place != Work {
				continue
			}
			at, ok := index[v]
			if !ok {
				at = len(spans)
				index[v] = at
				spans = append(spans, span{value: v, first: i, size: Align(c.Values[v].Desc.Bytes())})
			}
			spans[at].last = i
		}
	}
	for i, bytes := range scratch {
		if bytes > 0 {
			spans = append(spans, span{value: len(c.Values) + i, first: i, last: i, size: Align(bytes)})
		}
	}
	sort.SliceStable(spans, func(i, j int) bool { return spans[i].size > spans[j].size })
	return spans
}

// lowestFree returns the lowest offset at which s meets none of the placed spans that live at the same time.
func lowestFree(s span, placed []span) int64 {
	at := int64(0)
	for moved := true; moved; {
		moved = false
		for _, p := range placed {
			together := s.first <= p.last && p.first <= s.last
			if together && at < p.at+p.size && p.at < at+s.size {
				at = p.at + p.size
				moved = true
			}
		}
	}
	return at
}
