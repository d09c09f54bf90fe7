package cpu

import (
	"math"
	"unsafe"

	"mnv2/backend"
	"mnv2/cpu/internal/kernels"
)

// lanes is the number of channels in a vec.
const lanes = 8

// vec is the eight channels of one block at one pixel.
type vec = [lanes]float32

// vecBytes is the size of a vec.
const vecBytes = 4 * lanes

// unclamped are limits that let everything pass.
var unclamped = kernels.Clamp{Low: float32(math.Inf(-1)), High: float32(math.Inf(1))}

// slab returns b as a slice of T, which must be a type without pointers. b begins on a multiple of [backend.Alignment].
func slab[T any](b []byte) []T {
	var t T
	n := len(b) / int(unsafe.Sizeof(t))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), n)
}

// floats returns the numbers of vecs.
func floats(v []vec) []float32 { return unsafe.Slice(&v[0][0], len(v)*lanes) }

// blocks returns the number of channel blocks that hold c channels.
func blocks(c int) int { return (c + lanes - 1) / lanes }

// load8 returns the lanes of block b of a vector of any length, zero beyond its end.
func load8(v []float32, b int) (x vec) {
	if b*lanes < len(v) {
		copy(x[:], v[b*lanes:])
	}
	return x
}

// clearLanes sets the lanes beyond channels in the last block of a tensor to zero.
func clearLanes(pixels []vec, used int) {
	for i := range pixels {
		for l := used; l < lanes; l++ {
			pixels[i][l] = 0
		}
	}
}

// layout is how workspace is cut up: each region begins on a cache line.
type layout struct{ size int64 }

// region returns the place of n more elements of T.
func region[T any](l *layout, n int) section[T] {
	var t T
	s := section[T]{l.size, int64(n) * int64(unsafe.Sizeof(t))}
	l.size += backend.Align(s.bytes)
	return s
}

// section is a part of workspace that holds elements of T.
type section[T any] struct{ off, bytes int64 }

// in returns the section within the workspace of a Run.
func (s section[T]) in(work []byte) []T { return slab[T](work[s.off : s.off+s.bytes]) }

// bytesIn is in as bytes.
func (s section[T]) bytesIn(work []byte) []byte { return work[s.off : s.off+s.bytes] }

// imageSplit cuts a tensor into pieces of one channel block and a range of images. There are enough of them to keep many
// goroutines busy, and their number depends on the sizes alone.
type imageSplit struct{ blocks, images, groups int }

// wantedChunks is how many pieces a step is cut into if its sizes allow.
const wantedChunks = 64

func splitImages(images, blocks int) imageSplit {
	groups := min(images, (wantedChunks+blocks-1)/blocks)
	return imageSplit{blocks, images, groups}
}

func (s imageSplit) chunks() int { return s.blocks * s.groups }

// at returns the channel block and the images of a chunk.
func (s imageSplit) at(chunk int) (block, from, to int) {
	g := chunk / s.blocks
	return chunk % s.blocks, g * s.images / s.groups, (g + 1) * s.images / s.groups
}

// grid says how the pixels of a tensor are walked: the steps, in vecs, from image to image, block to block and pixel to pixel.
// On a 1x1 map the images of the batch are the pixels, so that loops are long.
type grid struct{ images, pixels, image, block, pixel int }

func newGrid(n, plane, blocks int) grid {
	if plane == 1 {
		return grid{images: 1, pixels: n, block: 1, pixel: blocks}
	}
	return grid{images: n, pixels: plane, image: blocks * plane, block: plane, pixel: 1}
}
