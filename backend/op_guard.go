package backend

import "fmt"

// The numbers in the state operand of a [Guard], by index.
const (
	GuardScale   = iota // the loss scale, which the next step uses
	GuardGood           // steps that counted since the last that did not, or since the scale was doubled
	GuardSkipped        // steps that did not count, in all
	GuardRun            // those among them since the last that counted
	GuardNorm           // norm of the gradient of the last step that counted, if there is a limit
	GuardCount   = 8
)

// HyperRoom is the room for the numbers of one [Update] in a matrix of several: a row that begins on a multiple of [Alignment].
const HyperRoom = Alignment / 4

// The range of a loss scale that is found on the way.
const (
	MinLossScale = 1
	MaxLossScale = 1 << 32
)

// Guard decides on the device whether a step counts, so that the host need not wait to find out, and hands the numbers of the updates
// on that belong to a step that counts or to one that is skipped. With S = state[GuardScale] from before:
//
//	ok     = finite is not 0, and loss, and squares if there is a limit, are finite numbers
//	norm   = sqrt(squares)/S
//	factor = Clip/max(norm, Clip)/S, or 1/S without a limit
//	hyper  = the first Rows rows of plan if ok, else the last Rows; if ok, the gradient scale of the first Scaled rows times factor
//	state[GuardScale]   = S*2 at the Window-th step in a row that counts, S/2 after one that does not; S always if Window is 0
//	state[GuardGood]    = one more; 0 after a step that does not count, and after the scale was doubled
//	state[GuardSkipped] = one more after a step that does not count
//	state[GuardRun]     = one more after a step that does not count, else 0
//	state[GuardNorm]    = norm if ok and there is a limit, else what it was
//
// The scale stays between [MinLossScale] and [MaxLossScale]. What the host gives as the numbers of a skipped update must leave everything as it is; a gradient
// scale of 0 keeps an [Update] from reading gradients that are not finite. Source: MindSpore's dynamic loss scale and clip_by_global_norm.
//
//	finite, loss, (squares), plan -> hyper, state (in and out)
//
// finite, loss (the sum of the losses, and of whatever else must be finite) and squares are Vec(F32, 1), as [Reduce] gives them; plan is Matrix(F32, 2*Rows, HyperRoom), hyper Matrix(F32, Rows, HyperRoom), state
// Vec(F32, GuardCount).
type Guard struct {
	Rows   int     // updates
	Scaled int     // of them, how many read gradients that are as large as the loss scale
	Clip   float32 // limit of the gradient's norm; 0 for none
	Window int     // steps after which the loss scale is doubled; 0 keeps it
}

// Check implements Op.
func (o Guard) Check() error {
	switch {
	case o.Scaled < 0 || o.Scaled > o.Rows:
		return fmt.Errorf("field Scaled = %d: want 0 to Rows = %d", o.Scaled, o.Rows)
	case !(o.Clip >= 0) || o.Clip > maxClip:
		return fmt.Errorf("field Clip = %g: want 0 to %g", o.Clip, maxClip)
	case o.Window < 0 || o.Window > maxWindow:
		return fmt.Errorf("field Window = %d: want 0 to %d", o.Window, maxWindow)
	}
	return checkSizes([]size{{"Rows", o.Rows}, {"HyperRoom", HyperRoom}})
}

const (
	maxClip   = 1e30
	maxWindow = 1 << 24 // float32 counts no further
)

// Operands implements Op.
func (o Guard) Operands() []Operand {
	one := Vec(F32, 1)
	list := []Operand{
		{Name: "finite", Doc: "0 if a gradient is not finite", Desc: one, Role: In},
		{Name: "loss", Doc: "a number that is finite if losses and statistics are", Desc: one, Role: In}}
	if o.Clip > 0 {
		list = append(list, Operand{Name: "squares", Doc: "sum of the squares of the gradients", Desc: one, Role: In})
	}
	return append(list,
		Operand{Name: "plan", Doc: "the updates' numbers: of a step that counts, then of one that is skipped", Desc: Matrix(F32, 2*o.Rows, HyperRoom), Role: In},
		Operand{Name: "hyper", Doc: "the numbers that the updates take", Desc: Matrix(F32, o.Rows, HyperRoom), Role: Out},
		Operand{Name: "state", Doc: "loss scale and counts", Desc: Vec(F32, GuardCount), Role: InOut})
}

// String implements Op.
func (o Guard) String() string {
	return fmt.Sprintf("Guard(rows=%d scaled=%d clip=%g window=%d)", o.Rows, o.Scaled, o.Clip, o.Window)
}

func (Guard) op() {}

// GuardArgs are the tensors of a [Guard]; Squares only with a limit.
type GuardArgs struct{ Finite, Loss, Squares, Plan, Hyper, State Tensor }

// Bind implements Args.
func (a *GuardArgs) Bind(dst []Tensor) []Tensor {
	return appendSet(dst, a.Finite, a.Loss, a.Squares, a.Plan, a.Hyper, a.State)
}
