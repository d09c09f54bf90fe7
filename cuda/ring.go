//go:build cgo && linux

package cuda

import "mnv2/csrc/nv"

// ring hands out pieces of size bytes of memory one behind the other, and from the start again. Pieces end in the order in
// which they began.
type ring struct {
	size   int64
	next   int64   // where the next piece begins
	pieces []piece // in use, the oldest first
}

// piece is bytes from to to, in use until done.
type piece struct {
	from, to int64
	done     nv.Event
}

// place returns where n bytes, at most half the ring, go, and the pieces that must end before they may be written. The new
// piece ends with done.
func (r *ring) place(n int64, done nv.Event) (at int64, used []piece) {
	at = r.next
	if at+slots(n) > r.size {
		at = 0
	}
	end := at + slots(n)
	count := 0 // of pieces to end, the oldest first: all up to the last that lies in the way
	for i, p := range r.pieces {
		if p.from < end && at < p.to {
			count = i + 1
		}
	}
	used = append(used, r.pieces[:count]...)
	r.pieces = append(r.pieces[:0], r.pieces[count:]...)
	r.pieces = append(r.pieces, piece{at, end, done})
	r.next = end
	return at, used
}

// take returns all pieces and forgets them.
func (r *ring) take() []piece {
	all := r.pieces
	r.pieces = nil
	return all
}
