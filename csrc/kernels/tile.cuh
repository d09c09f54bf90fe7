// tile.cuh: products of matrix tiles that lie in shared memory, for a block of eight warps, and what brings tiles there.
//
// A tile of A has rows m and columns k, or the other way round if it was stored so (AT); one of B has rows n and columns k, or the
// other way round (BT). Rows are padded by 16 bytes, so that the eight rows which ldmatrix reads at a time lie in different banks.
// Accumulators are float32 in the layout of mma.m16n8k16 for every type: with g = lane/4 and t = lane%4, element i of a fragment is
// row g + i/2*8, column 2t + i%2. f16 and bf16 use the tensor cores; f32 uses multiply-adds, exactly as float32 should.
#pragma once
#include "common.cuh"

#define WARPS 8
// Blocks on a multiprocessor at a time, for which registers are dealt out: two, but one where that would not do for the largest tiles.
#ifndef LARGE_BLOCKS
#define LARGE_BLOCKS 2
#endif
#define BLOCKS(TM, TN) TM >= 128 && TN >= 128 ? LARGE_BLOCKS : 2
#define THREADS (WARPS * 32)
#define DEPTH ((int)(64 / sizeof(element)))  // elements of k that one step multiplies
#define PAD VEC                           // elements behind every row of a tile

// The elements of a pack as they lie in memory.
struct __align__(16) words { unsigned w[4]; };

static __device__ __forceinline__ words load_words(const element *p) { return *(const words *)p; }

static __device__ __forceinline__ pack to_pack(const words &w) {
	pack r;
#if TYPE == F32
	UNROLL for (int i = 0; i < 4; i++) r[i] = __uint_as_float(w.w[i]);
#else
	UNROLL for (int i = 0; i < 4; i++) {
		r[2 * i] = to_float((element)(w.w[i] & 0xffff));
		r[2 * i + 1] = to_float((element)(w.w[i] >> 16));
	}
#endif
	return r;
}

static __device__ __forceinline__ words to_words(const pack &r) {
	words w;
#if TYPE == F32
	UNROLL for (int i = 0; i < 4; i++) w.w[i] = __float_as_uint(r[i]);
#else
	UNROLL for (int i = 0; i < 4; i++) w.w[i] = from_floats(r[2 * i], r[2 * i + 1]);
#endif
	return w;
}

// Two elements beside each other, p on a multiple of both.
static __device__ __forceinline__ void store_two(element *p, float a, float b) {
#if TYPE == F32
	*(float2 *)p = make_float2(a, b);
#else
	*(unsigned *)p = from_floats(a, b);
#endif
}
static __device__ __forceinline__ float2 load_two(const element *p) {
#if TYPE == F32
	return *(const float2 *)p;
#else
	const unsigned both = *(const unsigned *)p;
	return make_float2(to_float((element)(both & 0xffff)), to_float((element)(both >> 16)));
#endif
}

#if defined(CUDAHOST)
static __device__ __forceinline__ void copy_async(element *to, const element *from, bool there) {
	cudahost_copy_async(to, from, there ? 16 : 0);
}
static __device__ __forceinline__ void commit_async() { cudahost_api->commit_async(); }
template <int left> static __device__ __forceinline__ void wait_async() { cudahost_api->wait_async(left); }
#else
// Copies 16 bytes from global to shared memory behind the thread's back; zeros if they are not there.
static __device__ __forceinline__ void copy_async(element *to, const element *from, bool there) {
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"((unsigned)__cvta_generic_to_shared(to)), "l"(from), "r"(there ? 16 : 0)
		     : "memory");
}
static __device__ __forceinline__ void commit_async() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most `left` of the groups that this thread committed are under way.
template <int left> static __device__ __forceinline__ void wait_async() { asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory"); }
#endif

#if TYPE != F32
#if defined(CUDAHOST)
template <bool transposed> static __device__ __forceinline__ void load_matrix(unsigned *r, const element *row) {
	cudahost_load_matrix<4, transposed>(r, row);
}
static __device__ __forceinline__ void multiply(float *c, const unsigned *a, const unsigned *b) {
#if TYPE == F16
	cudahost_mma_f16(c, a, b);
#else
	cudahost_mma_bf16(c, a, b);
#endif
}
#else
// Four 8x8 matrices, or their transposes; lanes 8i to 8i+7 give the rows of matrix i.
template <bool transposed> static __device__ __forceinline__ void load_matrix(unsigned *r, const element *row) {
	const unsigned at = (unsigned)__cvta_generic_to_shared(row);
	if (transposed)
		asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
			     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
			     : "r"(at)
			     : "memory");
	else
		asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
			     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
			     : "r"(at)
			     : "memory");
}
#if TYPE == F16
#define MMA "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"
#else
#define MMA "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"
#endif
// c += a*b, 16 x 16 times 16 x 8
static __device__ __forceinline__ void multiply(float *c, const unsigned *a, const unsigned *b) {
	asm volatile(MMA " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
		     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
		     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#endif
#endif

// acc[MT][NT] += the product of MT*16 rows of A and NT*8 columns of B over `depth` of the tile's DEPTH elements of k. a and b point
// at the warp's part of each tile; sa and sb are the tiles' row lengths in elements, padding included.
#if TYPE == F32
// Four neighbours in k, from k, of row m; T as in AT.
template <bool T> static __device__ __forceinline__ void load_four(float (&f)[4], const element *tile, int stride, int m, int k) {
	if (T) {
UNROLL for (int e = 0; e < 4; e++) f[e] = tile[(k + e) * stride + m];
		return;
	}
	const float4 v = *(const float4 *)(tile + m * stride + k);
	f[0] = v.x, f[1] = v.y, f[2] = v.z, f[3] = v.w;
}

template <int MT, int NT, bool AT, bool BT>
static __device__ __forceinline__ void multiply_tiles(float (&acc)[MT][NT][4], const element *a, int sa, const element *b, int sb, int depth) {
	const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
	for (int k = 0; k < depth; k += 4) { // a tile ends in zeros, on a multiple of 4
		float fa[MT][2][4];
UNROLL for (int i = 0; i < MT; i++)
UNROLL for (int h = 0; h < 2; h++) load_four<AT>(fa[i][h], a, sa, i * 16 + h * 8 + g, k);
UNROLL for (int j = 0; j < NT; j++)
UNROLL for (int h = 0; h < 2; h++) {
				float fb[4];
				load_four<BT>(fb, b, sb, j * 8 + 2 * t + h, k);
UNROLL for (int i = 0; i < MT; i++)
UNROLL for (int e = 0; e < 4; e++) {
						acc[i][j][h] = fmaf(fa[i][0][e], fb[e], acc[i][j][h]);
						acc[i][j][2 + h] = fmaf(fa[i][1][e], fb[e], acc[i][j][2 + h]);
					}
			}
	}
}
#else
template <int MT, int NT, bool AT, bool BT>
static __device__ __forceinline__ void multiply_tiles(float (&acc)[MT][NT][4], const element *a, int sa, const element *b, int sb, int depth) {
	const int lane = threadIdx.x % 32, low = lane % 8, middle = lane / 8 % 2 * 8, high = lane / 16 * 8;
UNROLL for (int k = 0; k < DEPTH; k += 16) {
		if (k >= depth) break;
		unsigned fa[MT][4], fb[NT / 2][4]; // fb holds two fragments beside each other
UNROLL for (int i = 0; i < MT; i++)
			load_matrix<AT>(fa[i], AT ? a + (k + low + high) * sa + i * 16 + middle : a + (i * 16 + low + middle) * sa + k + high);
UNROLL for (int j = 0; j < NT; j += 2)
			load_matrix<BT>(fb[j / 2], BT ? b + (k + low + middle) * sb + j * 8 + high : b + (j * 8 + low + high) * sb + k + middle);
UNROLL for (int i = 0; i < MT; i++)
UNROLL for (int j = 0; j < NT; j++) multiply(acc[i][j], fa[i], fb[j / 2] + j % 2 * 2);
	}
}
#endif

// Where elements of a row-major matrix come from, and what is done to each on its way to shared memory. A row has `length`
// elements, a multiple of VEC; factors hold float32 numbers for every column, one row of them after the other.
#define PLAIN 0     // a
#define ACTIVATED 1 // relu6(a*f0 + f1): batch norm and its activation
#define GRADIENT 2  // a*f0 + z*f1 + f2: the gradient of what batch norm took in, z, from that of what it gave, a
#define GATED 3     // the same of a where 0 < z*f3 + f4 < 6, and of 0 elsewhere: that of what batch norm before a ReLU6 took in
struct source {
	const element *a, *z;
	const float *factors;
	int rows, length;
};

// Numbers of VEC neighbouring columns. p is on a multiple of 16 bytes.
static __device__ __forceinline__ pack load_factors(const float *p) {
	pack r;
	UNROLL for (int i = 0; i < VEC; i += 4) {
		const float4 v = *(const float4 *)(p + i);
		r[i] = v.x, r[i + 1] = v.y, r[i + 2] = v.z, r[i + 3] = v.w;
	}
	return r;
}

// What becomes of a, with z beside it.
template <int KIND> static __device__ __forceinline__ float make(float a, float z, float f0, float f1, float f2, float f3, float f4) {
	if (KIND == PLAIN) return a;
	if (KIND == ACTIVATED) return relu6(a * f0 + f1);
	if (KIND == GATED) {
		const float normal = z * f3 + f4;
		a = normal > 0 && normal < 6 ? a : 0;
	}
	return a * f0 + (z * f1 + f2);
}

// A thread's share of a tile of R x C elements on its way: fetch begins to bring it, put ends it. What is outside the matrix
// becomes zero. Plain elements are copied by fetch itself, which ends with the copies' group.
template <int KIND, int R, int C> struct carrier {
	static constexpr int per = C / VEC, count = (R * per + THREADS - 1) / THREADS, stride = C + PAD;
	words a[KIND == PLAIN ? 1 : count], z[KIND >= GRADIENT ? count : 1];
	bool there[count];

	static __device__ __forceinline__ int column() { return threadIdx.x % per * VEC; }
	static __device__ __forceinline__ int row(int i) { return (threadIdx.x + i * THREADS) / per; }

	// The tile begins at row r and column c of the matrix.
	__device__ __forceinline__ void fetch(element *tile, const source &s, i64 r, int c) {
UNROLL for (int i = 0; i < count; i++) {
			if (R * per % THREADS && row(i) >= R) break;
			there[i] = r + row(i) < s.rows && c + column() < s.length;
			const i64 at = there[i] ? (r + row(i)) * s.length + c + column() : 0;
			if (KIND == PLAIN)
				copy_async(tile + row(i) * stride + column(), s.a + at, there[i]);
			else
				a[i] = load_words(s.a + at);
			if (KIND >= GRADIENT) z[i] = load_words(s.z + at);
		}
	}

	// c is what fetch was given.
	__device__ __forceinline__ void put(element *tile, const source &s, int c) {
		if (KIND == PLAIN) return;
		const float *f = s.factors + (c + column() < s.length ? c + column() : 0);
		const auto factor = [&](int row, bool there) { return load_factors(f + (there ? row : 0) * s.length); };
		const pack f0 = factor(0, true), f1 = factor(1, true), f2 = factor(2, KIND >= GRADIENT), f3 = factor(3, KIND == GATED),
			   f4 = factor(4, KIND == GATED);
		UNROLL for (int i = 0; i < count; i++) {
			if (R * per % THREADS && row(i) >= R) break;
			const pack v = to_pack(a[i]), u = to_pack(z[KIND >= GRADIENT ? i : 0]);
			pack out;
			UNROLL for (int e = 0; e < VEC; e++) {
				const float made = make<KIND>(v[e], u[e], f0[e], f1[e], f2[e], f3[e], f4[e]);
				out[e] = there[i] ? made : 0;
			}
			*(words *)(tile + row(i) * stride + column()) = to_words(out);
		}
	}
};
