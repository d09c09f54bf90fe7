// device.h is put before a kernel's source when it is compiled for the host. It supplies the part of CUDA C++ that the
// project's kernels use.
#define CUDAHOST 1
#include <cmath>
#include <cstdio>
#include <cstring>
#include <utility>

extern "C" {
__attribute__((visibility("default"))) cudahost_thread *cudahost_current;
__attribute__((visibility("default"))) const cudahost_calls *cudahost_api;
}

extern "C" __attribute__((weak, visibility("hidden"))) char __start_cudahost_shared[], __stop_cudahost_shared[];
extern "C" __attribute__((visibility("default"))) cudahost_range cudahost_shared_range() {
	return {__start_cudahost_shared, __stop_cudahost_shared};
}

#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#define __shared__ static __attribute__((section("cudahost_shared"), aligned(16)))
#define __constant__ static const
#define __grid_constant__

#define threadIdx (cudahost_current->thread)
#define blockIdx (cudahost_current->block)
#define blockDim (cudahost_current->block_dim)
#define gridDim (cudahost_current->grid_dim)
static const unsigned warpSize = 32;

// Vectors.
#define CUDAHOST_VECTORS(T, name, bytes)                                                          \
	struct alignas(2 * bytes) name##2 { T x, y; };                                            \
	struct name##3 { T x, y, z; };                                                            \
	struct alignas(4 * bytes) name##4 { T x, y, z, w; };                                      \
	static inline name##2 make_##name##2(T x, T y) { return {x, y}; }                         \
	static inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
CUDAHOST_VECTORS(float, float, 4)
CUDAHOST_VECTORS(int, int, 4)
CUDAHOST_VECTORS(unsigned, uint, 4)
CUDAHOST_VECTORS(unsigned short, ushort, 2)
CUDAHOST_VECTORS(unsigned char, uchar, 1)
#undef CUDAHOST_VECTORS
struct alignas(16) double2 { double x, y; };

// Scalars.
template <class T> static inline T min(T a, T b) { return b < a ? b : a; }
template <class T> static inline T max(T a, T b) { return a < b ? b : a; }
static inline unsigned min(unsigned a, int b) { return min(a, unsigned(b)); }
static inline unsigned __float_as_uint(float v) { unsigned u; memcpy(&u, &v, 4); return u; }
static inline float __uint_as_float(unsigned u) { float v; memcpy(&v, &u, 4); return v; }
static inline int __float_as_int(float v) { return int(__float_as_uint(v)); }
static inline float __int_as_float(int v) { return __uint_as_float(unsigned(v)); }
static inline float rsqrtf(float v) { return 1 / sqrtf(v); }
static inline float __fmul_rn(float a, float b) { volatile float r = a * b; return r; }
static inline float __fadd_rn(float a, float b) { volatile float r = a + b; return r; }
static inline float __fsub_rn(float a, float b) { volatile float r = a - b; return r; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __frcp_rn(float a) { return 1 / a; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned((unsigned long long)a * b >> 32); }
template <class T> static inline T __ldg(const T *p) { return *p; }

// Barriers and warps.
static inline void __syncthreads() { cudahost_api->barrier(); }
static inline void __threadfence() {}
static inline void __trap() { cudahost_api->fault(719, "trap"); }

struct cudahost_shuffle { unsigned value; int lane; unsigned out; };

static inline void cudahost_shuffle_run(void **posted, unsigned mask) {
	for (int i = 0; i < 32; i++) {
		if (!(mask >> i & 1)) continue;
		auto *s = (cudahost_shuffle *)posted[i];
		int from = s->lane;
		if (from < 0 || from > 31) from = i; // out of range: a lane's own value, as on the device
		if (!(mask >> from & 1)) cudahost_api->fault(719, "shuffle reads a lane that takes no part");
		s->out = ((cudahost_shuffle *)posted[from])->value;
	}
}

static inline unsigned cudahost_shuffle_bits(const char *name, unsigned mask, unsigned value, int lane, int width) {
	static const cudahost_collective ops[] = {{"shuffle", 0, cudahost_shuffle_run}};
	(void)name;
	if (width != 32) cudahost_api->fault(719, "shuffle: only a width of 32 is known here");
	cudahost_shuffle s = {value, lane, 0};
	cudahost_api->collective(&ops[0], mask, &s);
	return s.out;
}

#define CUDAHOST_SHUFFLES(T, to, from)                                                                               \
	static inline T __shfl_sync(unsigned m, T v, int lane, int w = 32) {                                         \
		return from(cudahost_shuffle_bits("shfl", m, to(v), lane & 31, w)); }                                \
	static inline T __shfl_xor_sync(unsigned m, T v, int x, int w = 32) {                                        \
		return from(cudahost_shuffle_bits("shfl_xor", m, to(v), int(cudahost_current->lane) ^ x, w)); }      \
	static inline T __shfl_down_sync(unsigned m, T v, int d, int w = 32) {                                       \
		return from(cudahost_shuffle_bits("shfl_down", m, to(v), int(cudahost_current->lane) + d, w)); }     \
	static inline T __shfl_up_sync(unsigned m, T v, int d, int w = 32) {                                         \
		return from(cudahost_shuffle_bits("shfl_up", m, to(v), int(cudahost_current->lane) - d, w)); }
CUDAHOST_SHUFFLES(float, __float_as_uint, __uint_as_float)
CUDAHOST_SHUFFLES(unsigned, unsigned, unsigned)
CUDAHOST_SHUFFLES(int, unsigned, int)
#undef CUDAHOST_SHUFFLES

static inline void cudahost_nothing(void **, unsigned) {}

static inline void __syncwarp(unsigned mask = 0xffffffffu) {
	static const cudahost_collective op = {"syncwarp", 0, cudahost_nothing};
	cudahost_api->collective(&op, mask, nullptr);
}

struct cudahost_vote { bool in; unsigned out; };

static inline unsigned __ballot_sync(unsigned mask, int in) {
	static const cudahost_collective op = {"ballot", 0, [](void **posted, unsigned m) {
		unsigned bits = 0;
		for (int i = 0; i < 32; i++)
			if (m >> i & 1 && ((cudahost_vote *)posted[i])->in) bits |= 1u << i;
		for (int i = 0; i < 32; i++)
			if (m >> i & 1) ((cudahost_vote *)posted[i])->out = bits;
	}};
	cudahost_vote v = {in != 0, 0};
	cudahost_api->collective(&op, mask, &v);
	return v.out;
}
static inline int __any_sync(unsigned mask, int in) { return __ballot_sync(mask, in) != 0; }
static inline int __all_sync(unsigned mask, int in) { return __ballot_sync(mask, !in) == 0; }
static inline int __syncthreads_or(int in) {
	__shared__ int any;
	__syncthreads();
	any = 0;
	__syncthreads();
	if (in) any = 1;
	__syncthreads();
	int out = any;
	__syncthreads();
	return out;
}

template <class T> static inline T atomicAdd(T *p, T v) { T old = *p; *p = old + v; return old; }
template <class T> static inline T atomicMax(T *p, T v) { T old = *p; if (old < v) *p = v; return old; }
template <class T> static inline T atomicOr(T *p, T v) { T old = *p; *p = old | v; return old; }

// 16-bit floats. Conversions round to the nearest even and keep NaN.
static inline float cudahost_half_to_float(unsigned short h) {
	unsigned sign = (h & 0x8000u) << 16, exp = h >> 10 & 31, frac = h & 1023;
	if (exp == 31) return __uint_as_float(sign | 0x7f800000u | frac << 13);
	if (exp) return __uint_as_float(sign | (exp + 112) << 23 | frac << 13);
	float v = float(frac) * 0x1p-24f;
	return sign ? -v : v;
}
static inline unsigned short cudahost_float_to_half(float f) {
	unsigned u = __float_as_uint(f), sign = u >> 16 & 0x8000u, a = u & 0x7fffffffu;
	if (a > 0x7f800000u) return (unsigned short)0x7fff;
	if (a >= 0x477ff000u) return (unsigned short)(sign | 0x7c00u);
	if (a < 0x38800000u) { // subnormal or zero: adding 1/2 puts the last kept bit at the end of the fraction
		float v = __uint_as_float(a) + 0.5f;
		return (unsigned short)(sign | (__float_as_uint(v) - 0x3f000000u));
	}
	unsigned r = a + 0xfffu + (a >> 13 & 1);
	return (unsigned short)(sign | (r - 0x38000000u) >> 13);
}
static inline float cudahost_bf16_to_float(unsigned short h) { return __uint_as_float(unsigned(h) << 16); }
static inline unsigned short cudahost_float_to_bf16(float f) {
	unsigned u = __float_as_uint(f);
	if ((u & 0x7fffffffu) > 0x7f800000u) return 0x7fff;
	return (unsigned short)((u + 0x7fffu + (u >> 16 & 1)) >> 16);
}

// The tensor core's m16n8k16 on 16-bit floats: d = a*b + c. Registers hold what PTX says for each lane: with g = lane/4 and
// t = lane%4, a holds rows g and g+8, columns 2t, 2t+1, 2t+8, 2t+9; b rows 2t.., column g; c and d rows g and g+8, columns 2t, 2t+1.
struct cudahost_mma { const unsigned *a, *b; float *c; };

template <float (*to_float)(unsigned short)> static inline void cudahost_mma_run(void **posted, unsigned mask) {
	if (mask != 0xffffffffu) cudahost_api->fault(719, "mma: all lanes must take part");
	float a[16][16], b[16][8];
	for (int lane = 0; lane < 32; lane++) {
		auto *m = (cudahost_mma *)posted[lane];
		int g = lane / 4, t = lane % 4;
		for (int r = 0; r < 4; r++)
			for (int h = 0; h < 2; h++)
				a[g + (r & 1) * 8][2 * t + h + (r >> 1) * 8] = to_float((unsigned short)(m->a[r] >> 16 * h));
		for (int r = 0; r < 2; r++)
			for (int h = 0; h < 2; h++)
				b[2 * t + h + 8 * r][g] = to_float((unsigned short)(m->b[r] >> 16 * h));
	}
	float d[16][8] = {};
	for (int i = 0; i < 16; i++)
		for (int k = 0; k < 16; k++)
			for (int j = 0; j < 8; j++) d[i][j] += a[i][k] * b[k][j];
	for (int lane = 0; lane < 32; lane++) {
		auto *m = (cudahost_mma *)posted[lane];
		int g = lane / 4, t = lane % 4;
		for (int r = 0; r < 4; r++) m->c[r] += d[g + (r >> 1) * 8][2 * t + (r & 1)];
	}
}

static inline void cudahost_mma_f16(float *c, const unsigned *a, const unsigned *b) {
	static const cudahost_collective op = {"mma.m16n8k16.f16", 0, cudahost_mma_run<cudahost_half_to_float>};
	cudahost_mma m = {a, b, c};
	cudahost_api->collective(&op, 0xffffffffu, &m);
}
static inline void cudahost_mma_bf16(float *c, const unsigned *a, const unsigned *b) {
	static const cudahost_collective op = {"mma.m16n8k16.bf16", 0, cudahost_mma_run<cudahost_bf16_to_float>};
	cudahost_mma m = {a, b, c};
	cudahost_api->collective(&op, 0xffffffffu, &m);
}

// ldmatrix: lanes 8i..8i+7 give the rows of matrix i, 16 bytes each; a lane gets two neighbours of row lane/4 of each matrix,
// or of its transpose.
struct cudahost_ldmatrix { const void *row; unsigned *out; };

template <int count, bool transposed> static inline void cudahost_ldmatrix_run(void **posted, unsigned mask) {
	if (mask != 0xffffffffu) cudahost_api->fault(719, "ldmatrix: all lanes must take part");
	for (int i = 0; i < count; i++) {
		unsigned short m[8][8];
		for (int r = 0; r < 8; r++) {
			auto *l = (cudahost_ldmatrix *)posted[8 * i + r];
			if ((size_t)l->row % 16) cudahost_api->fault(716, "ldmatrix: a row is not on a multiple of 16 bytes");
			memcpy(m[r], l->row, 16);
		}
		for (int lane = 0; lane < 32; lane++) {
			int r = lane / 4, c = lane % 4 * 2;
			unsigned lo = transposed ? m[c][r] : m[r][c], hi = transposed ? m[c + 1][r] : m[r][c + 1];
			((cudahost_ldmatrix *)posted[lane])->out[i] = lo | hi << 16;
		}
	}
}

template <int count, bool transposed> static inline void cudahost_load_matrix(unsigned *out, const void *row) {
	static const cudahost_collective op = {"ldmatrix", count * 2 + transposed, cudahost_ldmatrix_run<count, transposed>};
	cudahost_ldmatrix l = {row, out};
	cudahost_api->collective(&op, 0xffffffffu, &l);
}

// Asynchronous copies of 16 bytes to shared memory; what is not copied becomes zero.
static inline void cudahost_copy_async(void *to, const void *from, unsigned copied) {
	if ((size_t)to % 16 || (size_t)from % 16) cudahost_api->fault(716, "cp.async: an address is not on a multiple of 16 bytes");
	cudahost_api->copy_async(to, from, copied, 16);
}

// Dynamic shared memory: on the device an extern __shared__ array, here a pointer.
#define DYNAMIC_SHARED(name) unsigned char *const name = cudahost_current->dynamic_shared

// Checked builds: the compiler puts a call before every access, as it does for its thread sanitizer.
#ifdef CUDAHOST_CHECK
#define CUDAHOST_HOOK extern "C" __attribute__((visibility("hidden"), no_sanitize("thread"), used)) void
#define CUDAHOST_HOOKS(n)                                                                                 \
	CUDAHOST_HOOK __tsan_read##n(void *p) { cudahost_api->access(p, n, 0); }                          \
	CUDAHOST_HOOK __tsan_write##n(void *p) { cudahost_api->access(p, n, 1); }                         \
	CUDAHOST_HOOK __tsan_unaligned_read##n(void *p) { cudahost_api->access(p, n, CUDAHOST_ANY); }     \
	CUDAHOST_HOOK __tsan_unaligned_write##n(void *p) { cudahost_api->access(p, n, CUDAHOST_ANY | 1); }
CUDAHOST_HOOKS(1)
CUDAHOST_HOOKS(2)
CUDAHOST_HOOKS(4)
CUDAHOST_HOOKS(8)
CUDAHOST_HOOKS(16)
CUDAHOST_HOOK __tsan_read_range(void *p, size_t n) { cudahost_api->access(p, unsigned(n), CUDAHOST_ANY); }
CUDAHOST_HOOK __tsan_write_range(void *p, size_t n) { cudahost_api->access(p, unsigned(n), CUDAHOST_ANY | 1); }
CUDAHOST_HOOK __ubsan_handle_type_mismatch_v1_abort(void *, void *p) { // a float4, say, where there can be none
	char text[80];
	snprintf(text, sizeof text, "an address is not aligned for its type: ...%02x", unsigned((size_t)p & 0xff));
	cudahost_api->fault(716, text);
}
CUDAHOST_HOOK __tsan_init() {}
CUDAHOST_HOOK __tsan_func_entry(void *) {}
CUDAHOST_HOOK __tsan_func_exit() {}
CUDAHOST_HOOK __tsan_vptr_update(void *, void *) {}
#endif

// Entries: cudahost_compile appends a function for every kernel it finds, which uses these.
template <class F, F f> struct cudahost_thunk;
template <class... A, void (*f)(A...)> struct cudahost_thunk<void (*)(A...), f> {
	// Not checked: the arguments lie in memory of the host.
	template <size_t... I> __attribute__((no_sanitize("thread"))) static void apply(void **p, std::index_sequence<I...>) {
		f(*(typename std::remove_cv<typename std::remove_reference<A>::type>::type *)p[I]...);
	}
	__attribute__((no_sanitize("thread"))) static void call(void **p) { apply(p, std::index_sequence_for<A...>{}); }
	static const size_t *sizes() {
		static const size_t s[] = {sizeof(A)..., 0};
		return s;
	}
	static constexpr int count = sizeof...(A);
};
constexpr int cudahost_first(int n, int = 0, int = 0) { return n; }
