// fused_block.cu: inference of a whole inverted residual in one kernel, so that neither the expanded tensor nor the output of the
// depthwise convolution ever leaves the multiprocessor:
//   a = relu6(bn1(w1*x)), b = relu6(bn2(depthwise3x3(a))), y = bn3(w3*b) + x, without x if e is null
//
// A block makes 8 x 8 pixels of y. It brings the pixels of x that they depend on, 10 x 10 or 17 x 17 with stride 2, and then goes
// through the expanded channels 32 at a time: a product with a slice of w1, batch norm, the nine taps, batch norm, and a product with
// a slice of w3 that adds to sums in registers. The slices of the next turn are on their way meanwhile. Norms are two rows, scale
// and shift, of float32. a and b are rounded to the type of activations, as they would be in memory. a is 0 outside the picture, so
// that filters must be finite there, unlike in depthwise.cuh. See cuda.md 5, scheme a, and Lavin 2024, arXiv 2404.03617.
//
//   block_sS_N  grid (tiles of y in all images), block (256); N*16 channels of y at most; channels in multiples of VEC
// Dynamic shared memory, in elements: rows of x and of two slices of w1, two slices of w3 (N*16 rows), a (rows), b (64 rows), where x
// has 112 rows (304 with stride 2); rows have c rounded up to 16 (x and w1) or 32 (the others) and PAD elements more. Not measured.
#include "end.cuh"

#define SIDE 8   // of a tile of y
#define SLICE 32 // expanded channels of a turn

struct block_sizes { int n, h, w, c, e, k, p, q; };

// A slice of `rows` x `columns` of a matrix with `length` elements in a row, as a tile of `width` columns; zeros beyond.
static __device__ __forceinline__ void copy_slice(element *tile, const element *matrix, int all, int rows, int columns, int width, int length) {
	const int per = width / VEC;
	for (int i = threadIdx.x; i < all * per; i += THREADS) {
		const int r = i / per, c = i % per * VEC;
		const bool there = r < rows && c < columns;
		copy_async(tile + r * (width + PAD) + c, matrix + (there ? (i64)r * length + c : 0), there);
	}
}

template <int S, int NT>
static __device__ __forceinline__ void block_infer(const element *x, const element *w1, const float *n1, const element *w2, const float *n2,
		const element *w3, const float *n3, const element *e, element *y, const block_sizes o) {
	constexpr int IN = (SIDE - 1) * S + 3, PLACES = IN * IN, FRAGMENTS = (PLACES + 15) / 16, NARROW = SLICE + PAD, OUT = NT * 16;
	const int width = (o.c + 15) / 16 * 16, wide = width + PAD;
	DYNAMIC_SHARED(shared);
	__shared__ float taps[9][SLICE];
	element *const xs = (element *)shared, *const w1s = xs + FRAGMENTS * 16 * wide, *const w3s = w1s + 2 * SLICE * wide;
	element *const as = w3s + 2 * OUT * NARROW, *const bs = as + FRAGMENTS * 16 * NARROW;
	const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, g = lane / 4, t = lane % 4;

	const int across = (o.q + SIDE - 1) / SIDE, down = (o.p + SIDE - 1) / SIDE;
	const int q0 = blockIdx.x % across * SIDE, p0 = blockIdx.x / across % down * SIDE, n = blockIdx.x / across / down;
	// The place of x at number i of the tile, or -1.
	const auto at = [&](int i) {
		const int h = p0 * S - 1 + i / IN, w = q0 * S - 1 + i % IN;
		return i < PLACES && h >= 0 && h < o.h && w >= 0 && w < o.w ? (n * o.h + h) * o.w + w : -1;
	};
	const auto fetch = [&](int first, int slot) {
		if (first < o.e) {
			copy_slice(w1s + slot * SLICE * wide, w1 + (i64)first * o.c, SLICE, o.e - first, o.c, width, o.c);
			copy_slice(w3s + slot * OUT * NARROW, w3 + first, OUT, o.k, o.e - first, SLICE, o.e);
		}
		commit_async();
	};
	for (int i = threadIdx.x; i < FRAGMENTS * 16 * (width / VEC); i += THREADS) {
		const int r = i / (width / VEC), c = i % (width / VEC) * VEC, place = at(r);
		const bool there = place >= 0 && c < o.c;
		copy_async(xs + r * wide + c, x + (there ? (i64)place * o.c + c : 0), there);
	}
	fetch(0, 0);

	float sums[1][NT][4] = {};
	const int wm = warp / 2, wn = warp % 2; // of the second product: 16 pixels, half the channels
	for (int first = 0, slot = 0; first < o.e; first += SLICE, slot ^= 1) {
		wait_async<0>();
		__syncthreads(); // the slices are there, and all warps are done with those before
		fetch(first + SLICE, slot ^ 1);
		for (int i = threadIdx.x; i < 9 * SLICE; i += THREADS) {
			const int c = i / 9;
			taps[i % 9][c] = first + c < o.e ? load(w2 + (i64)first * 9 + i) : 0;
		}
		float scale[4][2], shift[4][2];
		UNROLL for (int j = 0; j < 4; j++)
			UNROLL for (int i = 0; i < 2; i++) {
				const int c = first + j * 8 + 2 * t + i;
				scale[j][i] = c < o.e ? n1[c] : 0;
				shift[j][i] = c < o.e ? n1[c + o.e] : 0;
			}
		for (int f = warp; f < FRAGMENTS; f += WARPS) {
			float acc[1][4][4] = {};
			for (int k = 0; k < o.c; k += DEPTH)
				multiply_tiles<1, 4, false, false>(acc, xs + f * 16 * wide + k, wide, w1s + slot * SLICE * wide + k, wide, min(o.c - k, DEPTH));
			UNROLL for (int h = 0; h < 2; h++) {
				const int r = f * 16 + g + 8 * h;
				const bool inside = at(r) >= 0;
				UNROLL for (int j = 0; j < 4; j++) {
					const float low = relu6(acc[0][j][2 * h] * scale[j][0] + shift[j][0]);
					const float high = relu6(acc[0][j][2 * h + 1] * scale[j][1] + shift[j][1]);
					store_two(as + r * NARROW + j * 8 + 2 * t, inside ? low : 0, inside ? high : 0);
				}
			}
		}
		__syncthreads(); // a is there
		const int c = threadIdx.x % (SLICE / 2) * 2;
		float scale2[2], shift2[2]; // zeros beyond the last channel, so that b is 0 there
		UNROLL for (int i = 0; i < 2; i++) {
			scale2[i] = first + c < o.e ? n2[first + c + i] : 0;
			shift2[i] = first + c < o.e ? n2[first + c + i + o.e] : 0;
		}
		for (int i = threadIdx.x / (SLICE / 2); i < SIDE * SIDE; i += THREADS / (SLICE / 2)) {
			const element *const corner = as + ((i / SIDE * S) * IN + i % SIDE * S) * NARROW + c;
			float low = 0, high = 0;
			UNROLL for (int tap = 0; tap < 9; tap++) {
				const float2 v = load_two(corner + (tap / 3 * IN + tap % 3) * NARROW);
				low = fmaf(v.x, taps[tap][c], low);
				high = fmaf(v.y, taps[tap][c + 1], high);
			}
			store_two(bs + i * NARROW + c, relu6(low * scale2[0] + shift2[0]), relu6(high * scale2[1] + shift2[1]));
		}
		__syncthreads(); // b is there
		for (int k = 0; k < SLICE; k += DEPTH)
			multiply_tiles<1, NT, false, false>(sums, bs + wm * 16 * NARROW + k, NARROW, w3s + (slot * OUT + wn * NT * 8) * NARROW + k, NARROW, DEPTH);
	}

	UNROLL for (int h = 0; h < 2; h++) {
		const int i = wm * 16 + g + 8 * h, p = p0 + i / SIDE, q = q0 + i % SIDE;
		if (p >= o.p || q >= o.q) continue;
		const i64 row = (((i64)n * o.p + p) * o.q + q) * o.k;
		UNROLL for (int j = 0; j < NT; j++) {
			const int c = (wn * NT + j) * 8 + 2 * t;
			if (c >= o.k) continue;
			const float2 other = e ? load_two(e + row + c) : make_float2(0, 0);
			store_two(y + row + c, sums[0][j][2 * h] * n3[c] + n3[c + o.k] + other.x, sums[0][j][2 * h + 1] * n3[c + 1] + n3[c + 1 + o.k] + other.y);
		}
	}
}

#define BLOCK(S, NT)                                                                                                                    \
	KERNEL __launch_bounds__(THREADS, TYPE == F32 || NT >= 10 ? 1 : 2) block_s##S##_##NT(const element *x, const element *w1, const float *n1, const element *w2, \
			const float *n2, const element *w3, const float *n3, const element *e, element *y, block_sizes o) {             \
		block_infer<S, NT>(x, w1, n1, w2, n2, w3, n3, e, y, o);                                                                 \
	}
BLOCK(1, 2)
BLOCK(1, 4)
BLOCK(1, 6)
BLOCK(1, 10)
BLOCK(1, 20)
BLOCK(2, 2)
BLOCK(2, 4)
BLOCK(2, 6)
BLOCK(2, 10)
