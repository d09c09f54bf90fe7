// columns.cuh: products of columns of pixels, out[m][n] = sum over rows r of a[r][m]*b[r][n]: the gradient of a 1x1 filter. Rows are
// cut into slices, blockIdx.z, each of which writes its own sums; sum_slices adds them in order. blockIdx.y chooses TM columns of a,
// blockIdx.x TN of b.
#pragma once
#include "tile.cuh"

// The kernel. Dynamic shared memory: three tiles of a (two unless it is PLAIN) and three of b (likewise).
template <int KA, int KB, int TM, int TN>
static __device__ __forceinline__ void product_of_columns(const source a, const source b, float *out, int slice) {
	constexpr int WM = TM == 32 ? 2 : TN == 32 ? 8 : 4, WN = WARPS / WM, MT = TM / WM / 16, NT = TN / WN / 8;
	constexpr int SA = KA == PLAIN ? 3 : 2, SB = KB == PLAIN ? 3 : 2, A = DEPTH * (TM + PAD), B = DEPTH * (TN + PAD);
	DYNAMIC_SHARED(shared);
	element *const as = (element *)shared, *const bs = as + SA * A;
	const int warp = threadIdx.x / 32, wm = warp / WN, wn = warp % WN, m = blockIdx.y * TM, n = blockIdx.x * TN;
	const i64 begin = (i64)blockIdx.z * slice;
	const int count = (int)min((i64)slice, a.rows - begin), steps = (count + DEPTH - 1) / DEPTH;

	carrier<KA, DEPTH, TM> from_a;
	carrier<KB, DEPTH, TN> from_b;
	const auto fetch = [&](int step) {
		if (step < steps) {
			from_a.fetch(as + step % SA * A, a, begin + step * DEPTH, m);
			from_b.fetch(bs + step % SB * B, b, begin + step * DEPTH, n);
		}
		commit_async();
	};
	const auto put = [&](int step) {
		if (step >= steps) return;
		from_a.put(as + step % SA * A, a, m);
		from_b.put(bs + step % SB * B, b, n);
	};

	float acc[MT][NT][4] = {};
	fetch(0);
	put(0);
	fetch(1);
	for (int step = 0; step < steps; step++) {
		wait_async<1>();
		__syncthreads(); // step's tiles are there, and all warps are done with those of the step before
		put(step + 1);
		fetch(step + 2);
		multiply_tiles<MT, NT, true, true>(acc, as + step % SA * A + wm * MT * 16, TM + PAD, bs + step % SB * B + wn * NT * 8, TN + PAD,
			min(count - step * DEPTH, DEPTH));
	}
	out += (i64)blockIdx.z * a.length * b.length;
	const int g = threadIdx.x % 32 / 4, q = threadIdx.x % 4;
UNROLL for (int i = 0; i < MT; i++)
UNROLL for (int j = 0; j < NT; j++)
UNROLL for (int h = 0; h < 2; h++) {
				const int r = m + (wm * MT + i) * 16 + g + 8 * h, c = n + (wn * NT + j) * 8 + 2 * q;
				if (r < a.length && c < b.length) *(float2 *)(out + (i64)r * b.length + c) = make_float2(acc[i][j][2 * h], acc[i][j][2 * h + 1]);
			}
}

// The entries of one kind: NAME_TMxTN.
#define COLUMNS_KERNEL(NAME, KA, KB, TM, TN)                                                                                        \
	KERNEL __launch_bounds__(THREADS, BLOCKS(TM, TN)) NAME##_##TM##x##TN(const element *a, const element *z, const float *factors,           \
			const element *b, const float *b_factors, float *out, int rows, int m, int n, int slice) {                  \
		product_of_columns<KA, KB, TM, TN>(source{a, z, factors, rows, m}, source{b, nullptr, b_factors, rows, n}, out, slice); \
	}
#define COLUMNS_KERNELS(NAME, KA, KB)         \
	COLUMNS_KERNEL(NAME, KA, KB, 32, 128) \
	COLUMNS_KERNEL(NAME, KA, KB, 64, 64)  \
	COLUMNS_KERNEL(NAME, KA, KB, 128, 32) \
	COLUMNS_KERNEL(NAME, KA, KB, 128, 128)
