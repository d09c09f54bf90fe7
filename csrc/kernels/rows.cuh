// rows.cuh: the product of a tall matrix of pixels and a filter, y[m][n] = sum over k of a[m][k]*b[n][k], with what comes before and
// after it in a network. Blocks of THREADS stay and walk over tiles of 128 rows, m = blockIdx.x, blockIdx.x + gridDim.x, ..., with the
// loads of the next two steps under way. blockIdx.y chooses TN columns of y.
#pragma once
#include "end.cuh"

#define TILE_ROWS 128
#define STAGE 40 // floats in a row of the area where a warp turns fragments into rows: 32 and room against bank conflicts

// The tiles of b: depth/DEPTH of them if all fit into `slots`, and are brought once; otherwise a ring of three.
template <bool BT, int TN> struct filter_tiles {
	static constexpr int height = BT ? DEPTH : TN, width = BT ? TN : DEPTH, size = height * (width + PAD);
	// b is [columns][depth], or [depth][columns] with BT. n and k are where the tile begins.
	static __device__ __forceinline__ void fetch(element *tile, const element *b, int n, int k, int columns, int depth) {
		carrier<PLAIN, height, width> carry;
		if (BT)
			carry.fetch(tile, source{b, nullptr, nullptr, depth, columns}, k, n);
		else
			carry.fetch(tile, source{b, nullptr, nullptr, columns, depth}, n, k);
	}
};

// Numbers of the columns of a pack, or zeros.
static __device__ __forceinline__ pack load_parameters(const float *p, bool there) {
	if (there) return load_factors(p);
	pack r;
	UNROLL for (int i = 0; i < VEC; i++) r[i] = 0;
	return r;
}

// Finishes one pack of y at row r, column n, and adds it to the sums.
template <int END> static __device__ __forceinline__ void finish(const pack &v, const target &t, i64 r, int n, tally<END, VEC> &sums) {
	const pack p0 = load_parameters(t.parameters + n, END == MASKED || END == CLIPPED || (END == STORED && t.parameters));
	const pack p1 = load_parameters(t.parameters + n + t.columns, END == MASKED || END == CLIPPED);
	const pack p2 = load_parameters(t.parameters + n + 2 * t.columns, END == MASKED);
	const i64 at = r * t.columns + n;
	words e = {};
	if (END != MEASURED && t.e) e = load_words(t.e + at);
	const pack other = to_pack(e);
	pack out;
	UNROLL for (int i = 0; i < VEC; i++) out[i] = ended<END>(v[i], other[i], p0[i], p1[i], t);
	const words y = to_words(out);
	*(words *)(t.y + at) = y;
	sums.add(to_pack(y).v, other.v, p2.v);
}

// Puts together what a block's lanes and warps know, in a fixed order, and writes it. room has a place for WM*TN columns.
template <int END, int WM, int WN, int CHUNKS>
static __device__ __forceinline__ void write_sums(const tally<END, VEC> (&sums)[CHUNKS], known *room, const target &t) {
	constexpr int TN = WN * CHUNKS * 32, PER = 32 / VEC;
	const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, wm = warp / WN, wn = warp % WN;
	__syncthreads(); // room lies where tiles were
	UNROLL for (int c = 0; c < CHUNKS; c++)
		UNROLL for (int i = 0; i < VEC; i++) {
			known k = sums[c].of(i);
			UNROLL for (int d = 16; d >= PER; d /= 2) {
				const float n = END == MEASURED ? __shfl_xor_sync(0xffffffffu, k.n, d) : 0;
				merge<END>(k, known{n, __shfl_xor_sync(0xffffffffu, k.a, d), __shfl_xor_sync(0xffffffffu, k.b, d)});
			}
			if (lane < PER) room[wm * TN + (wn * CHUNKS + c) * 32 + lane * VEC + i] = k;
		}
	__syncthreads();
	const int n = blockIdx.y * TN + threadIdx.x;
	if (threadIdx.x >= TN || n >= t.columns) return;
	known k = room[threadIdx.x];
	for (int w = 1; w < WM; w++) merge<END>(k, room[w * TN + threadIdx.x]);
	write_known<END>(k, t, n);
}

// Turns a warp's fragments into rows and finishes them. area is the warp's own.
template <int END, int MT, int NT>
static __device__ __forceinline__ void finish_tile(float (&acc)[MT][NT][4], float *area, const target &t, i64 row, int column,
		tally<END, VEC> (&sums)[NT / 4]) {
	constexpr int PER = 32 / VEC; // vectors in a row of 32 columns
	const int lane = threadIdx.x % 32, g = lane / 4, q = lane % 4;
UNROLL for (int i = 0; i < MT; i++)
UNROLL for (int c = 0; c < NT / 4; c++) {
UNROLL for (int j = 0; j < 4; j++)
UNROLL for (int h = 0; h < 2; h++) {
					float2 *to = (float2 *)(area + (g + 8 * h) * STAGE + j * 8 + 2 * q);
					*to = make_float2(acc[i][c * 4 + j][2 * h], acc[i][c * 4 + j][2 * h + 1]);
				}
			__syncwarp();
UNROLL for (int r = lane / PER; r < 16; r += VEC) {
				const int n = column + c * 32 + lane % PER * VEC;
				const pack v = load_factors(area + r * STAGE + lane % PER * VEC);
				if (row + i * 16 + r < t.rows && n < t.columns) finish<END>(v, t, row + i * 16 + r, n, sums[c]);
			}
			__syncwarp();
		}
}

// The kernel. Dynamic shared memory: three tiles of a (two unless it is PLAIN), `slots` tiles of b, eight warps' areas.
template <int KIND, int END, bool BT, int TN>
static __device__ __forceinline__ void product_of_rows(const source a, const element *b, const target t, int slots) {
	constexpr int WN = TN > 32 ? 2 : 1, WM = WARPS / WN, MT = TILE_ROWS / WM / 16, NT = TN / WN / 8;
	constexpr int STAGES = KIND == PLAIN ? 3 : 2, SIZE = TILE_ROWS * (DEPTH + PAD);
	typedef filter_tiles<BT, TN> filter;
	DYNAMIC_SHARED(shared);
	element *const ring = (element *)shared, *const tiles = ring + STAGES * SIZE;
	const int warp = threadIdx.x / 32, wm = warp / WN, wn = warp % WN, n = blockIdx.y * TN;
	float *const area = (float *)(tiles + slots * filter::size) + warp * 16 * STAGE;
	const int turns = (a.length + DEPTH - 1) / DEPTH, all = (t.rows + TILE_ROWS - 1) / TILE_ROWS;
	const bool resident = slots >= turns;
	const int steps = ((all - (int)blockIdx.x + (int)gridDim.x - 1) / (int)gridDim.x) * turns;

	carrier<KIND, TILE_ROWS, DEPTH> carry;
	const auto row = [&](int step) { return ((i64)blockIdx.x + (i64)(step / turns) * gridDim.x) * TILE_ROWS; };
	const auto slot = [&](int step) { return tiles + (resident ? step % turns : step % 3) * filter::size; };
	const auto fetch = [&](int step) {
		const int k = step % turns * DEPTH;
		if (step < steps) {
			carry.fetch(ring + step % STAGES * SIZE, a, row(step), k);
			if (!resident || step < turns) filter::fetch(slot(step), b, n, k, t.columns, a.length);
		}
		commit_async();
	};
	const auto put = [&](int step) {
		if (step < steps) carry.put(ring + step % STAGES * SIZE, a, step % turns * DEPTH);
	};

	float acc[MT][NT][4] = {};
	tally<END, VEC> sums[NT / 4];
	fetch(0);
	put(0);
	fetch(1);
	for (int step = 0; step < steps; step++) {
		wait_async<1>();
		__syncthreads(); // step's tiles are there, and all warps are done with those of the step before
		put(step + 1);
		fetch(step + 2);
		const int k = step % turns;
		multiply_tiles<MT, NT, false, BT>(acc, ring + step % STAGES * SIZE + wm * MT * 16 * (DEPTH + PAD), DEPTH + PAD,
			slot(step) + (BT ? wn * NT * 8 : wn * NT * 8 * (DEPTH + PAD)), filter::width + PAD, min(a.length - k * DEPTH, DEPTH));
		if (k + 1 < turns) continue;
		finish_tile<END, MT, NT>(acc, area, t, row(step) + wm * MT * 16, n + wn * NT * 8, sums);
UNROLL for (int i = 0; i < MT; i++)
UNROLL for (int j = 0; j < NT; j++)
UNROLL for (int e = 0; e < 4; e++) acc[i][j][e] = 0;
	}
	if (END == MEASURED || END == MASKED) {
		wait_async<0>();
		write_sums<END, WM, WN, NT / 4>(sums, (known *)shared, t);
	}
}

// The entries of one kind: NAME_32, _64, _128 for the columns of a tile.
#define ROWS_KERNEL(NAME, KIND, END, BT, TN)                                                                                          \
	KERNEL __launch_bounds__(THREADS, BLOCKS(TILE_ROWS, TN)) NAME##_##TN(const element *a, const element *z, const float *factors, const element *b,  \
			element *y, const element *e, const float *parameters, float *partial, float low, float high, int rows, int depth, \
			int columns, int slots) {                                                                                      \
		product_of_rows<KIND, END, BT, TN>(source{a, z, factors, rows, depth}, b,                                              \
			target{y, e, parameters, partial, low, high, rows, columns}, slots);                                           \
	}
#define ROWS_KERNELS(NAME, KIND, END, BT)    \
	ROWS_KERNEL(NAME, KIND, END, BT, 32) \
	ROWS_KERNEL(NAME, KIND, END, BT, 64) \
	ROWS_KERNEL(NAME, KIND, END, BT, 128)
