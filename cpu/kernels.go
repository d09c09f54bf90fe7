package cpu

import (
	"os"

	"mnv2/cpu/internal/kernels"
)

// kernelsVariable names the environment variable that chooses the kernel set, for tests and for hunting faults.
const kernelsVariable = kernels.Variable

// kernelSet is the innermost loops in use: those of inference, of which training takes the convolutions, and those of
// training.
type kernelSet struct {
	*kernels.Set
	train *kernels.Train
}

// chooseKernels returns the set that the environment asks for, or the best one that this machine can run.
func chooseKernels() (*kernelSet, error) {
	set, err := kernels.Best(os.Getenv)
	if err != nil {
		return nil, err
	}
	return &kernelSet{set, set.Train()}, nil
}

// own is a T for each worker: the arguments of a kernel, which must not be on the heap anew for each call. The padding keeps
// workers out of each other's cache lines.
//
// A chunk clears its arguments when it is done. They must not outlive the Run: the memory they point to may be given back to
// the system, and the garbage collector is strict about pointers to nowhere.
type own[T any] []struct {
	value T
	_     [64]byte
}

func newOwn[T any](e *env) own[T] { return make(own[T], e.pool.Threads()) }

func (o own[T]) of(worker int) *T { return &o[worker].value }
