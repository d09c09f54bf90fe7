// both.cuh: both gradients of a 1x1 convolution of narrow x to wide y in one pass over y's gradient, dy[m][k], which is made on the
// way and is dear to read: dx[m][n] = sum over k of dy[m][k]*w[k][n] + e[m][n], dw[k][n] = sum over m of dy[m][k]*x[m][n].
//
// As in rows.cuh, blocks stay and walk over tiles of 128 rows. A tile of dy, 128 x DEPTH, serves both products; w and the sums of dw
// stay in shared memory and registers, for which a block has the multiprocessor for itself. Hence at most TURNS*DEPTH channels of y, TURNS
// even, and BOTH_COLUMNS of x; for f16 and bf16 only. Loads of the next two steps are under way.
#pragma once
#include "rows.cuh"

#define BOTH_COLUMNS 32

// Dynamic shared memory: two tiles of dy, TURNS tiles of w, two of x, eight warps' areas. Each block writes its own sums of dw,
// [gridDim.x][k][n].
template <int TURNS> static __device__ __forceinline__ void product_of_both(const source a, const element *w, const element *x, float *dw, const target t) {
	constexpr int SIZE = TILE_ROWS * (DEPTH + PAD), WIDE = BOTH_COLUMNS + PAD, HALF = TILE_ROWS / 2;
	typedef filter_tiles<true, BOTH_COLUMNS> filter;
	DYNAMIC_SHARED(shared);
	element *const ring = (element *)shared, *const tiles = ring + 2 * SIZE, *const xs = tiles + TURNS * filter::size;
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	float *const area = (float *)(xs + 2 * TILE_ROWS * WIDE) + warp * 16 * STAGE;
	const int all = (t.rows + TILE_ROWS - 1) / TILE_ROWS;

	carrier<GRADIENT, TILE_ROWS, DEPTH> carry[2]; // of even and of odd turns
	carrier<PLAIN, TILE_ROWS, BOTH_COLUMNS> carry_x;
	const source from_x = {x, nullptr, nullptr, t.rows, t.columns};
	const auto slot = [&](int tile) { return xs + tile / (int)gridDim.x % 2 * TILE_ROWS * WIDE; };
	const auto fetch = [&](carrier<GRADIENT, TILE_ROWS, DEPTH> &into, int tile, int turn) {
		if (tile < all) {
			into.fetch(nullptr, a, (i64)tile * TILE_ROWS, turn * DEPTH);
			if (turn == 0) carry_x.fetch(slot(tile), from_x, (i64)tile * TILE_ROWS, 0);
		}
		commit_async();
	};
	UNROLL for (int turn = 0; turn < TURNS; turn++) filter::fetch(tiles + turn * filter::size, w, 0, turn * DEPTH, t.columns, a.length);

	// Of dw, a warp has 16 channels of y and 16 of x, from half the rows.
	const int half = warp / 4, wm = warp % 4 / 2, wn = warp % 2;
	float sums[TURNS][1][2][4] = {};
	tally<STORED, VEC> nothing[1];
	fetch(carry[0], blockIdx.x, 0);
	fetch(carry[1], blockIdx.x, 1);
	for (int tile = blockIdx.x; tile < all; tile += gridDim.x) {
		float acc[1][4][4] = {};
		const element *const mine = slot(tile);
		UNROLL for (int turn = 0; turn < TURNS; turn++) {
			element *const dy = ring + turn % 2 * SIZE;
			carry[turn % 2].put(dy, a, turn * DEPTH);
			wait_async<1>();
			__syncthreads(); // the tiles are there; those of the step before are free
			const bool same = turn + 2 < TURNS;
			fetch(carry[turn % 2], same ? tile : tile + gridDim.x, same ? turn + 2 : turn + 2 - TURNS);
			const int depth = min(a.length - turn * DEPTH, DEPTH);
			multiply_tiles<1, 4, false, true>(acc, dy + warp * 16 * (DEPTH + PAD), DEPTH + PAD, tiles + turn * filter::size, filter::width + PAD, depth);
			UNROLL for (int k = 0; k < HALF; k += DEPTH)
				multiply_tiles<1, 2, true, true>(sums[turn], dy + (half * HALF + k) * (DEPTH + PAD) + wm * 16, DEPTH + PAD,
					mine + (half * HALF + k) * WIDE + wn * 16, WIDE, DEPTH);
		}
		finish_tile<STORED, 1, 4>(acc, area, t, (i64)tile * TILE_ROWS + warp * 16, 0, nothing);
	}

	// The second half of the warps hands its sums to the first.
	float *const room = (float *)shared + (warp % 4 * 32 + lane) * (TURNS * 8 + 1);
	__syncthreads();
	UNROLL for (int turn = 0; turn < TURNS; turn++)
		UNROLL for (int i = 0; i < 8; i++)
			if (half == 1) room[turn * 8 + i] = sums[turn][0][i / 4][i % 4];
	__syncthreads();
	if (half == 1) return;
	dw += (i64)blockIdx.x * a.length * t.columns;
	UNROLL for (int turn = 0; turn < TURNS; turn++)
		UNROLL for (int i = 0; i < 8; i++) {
			const int k = turn * DEPTH + wm * 16 + lane / 4 + i % 4 / 2 * 8, n = wn * 16 + i / 4 * 8 + lane % 4 * 2 + i % 2;
			if (k < a.length && n < t.columns) dw[(i64)k * t.columns + n] = sums[turn][0][i / 4][i % 4] + room[turn * 8 + i];
		}
}
