package backend

// Counts are what a device asked of its library since it was opened, as far as it costs time on the way.
type Counts struct {
	Launches int64 `json:"launches"`    // kernels and operators queued, replayed ones included
	Syncs    int64 `json:"syncs"`       // times the host waited for the device
	Allocs   int64 `json:"allocations"` // pieces of device or page-locked memory taken
}

// Since returns what came after earlier.
func (c Counts) Since(earlier Counts) Counts {
	return Counts{c.Launches - earlier.Launches, c.Syncs - earlier.Syncs, c.Allocs - earlier.Allocs}
}

// Counter is what a Backend implements to tell them.
type Counter interface {
	Counts() Counts
}

// CountsOf returns those of b, false if it does not count.
func CountsOf(b Backend) (Counts, bool) {
	c, ok := As[Counter](b)
	if !ok {
		return Counts{}, false
	}
	return c.Counts(), true
}
