// end.cuh: what is done to a product before it is stored, and which sums of it are taken on the way.
#pragma once
#include "tile.cuh"

// What is done to the sums, v, of a column n:
#define STORED 0     // y = v + p0[n] + e, without what is a null pointer
#define MEASURED 1   // y = v; how many, their mean, and the sum of squares of their distances from it
#define MASKED 2     // y = v where 0 < e*p0[n] + p1[n] < 6, else 0; sums of y and of y*(e - p2[n])
#define CLIPPED 3    // y = clip(v*p0[n] + p1[n]) + e, without e if it is null
struct target {
	element *y;
	const element *e;        // of y's shape
	const float *parameters; // p0, p1, p2: rows of `columns` numbers
	float *partial;          // [gridDim.x][TALLIES][columns]: the sums, or moments, of the rows of y that a block made
	float low, high;         // of clip
	int rows, columns;
};

// What becomes of v. other is the number of e beside it.
template <int END> static __device__ __forceinline__ float ended(float v, float other, float p0, float p1, const target &t) {
	if (END == STORED) return v + p0 + other;
	if (END == MEASURED) return v;
	const float normal = (END == CLIPPED ? v : other) * p0 + p1;
	if (END == MASKED) return normal > 0 && normal < 6 ? v : 0;
	const float raised = normal < t.low ? t.low : normal;
	return (raised > t.high ? t.high : raised) + other;
}

#define TALLIES(END) ((END) == MEASURED ? 3 : 2)

// What is known of some numbers: MEASURED, their count n, mean a, and sum b of squared distances from it; MASKED, the sums a and b.
struct known { float n, a, b; };

// Adds what is known of others, which for moments is Chan, Golub and LeVeque's formula (1983).
template <int END> static __device__ __forceinline__ void merge(known &k, const known &other) {
	if (END == MASKED) {
		k.a += other.a;
		k.b += other.b;
		return;
	}
	const float n = k.n + other.n, share = n > 0 ? other.n / n : 0, d = other.a - k.a;
	k.b += other.b + d * d * k.n * share;
	k.a += d * share;
	k.n = n;
}

// What a thread adds up over rows of W columns. Moments are taken around the first number that came, so that no mean, however
// large beside the deviation, costs accuracy.
template <int END, int W> struct tally {
	float shift[W] = {}, sum[W] = {}, second[W] = {}, count = 0;
	// y is what was stored, other the number of e beside it.
	__device__ __forceinline__ void add(const float (&y)[W], const float (&other)[W], const float (&p2)[W]) {
		if (END == MEASURED && count == 0) UNROLL for (int i = 0; i < W; i++) shift[i] = y[i];
		if (END == MEASURED) count += 1;
		UNROLL for (int i = 0; i < W; i++) {
			const float d = y[i] - shift[i];
			if (END == MEASURED || END == MASKED) sum[i] += d;
			if (END == MEASURED) second[i] += d * d;
			if (END == MASKED) second[i] += y[i] * (other[i] - p2[i]);
		}
	}
	__device__ __forceinline__ known of(int i) const {
		if (END == MASKED) return known{0, sum[i], second[i]};
		const float mean = count > 0 ? sum[i] / count : 0;
		return known{count, shift[i] + mean, second[i] - sum[i] * mean};
	}
};

// Writes column n's numbers of this block.
template <int END> static __device__ __forceinline__ void write_known(const known &k, const target &t, int n) {
	float *to = t.partial + (i64)blockIdx.x * TALLIES(END) * t.columns + n;
	if (END == MEASURED) *to = k.n, to += t.columns;
	to[0] = k.a;
	to[t.columns] = k.b;
}
