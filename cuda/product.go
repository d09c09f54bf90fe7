//go:build cgo && linux

package cuda

import (
	"fmt"

	"mnv2/backend"
	"mnv2/csrc/kernels"
	"mnv2/csrc/nv"
)

// Numbers that csrc/kernels/tile.cuh, rows.cuh and columns.cuh also have.
const (
	productThreads = 256
	tileRows       = 128
	packBytes      = 16          // what a row of a tile is padded by
	stepBytes      = 64          // of k, in one step
	areaBytes      = 16 * 40 * 4 // of a warp, in which it turns fragments into rows
	ringTiles      = 3           // tiles of a ring, where fetching is asynchronous
	residentBytes  = 64 << 10    // of filter tiles that stay in shared memory
)

// isPointwise reports whether the kernels of products take o: it is a product of matrices, with channels in whole packs of 16 bytes.
func isPointwise(o backend.Conv2D) bool {
	return o.R == 1 && o.S == 1 && o.Stride == 1 && o.Pad == 0 && o.Groups == 1 && o.C%packOf(o.DType) == 0 && o.K%packOf(o.DType) == 0
}

// rowsProduct is a launch of a kernel of rows.cuh: y[rows][columns] = a[rows][depth] * b, where b is [columns][depth], or
// [depth][columns] if transposed. What the other fields are depends on the kernel.
type rowsProduct struct {
	file                 string // kernels.Pointwise if empty
	name                 string
	transposed           bool
	made                 bool // a is made of what is read on the way, not just copied
	a, z, factors        value
	b                    value
	y, e, parameters     value
	partial              func(parts int) value // where the sums of that many blocks go, or nil
	low, high            float32
	widest               int // tile, if not 128
	rows, depth, columns int
}

// rows writes a product of rows. It returns the number of parts in which sums over rows come.
func (p *program) rows(t backend.DType, r rowsProduct) (parts int) {
	tile := rowsTile(r.columns, r.widest)
	turns := int(divUp(r.depth, stepBytes/int(t.Size())))
	filter := rowsFilterBytes(t, r.transposed, tile)
	slots := ringTiles
	if turns > ringTiles && turns*filter <= residentBytes {
		slots = turns
	}
	stages := ringTiles
	if r.made {
		stages = 2
	}
	shared := stages*tileRows*(stepBytes+packBytes) + slots*filter + productThreads/32*areaBytes
	across := divUp(r.columns, tile)
	blocks := min(divUp(r.rows, tileRows), max(1, p.resident(shared, r.file, tileRows, tile)/across))
	partial := null()
	if r.partial != nil {
		partial = r.partial(int(blocks))
	}
	k := kernel{file: orElse(r.file, kernels.Pointwise), name: fmt.Sprintf("%s_%d", r.name, tile), dtype: t}
	shape := nv.LaunchConfig{Grid: [3]uint32{blocks, across}, Block: [3]uint32{productThreads}, Shared: uint32(shared)}
	p.launch(k, shape, orNull(r.a), orNull(r.z), orNull(r.factors), r.b, r.y, orNull(r.e), orNull(r.parameters), partial, f32(r.low), f32(r.high),
		i32(r.rows), i32(r.depth), i32(r.columns), i32(slots))
	return int(blocks)
}

// rowsFilterBytes is the size of a tile of the filter.
func rowsFilterBytes(t backend.DType, transposed bool, tile int) int {
	if transposed {
		return stepBytes / int(t.Size()) * (tile*int(t.Size()) + packBytes)
	}
	return tile * (stepBytes + packBytes)
}

// rowsTile chooses the columns of a tile.
func rowsTile(columns, widest int) int {
	switch {
	case columns <= 32:
		return 32
	case columns <= 64 || widest == 64:
		return 64
	}
	return 128
}

// resident is how many blocks of a kernel of products, with that much shared memory and a tile of m x n, the device holds at a time.
func (p *program) resident(shared int, file string, m, n int) uint32 {
	const reserved = 1 << 10 // of every block
	most := 2
	if m >= 128 && n >= 128 && (file == kernels.FusedForward || file == kernels.FusedBackward) {
		most = 1 // LARGE_BLOCKS there
	}
	each := p.device.gpu.SharedPerMultiprocessor / (shared + reserved)
	return uint32(max(1, min(each, most)) * p.device.gpu.Multiprocessors)
}

// columnsProduct is a launch of a kernel of columns.cuh: out[m][n] = the sum over rows of a[rows][m] * b[rows][n].
type columnsProduct struct {
	file          string // kernels.Pointwise if empty
	name          string
	madeA, madeB  bool // of what is read on the way, not just copied
	a, z, factors value
	b, bFactors   value
	out           value
	rows, m, n    int
}

// columns writes a product of columns: sums over slices of the rows, and their sum.
func (p *program) columns(t backend.DType, c columnsProduct) {
	tile := columnsTile(c.m, c.n)
	step := stepBytes / int(t.Size())
	stages := func(made bool) int {
		if made {
			return 2
		}
		return ringTiles
	}
	shared := step * (stages(c.madeA)*(tile[0]*int(t.Size())+packBytes) + stages(c.madeB)*(tile[1]*int(t.Size())+packBytes))
	down, across := divUp(c.m, tile[0]), divUp(c.n, tile[1])
	slices := int(max(1, p.resident(shared, c.file, tile[0], tile[1])/(down*across)))
	slice := int(divUp(int(divUp(c.rows, slices)), step)) * step
	slices = int(divUp(c.rows, slice))
	elements := c.m * c.n
	out := c.out
	if slices > 1 {
		out = p.temp(int64(slices) * int64(elements) * 4)
	}
	file := orElse(c.file, kernels.Pointwise)
	k := kernel{file: file, name: fmt.Sprintf("%s_%dx%d", c.name, tile[0], tile[1]), dtype: t}
	shape := nv.LaunchConfig{Grid: [3]uint32{across, down, uint32(slices)}, Block: [3]uint32{productThreads}, Shared: uint32(shared)}
	p.launch(k, shape, c.a, orNull(c.z), orNull(c.factors), c.b, orNull(c.bFactors), out, i32(c.rows), i32(c.m), i32(c.n), i32(slice))
	if slices > 1 {
		p.sumSlices(file, t, out, c.out, slices, elements)
	}
}

// sumSlices: y = the sum of the slices of partial, n numbers each.
func (p *program) sumSlices(file string, t backend.DType, partial, y value, slices, n int) {
	const lanes, rows = 32, 8
	shape := nv.LaunchConfig{Grid: [3]uint32{divUp(n, lanes)}, Block: [3]uint32{lanes, rows}}
	p.launch(kernel{file: file, name: "sum_slices", dtype: t}, shape, partial, y, i32(slices), i64(n))
}

// columnsTile chooses the tile of the result.
func columnsTile(m, n int) [2]int {
	switch {
	case n <= 32 && m > 32:
		return [2]int{128, 32}
	case m <= 32 && n > 32:
		return [2]int{32, 128}
	case m > 64 && n > 64:
		return [2]int{128, 128}
	}
	return [2]int{64, 64}
}

// orNull is v, or a null pointer if it is not set.
func orNull(v value) value {
	if v == (value{}) {
		return null()
	}
	return v
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
