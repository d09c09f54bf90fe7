// depthwise.cuh: the depthwise 3x3 convolution with padding 1 and stride 1 or 2, with what comes before and after it in a network.
//
// A thread has CV channels of one column and walks down a strip of rows with its filter in registers; a block has `columns` columns
// and all channels, or 1/gridDim.y of them, so that its loads are contiguous, and walks over (image, strip, columns) with the stride
// of gridDim.x. What the
// three columns beside each other load more than once comes from the first cache. Sums over rows, columns and images stay in
// registers to the end, when the block adds them in a fixed order. Taps outside the picture are left out, never multiplied by 0.
#pragma once
#include "end.cuh"

#define LARGEST 512            // threads of a block, columns * c/CV, with two channels for each
#define LARGEST_OF(CV) (CV == 2 ? LARGEST : 384)

// Sizes; p x q is the output.
struct map { int n, h, w, c, p, q; };

// CV numbers, and the memory of CV elements.
template <int CV> struct few {
	float v[CV];
	__device__ __forceinline__ float &operator[](int i) { return v[i]; }
	__device__ __forceinline__ float operator[](int i) const { return v[i]; }
};
template <int CV> struct alignas(CV * sizeof(element)) bits { unsigned w[CV * sizeof(element) / 4]; };

template <int CV> static __device__ __forceinline__ bits<CV> load_bits(const element *p, bool there) {
	bits<CV> b = {};
	if (there) b = *(const bits<CV> *)p;
	return b;
}
template <int CV> static __device__ __forceinline__ few<CV> to_few(const bits<CV> &b) {
	few<CV> f;
	UNROLL for (int i = 0; i < CV; i++) {
#if TYPE == F32
		f[i] = __uint_as_float(b.w[i]);
#else
		f[i] = to_float((element)(b.w[i / 2] >> 16 * (i % 2)));
#endif
	}
	return f;
}
template <int CV> static __device__ __forceinline__ bits<CV> to_bits(const few<CV> &f) {
	bits<CV> b;
#if TYPE == F32
	UNROLL for (int i = 0; i < CV; i++) b.w[i] = __float_as_uint(f[i]);
#else
	UNROLL for (int i = 0; i < CV; i += 2) b.w[i / 2] = from_floats(f[i], f[i + 1]);
#endif
	return b;
}
template <int CV> static __device__ __forceinline__ few<CV> load_few(const float *p, bool there) {
	few<CV> f;
	UNROLL for (int i = 0; i < CV; i++) f[i] = there ? p[i] : 0;
	return f;
}
// The filters of channels c.., [c][3][3] in memory.
template <int CV> static __device__ __forceinline__ void load_filter(few<CV> (&f)[9], const element *w, int c) {
	UNROLL for (int i = 0; i < CV; i++)
		UNROLL for (int t = 0; t < 9; t++) f[t][i] = load(w + (i64)(c + i) * 9 + t);
}
// a += x*y
template <int CV> static __device__ __forceinline__ void add_product(few<CV> &a, const few<CV> &x, const few<CV> &y) {
	UNROLL for (int i = 0; i < CV; i++) a[i] = fmaf(x[i], y[i], a[i]);
}

// Factors of the columns that a thread has; see source.
template <int KIND, int CV> struct factors_of {
	few<CV> f0, f1, f2, f3, f4;
	__device__ __forceinline__ factors_of(const float *f, int c, int channels)
		: f0(row(f, c, channels, 0, KIND != PLAIN)), f1(row(f, c, channels, 1, KIND != PLAIN)), f2(row(f, c, channels, 2, KIND >= GRADIENT)),
		  f3(row(f, c, channels, 3, KIND == GATED)), f4(row(f, c, channels, 4, KIND == GATED)) {}
	static __device__ __forceinline__ few<CV> row(const float *f, int c, int channels, int i, bool there) {
		return load_few<CV>(f + c + (i64)i * channels, there);
	}
	__device__ __forceinline__ few<CV> make(const bits<CV> &a, const bits<CV> &z) const {
		few<CV> v = to_few<CV>(a);
		const few<CV> u = to_few<CV>(z);
		UNROLL for (int i = 0; i < CV; i++) v[i] = ::make<KIND>(v[i], u[i], f0[i], f1[i], f2[i], f3[i], f4[i]);
		return v;
	}
};

// Parameters and sums of the columns that a thread has; see target.
template <int END, int CV> struct end_of {
	few<CV> p0, p1, p2;
	tally<END, CV> sums;
	__device__ __forceinline__ end_of(const target &t, int c)
		: p0(load_few<CV>(t.parameters + c, END == MASKED || END == CLIPPED)),
		  p1(load_few<CV>(t.parameters + c + t.columns, END == MASKED || END == CLIPPED)),
		  p2(load_few<CV>(t.parameters + c + 2 * (i64)t.columns, END == MASKED)) {}
	// Finishes v for place `at` of y. e is what lies there in t.e.
	__device__ __forceinline__ void finish(const few<CV> &v, const target &t, i64 at, const few<CV> &e) {
		few<CV> out;
		UNROLL for (int i = 0; i < CV; i++) out[i] = ended<END>(v[i], e[i], p0[i], p1[i], t);
		const bits<CV> y = to_bits<CV>(out);
		*(bits<CV> *)(t.y + at) = y;
		sums.add(to_few<CV>(y).v, e.v, p2.v);
	}
};

// Adds v over the block's columns, in order; the threads of the first column get the sum. room is as large as the block.
template <int CV> static __device__ __forceinline__ few<CV> over_columns(const few<CV> &v, float (*room)[LARGEST], int groups) {
	__syncthreads();
	UNROLL for (int i = 0; i < CV; i++) room[i][threadIdx.x] = v[i];
	__syncthreads();
	few<CV> total = {};
	if ((int)threadIdx.x < groups)
		for (int t = threadIdx.x; t < (int)blockDim.x; t += groups)
			UNROLL for (int i = 0; i < CV; i++) total[i] += room[i][t];
	return total;
}

// Where a thread is.
struct place {
	int groups, c, column; // groups of channels in a block; first channel; column of the block
	int across, down, all; // blocks of columns, strips, and pieces of work
};
template <int CV> static __device__ __forceinline__ place place_of(const map &o, int rows, int width, int strip) {
	place a;
	a.groups = o.c / CV / gridDim.y;
	a.c = (blockIdx.y * a.groups + threadIdx.x % a.groups) * CV;
	a.column = threadIdx.x / a.groups;
	const int columns = blockDim.x / a.groups;
	a.across = (width + columns - 1) / columns;
	a.down = (rows + strip - 1) / strip;
	a.all = o.n * a.down * a.across;
	return a;
}

// Puts together what a block's columns know, in order, and writes it.
template <int END, int CV>
static __device__ __forceinline__ void write_sums(const end_of<END, CV> &end, const target &t, const place &a, float (*room)[LARGEST]) {
	UNROLL for (int i = 0; i < CV; i++) {
		known k = end.sums.of(i);
		__syncthreads();
		room[0][threadIdx.x] = k.n, room[1][threadIdx.x] = k.a, room[2][threadIdx.x] = k.b;
		__syncthreads();
		if ((int)threadIdx.x >= a.groups) continue;
		for (int s = threadIdx.x + a.groups; s < (int)blockDim.x; s += a.groups) merge<END>(k, known{room[0][s], room[1][s], room[2][s]});
		write_known<END>(k, t, a.c + i);
	}
}

// y[n,p,q,c] = the sum over r,s of x[n, p*S+r-1, q*S+s-1, c] * w[c,r,s]
template <int KIND, int END, int S, int CV>
static __device__ __forceinline__ void depthwise_forward(const element *x, const float *factors, const element *w, const target t, const map o, int strip) {
	__shared__ float room[4][LARGEST];
	const place a = place_of<CV>(o, o.p, o.q, strip);
	const factors_of<KIND, CV> made(factors, a.c, o.c);
	end_of<END, CV> end(t, a.c);
	few<CV> filter[9];
	load_filter<CV>(filter, w, a.c);
	for (int piece = blockIdx.x; piece < a.all; piece += gridDim.x) {
		const int q = piece % a.across * (blockDim.x / a.groups) + a.column, first = piece / a.across % a.down * strip;
		const int n = piece / a.across / a.down, last = min(first + strip, o.p) - 1;
		if (q >= o.q) continue;
		const bool left = q > 0, right = q * S + 1 < o.w;
		const element *const px = x + ((i64)n * o.h * o.w + q * S) * o.c + a.c;
		bits<CV> next[3];
		const auto fetch = [&](int h) {
			const bool there = h >= 0 && h < o.h;
			UNROLL for (int s = 0; s < 3; s++)
				next[s] = load_bits<CV>(px + ((i64)h * o.w + s - 1) * o.c, there && (s != 0 || left) && (s != 2 || right));
		};
		few<CV> row[3], acc0 = {}, acc1 = {}, acc2 = {}; // of output rows that this row is the last, middle and first of
		const auto add = [&](few<CV> &acc, int r) {
			if (left) add_product(acc, row[0], filter[3 * r]);
			add_product(acc, row[1], filter[3 * r + 1]);
			if (right) add_product(acc, row[2], filter[3 * r + 2]);
		};
		fetch(first * S - 1);
		for (int h = first * S - 1; h <= last * S + 1; h++) {
			UNROLL for (int s = 0; s < 3; s++) row[s] = made.make(next[s], next[s]);
			fetch(h + 1);
			const bool there = h >= 0 && h < o.h, even = (h & 1) == 0;
			if (there && (S == 1 || !even)) add(acc0, 2);
			if (there && (S == 1 || even)) add(acc1, 1);
			if (there && (S == 1 || !even)) add(acc2, 0);
			const int p = S == 1 ? h - 1 : (h - 1) / 2; // is complete
			if ((S == 1 || !even) && h > first * S)
				end.finish(acc0, t, (((i64)n * o.p + p) * o.q + q) * o.c + a.c, few<CV>());
			if (S == 1) acc0 = acc1, acc1 = acc2, acc2 = few<CV>();
			if (S == 2 && !even) acc1 = acc2, acc2 = few<CV>();
			if (S == 2 && even) acc0 = acc1;
		}
	}
	if (END == MEASURED) write_sums(end, t, a, room);
}

// One row of the gradient of the output at WIDE neighbouring columns, on its way.
template <int KIND, int CV, int WIDE> struct gradient_row {
	bits<CV> a[WIDE], z[KIND >= GRADIENT ? WIDE : 1];
	// at is the place of column 0 in row p; there tells which columns exist.
	__device__ __forceinline__ void fetch(const source &s, i64 at, int c, bool inside, const bool (&there)[WIDE]) {
		UNROLL for (int i = 0; i < WIDE; i++) {
			a[i] = load_bits<CV>(s.a + at + (i64)i * c, inside && there[i]);
			if (KIND >= GRADIENT) z[i] = load_bits<CV>(s.z + at + (i64)i * c, inside && there[i]);
		}
	}
	__device__ __forceinline__ void make(few<CV> (&v)[WIDE], const factors_of<KIND, CV> &f) const {
		UNROLL for (int i = 0; i < WIDE; i++) v[i] = f.make(a[i], z[KIND >= GRADIENT ? i : 0]);
	}
};

// Both gradients: of the input, which END finishes, and of the filter, which comes in parts of [c][9], one of a block. dy is made of
// s, what is multiplied of x; MASKED looks at x as it is stored. With stride 2 a thread has 2x2 places of the input.
//   dx[h,w] = the sum over r,s of dy[(h+1-r)/S, (w+1-s)/S] * w[r,s];  dw[r,s] = the sum over h,w of the same dy times x[h,w]
template <int KY, int KX, int END, int S, int CV, bool INPUT, bool WEIGHT>
static __device__ __forceinline__ void depthwise_backward(const source s, const element *x, const float *x_factors, const element *w, const target t,
		float *dw, const map o, int strip) {
	__shared__ float room[4][LARGEST];
	constexpr int WIDE = S == 1 ? 3 : 2; // columns of dy that touch those of the thread
	const place a = place_of<CV>(o, o.p, o.q, strip);
	const factors_of<KY, CV> made(s.factors, a.c, o.c);
	const factors_of<KX, CV> input(x_factors, a.c, o.c);
	end_of<END, CV> end(t, a.c);
	few<CV> filter[9] = {}, sums[9] = {};
	if (INPUT) load_filter<CV>(filter, w, a.c);
	for (int piece = blockIdx.x; piece < a.all; piece += gridDim.x) {
		const int q = piece % a.across * (blockDim.x / a.groups) + a.column, first = piece / a.across % a.down * strip;
		const int n = piece / a.across / a.down, last = min(first + strip, o.p) - 1;
		if (q >= o.q) continue;
		bool there[WIDE];
		UNROLL for (int i = 0; i < WIDE; i++) there[i] = S == 1 ? q + i - 1 >= 0 && q + i - 1 < o.q : q + i < o.q;
		gradient_row<KY, CV, WIDE> next;
		const auto fetch = [&](int p) {
			next.fetch(s, (((i64)n * o.p + p) * o.q + q - (S == 1)) * o.c + a.c, o.c, p >= 0 && p < o.p, there);
		};
		few<CV> rows[3][WIDE]; // dy at rows p-1 (stride 1 only), p and p+1
		if (S == 1) {
			fetch(first - 1);
			next.make(rows[1], made);
		}
		fetch(first);
		next.make(rows[2], made);
		fetch(first + 1);
		for (int p = first; p <= last; p++) {
			UNROLL for (int i = 0; i < WIDE; i++) rows[0][i] = rows[1][i], rows[1][i] = rows[2][i];
			next.make(rows[2], made);
			if (p < last) fetch(p + 2);
			UNROLL for (int i = 0; i < S * S; i++) {
				const int h = p * S + i / S, column = q * S + i % S;
				if (h >= o.h || column >= o.w) continue;
				const i64 at = (((i64)n * o.h + h) * o.w + column) * o.c + a.c;
				const bits<CV> stored = load_bits<CV>(x + at, WEIGHT || END == MASKED);
				const few<CV> value = input.make(stored, stored);
				few<CV> dx = {};
				UNROLL for (int tap = 0; tap < 9; tap++) {
					const int up = i / S + 1 - tap / 3, aside = i % S + 1 - tap % 3; // to dy's row and column, times S
					if (up % S || aside % S) continue;
					const int dp = up / S, dq = aside / S;
					if (!there[dq + (S == 1)] || p + dp < 0 || p + dp >= o.p) continue;
					const few<CV> &dy = rows[1 + dp][dq + (S == 1)];
					if (INPUT) add_product(dx, dy, filter[tap]);
					if (WEIGHT) add_product(sums[tap], dy, value);
				}
				const bool beside = END == STORED && INPUT && t.e;
				if (INPUT) end.finish(dx, t, at, END == MASKED ? to_few<CV>(stored) : to_few<CV>(load_bits<CV>(t.e + at, beside)));
			}
		}
	}
	if (END == MASKED) write_sums(end, t, a, room);
	if (WEIGHT) UNROLL for (int tap = 0; tap < 9; tap++) {
		const few<CV> total = over_columns<CV>(sums[tap], room, a.groups);
		if ((int)threadIdx.x >= a.groups) continue;
		UNROLL for (int i = 0; i < CV; i++) dw[((i64)blockIdx.x * o.c + a.c + i) * 9 + tap] = total[i];
	}
}
