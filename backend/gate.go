package backend

import (
	"errors"
	"fmt"
)

// Fuse says what the gate does with operations that can be composed.
type Fuse uint8

// The values of --fuse.
const (
	FuseAuto    Fuse = iota // native where the device can, composed otherwise
	FuseOff                 // compose everything that can be composed
	FuseRequire             // an error if anything would be composed
)

// String returns the value as --fuse takes it.
func (f Fuse) String() string {
	switch f {
	case FuseAuto:
		return "auto"
	case FuseOff:
		return "off"
	case FuseRequire:
		return "require"
	}
	return fmt.Sprintf("fuse(%d)", uint8(f))
}

// ParseFuse returns the Fuse called name.
func ParseFuse(name string) (Fuse, error) {
	for f := FuseAuto; f <= FuseRequire; f++ {
		if f.String() == name {
			return f, nil
		}
	}
	return 0, fmt.Errorf("fuse %q: want auto, off or require", name)
}

// Compile returns the device's plan for a primitive operation. A [Block] is one of a pair and goes through [CompilePair],
// which can compose.
func Compile(b Backend, op Op) (Plan, error) {
	if _, ok := op.(Block); ok {
		return nil, fmt.Errorf("compile %v: %w: it is one of a pair, which CompilePair takes together", op, ErrArgs)
	}
	if err := op.Check(); err != nil {
		return nil, fmt.Errorf("compile %v: %w", op, err)
	}
	return b.Compile(op)
}

// CompilePair returns plans for the two passes of a block: Forward and Backward, or Prepare and Infer. Both are the
// device's own, or both are composed. They share what lies in Saved.
func CompilePair(b Backend, first, second Block, f Fuse) (Plan, Plan, error) {
	if err := checkPair(first, second); err != nil {
		return nil, nil, err
	}
	if f == FuseOff {
		return composePair(b, first, second, f)
	}
	p1, p2, err := nativePair(b, first, second)
	if err == nil || !errors.Is(err, ErrUnsupported) {
		return p1, p2, err
	}
	if _, isChain := first.(Chain); f == FuseRequire && !isChain {
		return nil, nil, fmt.Errorf("%w (and --fuse require forbids to compose it)", err)
	}
	return composePair(b, first, second, f)
}

func checkPair(first, second Block) error {
	if err := firstError(first.Check(), second.Check()); err != nil {
		return fmt.Errorf("compile %v: %w", first, err)
	}
	for _, pair := range [][2]Pass{{Forward, Backward}, {Prepare, Infer}} {
		if isPass(first, first, pair[0]) && isPass(second, first, pair[1]) {
			return nil
		}
	}
	return fmt.Errorf("compile %v with %v: %w: not forward and backward, nor prepare and infer, of one block", first, second, ErrArgs)
}

// isPass reports whether b is block in pass p, with or without the gradient of its input.
func isPass(b, block Block, p Pass) bool {
	return b == block.WithPass(p, false) || b == block.WithPass(p, true)
}

func nativePair(b Backend, first, second Op) (Plan, Plan, error) {
	p1, err := b.Compile(first)
	if err != nil {
		return nil, nil, err
	}
	p2, err := b.Compile(second)
	if err != nil {
		return nil, nil, errors.Join(err, p1.Close())
	}
	if p1.Saved() != p2.Saved() {
		err := fmt.Errorf("compile %v: device saves %d bytes in one pass and %d in the other", first, p1.Saved(), p2.Saved())
		return nil, nil, errors.Join(err, p1.Close(), p2.Close())
	}
	return p1, p2, nil
}

// composition returns the program of op, cut as the device asks if op is a chain.
func composition(b Backend, op Block) (Composition, error) {
	chain, isChain := op.(Chain)
	splitter, ok := As[ChainSplitter](b)
	if !isChain || !ok {
		return op.Compose(), nil
	}
	lengths := splitter.SplitChain(chain)
	if len(lengths) == 1 {
		return op.Compose(), nil // the whole chain as one run is what the device has just declined
	}
	return chain.composeRuns(lengths)
}

// As returns b, or the first backend that b wraps, that is a T. Wrappers have a method Unwrap() Backend.
func As[T any](b Backend) (T, bool) {
	for b != nil {
		if t, ok := b.(T); ok {
			return t, true
		}
		w, ok := b.(interface{ Unwrap() Backend })
		if !ok {
			break
		}
		b = w.Unwrap()
	}
	var none T
	return none, false
}
