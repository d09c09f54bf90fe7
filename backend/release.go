package backend

// Releaser is what a Backend implements that can give back memory whose contents nobody needs any more.
type Releaser interface {
	// Release keeps the buffer and forgets what is in it: its contents are undefined until they are written again.
	Release(b Buffer) error
}

// Prepared is what a Plan implements whose Run reads only what [Prepare] left in saved memory, and none of the parameters that
// it is given.
type Prepared interface {
	// Prepared reports whether this plan is one of those.
	Prepared() bool
}
