// end.cuh: what is done to a product before it is stored, and which sums of it are taken on the way.
#pragma once
#include "tile.cuh"

// What is done to the sums, v, of a column n:
#define STORED 0     // y = v + p0[n] + e, without what is a null pointer
#define MEASURED 1   // y = v; sums of y - p0[n] and of its square
#define MASKED 2     // y = v where 0 < e*p0[n] + p1[n] < 6, else 0; sums of y and of y*(e - p2[n])
#define CLIPPED 3    // y = clip(v*p0[n] + p1[n]) + e, without e if it is null
struct target {
	element *y;
	const element *e;        // of y's shape
	const float *parameters; // p0, p1, p2: rows of `columns` numbers
	float *partial;          // [gridDim.x][2][columns]: the two sums over the rows of y that a block made
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

// Adds y, as it was stored, to the two sums.
template <int END> static __device__ __forceinline__ void measure(float y, float other, float p0, float p2, float &sum, float &second) {
	if (END != MEASURED && END != MASKED) return;
	const float d = END == MEASURED ? y - p0 : y;
	sum += d;
	second += d * (END == MEASURED ? d : other - p2);
}
