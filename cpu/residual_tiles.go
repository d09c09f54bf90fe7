package cpu

// view is a tensor in channel blocks: the pixels of block b of image n begin at vec n*image + b*block.
type view struct {
	v            []vec
	image, block int
}

// nchw8c is the layout of operands: all blocks of an image lie together.
func nchw8c(v []vec, blocks, plane int) view { return view{v, blocks * plane, plane} }

// folded is the layout of what an inverted residual keeps to itself: all images of a block lie together, so that on small
// planes pixels of several images are one run for the kernels.
func folded(v []vec, images, plane int) view { return view{v, plane, images * plane} }

// at returns the tensor from a pixel on.
func (t view) at(image, block, pixel int) []vec { return t.v[image*t.image+block*t.block+pixel:] }

// planes is a channel block of some images, which lie image vecs apart.
type planes struct {
	v     []vec
	image int
}

// planes returns a channel block from image n on, nothing of an empty view.
func (t view) planes(n, block int) planes {
	if t.v == nil {
		return planes{}
	}
	return planes{t.at(n, block, 0), t.image}
}

// tiling cuts the pixels of a batch into tiles, which lie within an image, and the tiles into groups. Where images are
// folded the batch counts as one image.
type tiling struct{ images, pixels, pieces, groups int }

// residualTile is about how many pixels a tile has: few enough to be summed in float32, and for some channels to stay in the
// first-level cache.
const residualTile = 120

// newTiling cuts into tiles of about length pixels and at most the given number of groups.
func newTiling(images, plane, length, groups int) tiling {
	t := tiling{images: images, pixels: plane}
	t.pieces = max(1, (plane+length/2)/length)
	t.groups = max(1, min(groups, images*t.pieces))
	return t
}

// shortTile is the length of tiles where every tile may be a chunk: batches with few pixels get small ones.
func shortTile(pixels int) int { return min(residualTile, max(16, pixels/8)) }

// each calls f for the tiles of a group: n pixels of an image from the first on.
func (t tiling) each(group int, f func(image, first, n int)) {
	all := t.images * t.pieces
	for tile := group * all / t.groups; tile < (group+1)*all/t.groups; tile++ {
		image, piece := tile/t.pieces, tile%t.pieces
		first := piece * t.pixels / t.pieces
		f(image, first, (piece+1)*t.pixels/t.pieces-first)
	}
}

// within calls f for the tiles of an image.
func (t tiling) within(f func(first, n int)) {
	for piece := range t.pieces {
		first := piece * t.pixels / t.pieces
		f(first, (piece+1)*t.pixels/t.pieces-first)
	}
}

// most is the largest number of pixels of a tile.
func (t tiling) most() int { return (t.pixels + max(t.pieces, 1) - 1) / max(t.pieces, 1) }

// panel is channel blocks that are computed together, tile by tile: some columns of a matrix of weights.
type panel struct {
	block, blocks      int // first channel block, and how many
	column, lastColumn int // of the matrix
	tile, lastTile     int // of the sums of a gradient
}

// panelBlocks is how many channel blocks a panel has, or one more.
const panelBlocks = 6

// cutPanels groups columns into panels of so many channel blocks, or one more.
func cutPanels(list []columns, most int) []panel {
	var panels []panel
	for i := 0; i < len(list); {
		p := panel{block: list[i].block, column: i}
		for i < len(list) && (p.blocks == 0 || p.blocks+list[i].vectors <= most+1) && p.blocks < most {
			p.blocks += list[i].vectors
			i++
		}
		p.lastColumn = i
		panels = append(panels, p)
	}
	return panels
}

// part returns the range of n things that part number i of parts has.
func part(i, parts, n int) (from, to int) { return i * n / parts, (i + 1) * n / parts }
