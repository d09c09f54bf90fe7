// selftest compiles and runs small kernels through cudahost.h and says what went wrong.
#include "cudahost.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static char error_text[1024];

#define WANT(condition, ...)                                  \
	do {                                                  \
		if (!(condition)) {                           \
			printf("line %d: ", __LINE__);        \
			printf(__VA_ARGS__);                  \
			printf("\n");                         \
			failures++;                           \
		}                                             \
	} while (0)

static cudahost_module *module_of(const char *source) {
	const char *options[] = {"--gpu-architecture=sm_90", "-DFACTOR=3"};
	void *image = nullptr;
	size_t size;
	char *log = nullptr;
	int code = cudahost_compile(source, "self.cu", 0, nullptr, nullptr, 2, options, &image, &size, &log);
	if (code) {
		printf("compile: %d: %s\n", code, log);
		exit(1);
	}
	WANT(!*log, "log: %s", log);
	free(log);
	cudahost_module *m = nullptr;
	code = cudahost_load(image, &m, error_text, sizeof error_text);
	if (code) {
		printf("load: %d: %s\n", code, error_text);
		exit(1);
	}
	free(image);
	return m;
}

// Runs kernel name of source on one pointer and one count.
static int launch(const char *source, const char *name, unsigned blocks, unsigned threads, unsigned shared, void *p, int n) {
	cudahost_module *m = module_of(source);
	cudahost_kernel *k;
	if (cudahost_function(m, name, &k)) {
		printf("no kernel %s\n", name);
		exit(1);
	}
	unsigned grid[3] = {blocks, 1, 1}, block[3] = {threads, 1, 1};
	void *params[] = {&p, &n};
	error_text[0] = 0;
	int code = cudahost_launch(k, grid, block, shared, params, error_text, sizeof error_text);
	cudahost_unload(m);
	return code;
}

static const char *good = R"(
#define KERNEL extern "C" __global__ void
KERNEL __launch_bounds__(64 * 2) scale(float *x, int n) {
	int i = blockIdx.x * blockDim.x + threadIdx.x;
	if (i < n) x[i] *= FACTOR;
}
KERNEL sum(float *x, int n) {
	__shared__ float part[8];
	float v = 0;
	for (int i = threadIdx.x; i < n; i += blockDim.x) v += x[i];
	for (int d = 16; d; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
	if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
	__syncthreads();
	if (threadIdx.x == 0) {
		v = 0;
		for (unsigned w = 0; w < blockDim.x / 32; w++) v += part[w];
		x[0] = v;
	}
}
KERNEL reverse(float *x, int n) {
	DYNAMIC_SHARED(raw);
	float *s = (float *)raw;
	s[threadIdx.x] = x[threadIdx.x];
	__syncthreads();
	x[threadIdx.x] = s[n - 1 - threadIdx.x];
}
KERNEL halves(float *x, int n) {
	for (int i = threadIdx.x; i < n; i += blockDim.x) {
		x[i] = cudahost_half_to_float(cudahost_float_to_half(x[i]));
	}
}
KERNEL product(float *x, int n) { // a: 16x16 of i+k, b: 16x8 of k-j
	unsigned a[4], b[2], g = threadIdx.x / 4, t = threadIdx.x % 4;
	float c[4] = {1, 1, 1, 1};
	for (int r = 0; r < 4; r++) {
		unsigned v = 0;
		for (int h = 0; h < 2; h++) v |= (unsigned)cudahost_float_to_half(float(g + (r & 1) * 8 + 2 * t + h + (r >> 1) * 8)) << 16 * h;
		a[r] = v;
	}
	for (int r = 0; r < 2; r++) {
		unsigned v = 0;
		for (int h = 0; h < 2; h++) v |= (unsigned)cudahost_float_to_half(float(2 * t + h + 8 * r) - float(g)) << 16 * h;
		b[r] = v;
	}
	cudahost_mma_f16(c, a, b);
	for (int r = 0; r < 4; r++) x[(g + (r >> 1) * 8) * 8 + 2 * t + (r & 1)] = c[r];
}
KERNEL late(float *x, int n) {
	__shared__ float s[32 * 4];
	for (int i = 0; i < 4; i++) s[threadIdx.x * 4 + i] = 0;
	cudahost_copy_async(&s[threadIdx.x * 4], &x[threadIdx.x * 4], 12);
	cudahost_api->commit_async();
	float before = s[threadIdx.x * 4];
	cudahost_api->wait_async(0);
	x[threadIdx.x * 4 + 2] = before;
	x[threadIdx.x * 4 + 1] = s[threadIdx.x * 4 + 3];
	x[threadIdx.x * 4] = s[threadIdx.x * 4];
}
)";

static const char *bad = R"(
#define KERNEL extern "C" __global__ void
KERNEL barrier(float *x, int n) { if (threadIdx.x < 40) __syncthreads(); x[0] = 1; }
KERNEL ended(float *x, int n) { if (threadIdx.x == 3) return; __syncthreads(); x[0] = 1; }
KERNEL lanes(float *x, int n) { if (threadIdx.x % 32 < 16) x[0] = __shfl_xor_sync(0xffffffffu, 1.0f, 1); }
KERNEL mixed(float *x, int n) {
	if (threadIdx.x % 2) __syncwarp();
	else x[0] = __shfl_xor_sync(0xffffffffu, 1.0f, 2);
}
KERNEL behind(float *x, int n) { DYNAMIC_SHARED(s); ((float *)s)[n] = 1; }
KERNEL trap(float *x, int n) { __trap(); }
KERNEL race(float *x, int n) {
	__shared__ float s[64];
	s[threadIdx.x] = float(threadIdx.x);
	x[threadIdx.x] = s[63 - threadIdx.x]; // no barrier
}
)";

static void check_results() {
	float x[1000];
	for (int i = 0; i < 1000; i++) x[i] = float(i);
	WANT(!launch(good, "scale", 8, 128, 0, x, 1000) && x[999] == 2997, "scale: %g %s", x[999], error_text);
	for (int i = 0; i < 1000; i++) x[i] = 1;
	WANT(!launch(good, "sum", 1, 256, 0, x, 1000) && x[0] == 1000, "sum: %g %s", x[0], error_text);
	for (int i = 0; i < 100; i++) x[i] = float(i);
	WANT(!launch(good, "reverse", 1, 100, 400, x, 100) && x[0] == 99 && x[99] == 0, "reverse: %g %s", x[0], error_text);
	WANT(!launch(good, "product", 1, 32, 0, x, 0), "product: %s", error_text);
	for (int i = 0; i < 16; i++)
		for (int j = 0; j < 8; j++) {
			float want = 1;
			for (int k = 0; k < 16; k++) want += float((i + k) * (k - j));
			WANT(x[i * 8 + j] == want, "product %d %d: %g, want %g", i, j, x[i * 8 + j], want);
		}
	for (int i = 0; i < 128; i++) x[i] = 5;
	WANT(!launch(good, "late", 1, 32, 0, x, 0) && x[0] == 5 && x[1] == 0 && x[2] == 0, "late: %g %g %g %s", x[0], x[1], x[2], error_text);
}

static void check_halves() {
	// All halves come back; between two, the nearer one or the even one is taken.
	static float x[63488], want[63488];
	int n = 0;
	for (unsigned h = 0; h < 0x7c00; h++) {
		int e = int(h >> 10);
		float v = e ? ldexpf(float(1024 + (h & 1023)), e - 25) : ldexpf(float(h & 1023), -24);
		float next = e ? ldexpf(1, e - 25) : ldexpf(1, -24);
		want[n] = x[n] = v;
		n++;
		x[n] = v + next / 2;
		want[n] = h & 1 ? v + next : v;
		if (h == 0x7bff) want[n] = INFINITY;
		n++;
	}
	WANT(!launch(good, "halves", 1, 256, 0, x, n), "halves: %s", error_text);
	for (int i = 0; i < n; i++) WANT(x[i] == want[i], "half %d: %g, want %g", i, x[i], want[i]);
}

static void refuse(const char *kernel, unsigned threads, unsigned shared, int code, const char *words) {
	float x[64] = {};
	int got = launch(bad, kernel, 1, threads, shared, x, 16);
	WANT(got == code && strstr(error_text, words), "%s: got %d %s; want %d with %s", kernel, got, error_text, code, words);
}

static void check_refusals() {
	refuse("barrier", 64, 0, 719, "do not meet");
	refuse("ended", 32, 0, 719, "1 have ended");
	refuse("lanes", 32, 0, 719, "have ended");
	refuse("mixed", 32, 0, 719, "diverge");
	refuse("behind", 32, 64, 700, "behind the dynamic shared memory");
	refuse("trap", 1, 0, 719, "trap");
	refuse("trap", 1025, 0, 1, "1025 threads");
	refuse("trap", 1, 300 << 10, 1, "bytes of shared memory");
	WANT(launch(good, "scale", 1, 256, 0, nullptr, 0) == 1, "launch bounds are not kept");
}

// A race gives other results in other orders.
static void check_orders() {
	float first[64], last[64];
	cudahost_set_order(0);
	WANT(!launch(bad, "race", 1, 64, 0, first, 0), "%s", error_text);
	cudahost_set_order(1);
	WANT(!launch(bad, "race", 1, 64, 0, last, 0), "%s", error_text);
	WANT(memcmp(first, last, sizeof first), "the order of threads changes nothing");
	float x[1000];
	for (unsigned order = 0; order < 6; order++) {
		cudahost_set_order(order);
		for (int i = 0; i < 1000; i++) x[i] = 1;
		WANT(!launch(good, "sum", 1, 256, 0, x, 1000) && x[0] == 1000, "sum in order %u: %g %s", order, x[0], error_text);
	}
	cudahost_set_order(0);
}

static void check_compile() {
	void *image;
	size_t size;
	char *log;
	const char *odd[] = {"--no-such-option"};
	WANT(cudahost_compile("", "x", 0, nullptr, nullptr, 1, odd, &image, &size, &log) == 5 && strstr(log, "no-such-option"), "option: %s", log);
	free(log);
	WANT(cudahost_compile("int f( {", "x.cu", 0, nullptr, nullptr, 0, nullptr, &image, &size, &log) == 6 && strstr(log, "x.cu:1"), "log: %s", log);
	free(log);
	const char *headers[] = {"#define ONE 1\n"}, *names[] = {"one.h"};
	WANT(!cudahost_compile("#include \"one.h\"\nextern \"C\" __global__ void k(int *p) { *p = ONE; }", "y.cu", 1, headers, names, 0, nullptr, &image, &size, &log),
	     "header: %s", log);
	free(log);
	cudahost_module *m;
	memset(image, 0, 8);
	WANT(cudahost_load(image, &m, error_text, sizeof error_text) == 200, "a spoiled image is loaded");
	free(image);
}

// Two modules that are loaded at the same time are two, and so are two loads of one image.
static void check_modules() {
	static const char source[] = "__device__ int seen; extern \"C\" __global__ void k(int *p) { *p = ONE + seen++; }";
	cudahost_module *loaded[3];
	for (int i = 0; i < 3; i++) {
		void *image;
		size_t size;
		char *log;
		const char *one[] = {i == 0 ? "-DONE=1" : "-DONE=2"};
		WANT(!cudahost_compile(source, "z.cu", 0, nullptr, nullptr, 1, one, &image, &size, &log), "modules: %s", log);
		WANT(!cudahost_load(image, &loaded[i], error_text, sizeof error_text), "modules: %s", error_text);
		free(log);
		free(image);
	}
	const int want[3] = {1, 2, 2};
	for (int i = 0; i < 3; i++) {
		cudahost_kernel *kernel;
		const unsigned one[3] = {1, 1, 1};
		int got = 0, *p = &got;
		void *params[] = {&p};
		WANT(!cudahost_function(loaded[i], "k", &kernel), "modules: no kernel");
		WANT(!cudahost_launch(kernel, one, one, 0, params, error_text, sizeof error_text), "modules: %s", error_text);
		WANT(got == want[i], "module %d gives %d, want %d", i, got, want[i]);
	}
	for (cudahost_module *m : loaded) cudahost_unload(m);
}

// Kernels that were compiled with checks tell of every access to what is not theirs.
static const char *touching = R"(
#define KERNEL extern "C" __global__ void
KERNEL fine(float *x, int n) {
	__shared__ float s[32];
	DYNAMIC_SHARED(d);
	s[threadIdx.x] = x[threadIdx.x] * 2;
	((float *)d)[threadIdx.x] = __shfl_xor_sync(0xffffffffu, s[threadIdx.x], 1);
	__syncthreads();
	x[threadIdx.x] = ((float *)d)[31 - threadIdx.x];
}
KERNEL reads(float *x, int n) { x[0] = x[n]; }
KERNEL writes(float *x, int n) { x[n] = 1; }
KERNEL before(float *x, int n) { x[0] = x[-1]; }
KERNEL nothing(float *x, int n) { *(float *)(size_t)(4 * n) = 1; }
KERNEL odd(float *x, int n) { x[0] = ((float4 *)(x + 1))->y; }
KERNEL shared(float *x, int n) { DYNAMIC_SHARED(d); x[0] = ((float *)d)[32]; }
)";

static float visible[64];

static int is_visible(const void *p, size_t n) {
	return (char *)p >= (char *)visible && (char *)p + n <= (char *)(visible + 64);
}

static void check_accesses() {
	setenv("MNV2_FAKE_CHECK", "1", 1);
	cudahost_set_memory(is_visible);
	for (int i = 0; i < 64; i++) visible[i] = float(i);
	WANT(!launch(touching, "fine", 1, 32, 128, visible, 64) && visible[0] == 60, "fine: %g %s", visible[0], error_text);
	const struct { const char *kernel; int code; const char *words; } cases[] = {
		{"reads", 700, "read of 4 bytes that are not the device's"}, {"writes", 700, "write of 4 bytes that are not the device's"},
		{"before", 700, "read of 4 bytes"},                          {"nothing", 700, "write of 4 bytes"},
		{"odd", 716, "not aligned for its type"},                                 {"shared", 700, "behind the dynamic shared memory"},
	};
	for (auto &c : cases) {
		const int got = launch(touching, c.kernel, 1, 32, 128, visible, 64);
		WANT(got == c.code && strstr(error_text, c.words), "%s: got %d %s; want %d with %s", c.kernel, got, error_text, c.code, c.words);
	}
	unsetenv("MNV2_FAKE_CHECK");
}

int main() {
	check_accesses();
	check_compile();
	check_modules();
	check_results();
	check_halves();
	check_refusals();
	check_orders();
	return failures != 0;
}
