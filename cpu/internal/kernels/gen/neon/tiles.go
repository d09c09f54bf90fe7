package main

import (
	"unsafe"

	"mnv2/cpu/internal/kernels"
)

// tile is the accumulators of some rows of a panel of 8*vectors columns, and the registers beside them.
type tile struct{ rows, vectors int }

// columns is how many registers a row takes.
func (t tile) columns() int { return 2 * t.vectors }

// acc is the accumulator of a row and four columns; free is the first register behind them.
func (t tile) acc(row, column int) vec { return vec(row*t.columns() + column) }
func (t tile) free(i int) vec          { return vec(t.rows*t.columns() + i) }

// begin makes every row the bias.
func (t tile) begin(a *assembler, bias gp) {
	for c := range t.columns() {
		a.load(bias, 16*c, t.acc(0, c))
		for r := 1; r < t.rows; r++ {
			a.copyTo(t.acc(0, c), t.acc(r, c))
		}
	}
}

// multiply is acc[r][c] += w[c] * x[r][lane], with as many weights at a time as there are registers for.
func (t tile) multiply(a *assembler, weights gp, offset int, x func(row int) vec, firstFree, lane int) {
	room := 32 - int(t.free(firstFree))
	for from := 0; from < t.columns(); from += room {
		to := min(from+room, t.columns())
		for c := from; c < to; c++ {
			a.load(weights, offset+16*c, t.free(firstFree+c-from))
		}
		for c := from; c < to; c++ {
			for r := range t.rows {
				a.fmaBy(t.acc(r, c), t.free(firstFree+c-from), x(r), lane)
			}
		}
	}
}

// output is the place of a tile in the channel blocks of a panel: y and, for the blocks behind the first, two pointers that are
// made when they are needed.
type output struct{ y, block, second, third gp }

// at returns the pointer to the channel block of a column and the offset in it.
func (o output) at(row, column int) (gp, int) {
	return [...]gp{o.y, o.second, o.third}[column/2], row*vecBytes + column%2*16
}

func (o output) point(a *assembler, t tile) {
	if t.vectors > 1 {
		a.op("ADD %v, %v, %v", o.block, o.y, o.second)
	}
	if t.vectors > 2 {
		a.op("ADD %v, %v, %v", o.block, o.second, o.third)
	}
}

// finish clamps the tile and stores it, and moves on.
func (t tile) finish(a *assembler, clamp uintptr, o output) {
	low, high := t.free(0), t.free(1)
	a.broadcast(arguments, clamp+unsafe.Offsetof(kernels.Clamp{}.Low), low)
	a.broadcast(arguments, clamp+unsafe.Offsetof(kernels.Clamp{}.High), high)
	o.point(a, t)
	for r := range t.rows {
		for c := range t.columns() {
			a.clamp(t.acc(r, c), low, high)
			base, offset := o.at(r, c)
			a.store(t.acc(r, c), base, offset)
		}
	}
	a.add(t.rows*vecBytes, o.y)
}

// split emits tiles for the rows of a kernels.Split at the given offset of the struct.
func (a *assembler) split(offset uintptr, full tile, counter gp, emit func(tile)) {
	var s kernels.Split
	a.field(offset+unsafe.Offsetof(s.Full), counter)
	a.repeatMaybe(counter, func() { emit(full) })
	a.field(offset+unsafe.Offsetof(s.Less), counter)
	a.repeatMaybe(counter, func() { emit(tile{full.rows - 1, full.vectors}) })
	a.field(offset+unsafe.Offsetof(s.Tail), counter)
	done := a.newLabel("done")
	for rows := 1; rows < full.rows; rows++ {
		other := a.newLabel("other")
		a.op("CMP $%d, %v", rows, counter)
		a.op("BNE %s", other)
		emit(tile{rows, full.vectors})
		a.op("B %s", done)
		a.label(other)
	}
	a.label(done)
}
