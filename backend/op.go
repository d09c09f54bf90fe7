package backend

import (
	"fmt"
	"slices"
)

// Op is an operation with all its sizes: a comparable value that is its own cache key, test name and fuzz input.
type Op interface {
	// Check returns nil, or which field is wrong and the values it may take.
	Check() error
	// Operands lists the tensors in binding order.
	Operands() []Operand
	// String returns a name that tells two operations apart.
	String() string

	op() // only this package defines operations
}

// Role says whether an operand is read, written, or both.
type Role uint8

// The roles.
const (
	In Role = iota + 1
	Out
	InOut
)

// Operand describes one tensor of an operation.
type Operand struct {
	Name    string
	Doc     string
	Desc    Desc
	Role    Role
	InPlace string // name of an input that this output may lie on exactly; no other overlap is allowed
}

// Pass says which direction of an operation is meant.
type Pass uint8

// The passes.
const (
	Forward    Pass = iota + 1 // training forward: batch statistics, keeps what Backward needs
	Infer                      // inference: moving statistics, keeps nothing
	Backward                   // gradients of inputs and parameters
	GradInput                  // convolution: gradient of x alone
	GradWeight                 // convolution: gradient of the filter (and bias) alone
	Prepare                    // before Infer, after parameters changed: writes what the device keeps of them
)

var passNames = [...]string{Forward: "forward", Infer: "infer", Backward: "backward",
	GradInput: "grad-input", GradWeight: "grad-weight", Prepare: "prepare"}

// String returns the name in lower case.
func (p Pass) String() string {
	if int(p) < len(passNames) && passNames[p] != "" {
		return passNames[p]
	}
	return fmt.Sprintf("pass(%d)", uint8(p))
}

// checkPass returns nil if p is one of allowed.
func checkPass(p Pass, allowed ...Pass) error {
	if slices.Contains(allowed, p) {
		return nil
	}
	return fmt.Errorf("pass %v: want one of %v", p, allowed)
}

// checkFloat returns nil if t is a floating-point type.
func checkFloat(t DType) error {
	if t.IsFloat() {
		return nil
	}
	return fmt.Errorf("dtype %v: want f32, f16 or bf16", t)
}

// firstError returns the first error that is not nil.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
