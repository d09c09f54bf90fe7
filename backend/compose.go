package backend

import "fmt"

// Composer is an operation that can be built from smaller ones.
type Composer interface {
	Op
	// Compose returns the straight-line program that computes the operation.
	Compose() Composition
}

// Composition is a straight-line program over named values. The first values are the operands of the composed operation.
type Composition struct {
	Values []Value
	Steps  []Step
}

// Place says where a value of a composition lives.
type Place uint8

// The places.
const (
	Given Place = iota + 1 // an operand of the composed operation
	Work                   // scratch of one Run
	Saved                  // from the first pass of a pair to the second; found there again by its name
)

// Value is a tensor of a composition.
type Value struct {
	Name  string
	Desc  Desc
	Place Place
}

// Step runs one operation on values, given by index in binding order. Steps of the two compositions of a pair that have
// the same Pair key are compiled as a pair and share what they save.
type Step struct {
	Op   Op
	Args []int
	Pair string
}

// composer builds a Composition. Names that do not exist, or exist twice, are broken invariants of this package.
type composer struct {
	c     Composition
	index map[string]int
}

func newComposer(op Op) *composer {
	b := &composer{index: map[string]int{}}
	for _, o := range op.Operands() {
		b.value(o.Name, o.Desc, Given)
	}
	return b
}

func (b *composer) value(name string, d Desc, place Place) {
	if _, ok := b.index[name]; ok {
		panic("backend: composition has two values called " + name)
	}
	b.index[name] = len(b.c.Values)
	b.c.Values = append(b.c.Values, Value{name, d, place})
}

// run appends a step on the values called names, in the binding order of op.
func (b *composer) run(op Op, names ...string) { b.pair("", op, names...) }

// pair appends a step that is paired under key with the same step of the other pass.
func (b *composer) pair(key string, op Op, names ...string) {
	operands := op.Operands()
	if len(operands) != len(names) {
		panic(fmt.Sprintf("backend: composing %v: %d names for %d operands", op, len(names), len(operands)))
	}
	step := Step{Op: op, Pair: key}
	for i, name := range names {
		v, ok := b.index[name]
		if !ok || b.c.Values[v].Desc != operands[i].Desc {
			panic(fmt.Sprintf("backend: composing %v: value %q does not fit operand %q", op, name, operands[i].Name))
		}
		step.Args = append(step.Args, v)
	}
	b.c.Steps = append(b.c.Steps, step)
}
