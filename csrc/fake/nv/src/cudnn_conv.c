// What engines compute: convolutions by definition, with sums in double that are rounded once to float32 and then to the result's
// type, so that an engine differs from another only in what it says of itself.
#include "dnn.h"

#include <stdlib.h>
#include <string.h>

// ---- elements

size_t dnn_element(int dtype) {
	switch (dtype) {
	case NV_CUDNN_DATA_FLOAT: return 4;
	case NV_CUDNN_DATA_HALF:
	case NV_CUDNN_DATA_BFLOAT16: return 2;
	default: return 0;
	}
}

size_t dnn_bytes(const dnn_tensor *t) {
	int64_t last = 0;
	for (int i = 0; i < MAX_DIMS; i++) last += (t->dims[i] - 1) * t->strides[i];
	return (size_t)(last + 1) * dnn_element(t->dtype);
}

static float from_bits(uint32_t b) {
	float f;
	memcpy(&f, &b, sizeof f);
	return f;
}

static uint32_t to_bits(float f) {
	uint32_t b;
	memcpy(&b, &f, sizeof b);
	return b;
}

// drop rounds away the lowest bits of a float's significand, to the nearest even.
static uint32_t drop(uint32_t b, int bits) {
	if ((b & 0x7f800000) == 0x7f800000) return b; // infinite, or no number
	uint32_t half = 1u << (bits - 1);
	return (b + half - 1 + (b >> bits & 1)) & ~((1u << bits) - 1);
}

// half_to_float: the significand of a half, 10 bits, times a power of two; 5 bits of exponent with a bias of 15.
static float half_to_float(uint16_t h) {
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, rest = h & 1023;
	if (exponent == 31) return from_bits(sign | 0x7f800000 | rest << 13);
	if (exponent != 0) return from_bits(sign | (exponent + 112) << 23 | rest << 13);
	float f = (float)rest * 0x1p-24f;
	return sign ? -f : f;
}

static uint16_t float_to_half(float f) {
	uint32_t b = to_bits(f), sign = b >> 16 & 0x8000;
	float size = from_bits(b & 0x7fffffff);
	if (!(size == size)) return (uint16_t)(sign | 0x7e00);
	if (size >= 65520.0f) return (uint16_t)(sign | 0x7c00);
	if (size < 0x1p-14f) return (uint16_t)(sign | (uint32_t)(int)__builtin_rintf(size * 0x1p24f)); // what rounds up to 1024 is 2^-14
	uint32_t r = drop(to_bits(size), 13);
	return (uint16_t)(sign | ((r >> 13) - (112 << 10)));
}

static float load(const dnn_tensor *t, const void *base, int64_t i) {
	switch (t->dtype) {
	case NV_CUDNN_DATA_FLOAT: return ((const float *)base)[i];
	case NV_CUDNN_DATA_HALF: return half_to_float(((const uint16_t *)base)[i]);
	default: return from_bits((uint32_t)((const uint16_t *)base)[i] << 16);
	}
}

static void store(const dnn_tensor *t, void *base, int64_t i, float f) {
	switch (t->dtype) {
	case NV_CUDNN_DATA_FLOAT: ((float *)base)[i] = f; break;
	case NV_CUDNN_DATA_HALF: ((uint16_t *)base)[i] = float_to_half(f); break;
	default: ((uint16_t *)base)[i] = f == f ? (uint16_t)(drop(to_bits(f), 16) >> 16) : 0x7fc0;
	}
}

static int64_t at(const dnn_tensor *t, int64_t a, int64_t b, int64_t c, int64_t d) {
	return a * t->strides[0] + b * t->strides[1] + c * t->strides[2] + d * t->strides[3];
}

// ---- shapes

int dnn_shapes_fit(const dnn_conv *v) {
	const int64_t *x = v->x.dims, *w = v->w.dims, *y = v->y.dims;
	if (x[0] != y[0] || w[0] != y[1] || x[1] % w[1] != 0 || w[0] % (x[1] / w[1]) != 0) return 0;
	for (int i = 0; i < 2; i++) {
		int64_t padded = x[2 + i] + v->before[i] + v->after[i], reach = v->dilation[i] * (w[2 + i] - 1) + 1;
		if (padded < reach || y[2 + i] != (padded - reach) / v->stride[i] + 1) return 0;
	}
	return 1;
}

// ---- engines

enum {
	ENGINE_UNSTEADY = 1, // sums in another order each time: never to be taken
	ENGINE_TENSOR = 20,  // rounds float32 to TF32
	ENGINE_REFUSES = 33, // proposed in vain
	ENGINE_NARROW = 40,  // sums in half
	ENGINE_PLAIN = 7,
};

static const dnn_engine all[] = {
	{ENGINE_UNSTEADY, NV_CUDNN_HEUR_MODE_A, {NV_CUDNN_NUMERICAL_NOTE_TENSOR_CORE, NV_CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC}, 2, 0},
	{ENGINE_REFUSES, NV_CUDNN_HEUR_MODE_A, {0}, 0, 1},
	{ENGINE_NARROW, NV_CUDNN_HEUR_MODE_A, {NV_CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION}, 1, 0},
	{ENGINE_TENSOR, NV_CUDNN_HEUR_MODE_A, {NV_CUDNN_NUMERICAL_NOTE_TENSOR_CORE}, 1, 0},
	{ENGINE_PLAIN, NV_CUDNN_HEUR_MODE_A, {0}, 0, 0},
	{ENGINE_PLAIN, NV_CUDNN_HEUR_MODE_FALLBACK, {0}, 0, 0},
};

// innermost says whether the channels of a tensor lie together, with nothing between its elements.
static int innermost(const dnn_tensor *t) {
	const int64_t *d = t->dims, *s = t->strides;
	return s[1] == 1 && s[3] == d[1] && s[2] == d[3] * d[1] && s[0] == d[2] * d[3] * d[1];
}

// Engines take channels-last tensors only, and those with tensor cores only whole packs of 16 bytes of channels.
int dnn_propose(const dnn_conv *v, int mode, const dnn_engine **engines) {
	int count = 0;
	if (!innermost(&v->x) || !innermost(&v->w) || !innermost(&v->y) || v->alpha != 1 || v->beta != 0) return 0;
	int64_t pack = 16 / (int64_t)dnn_element(v->x.dtype);
	int whole = v->x.dims[1] % pack == 0 && v->w.dims[0] % pack == 0;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].mode == mode && (whole || all[i].number != ENGINE_TENSOR)) engines[count++] = &all[i];
	return count;
}

// The plain engine wants room for a row of sums, whose bytes it all uses.
int64_t dnn_workspace(const dnn_engine *engine, const dnn_conv *v) { return engine->number == ENGINE_PLAIN ? 16 + 4 * v->y.dims[1] : 0; }

// ---- computing

typedef struct job {
	dnn_conv conv;
	int64_t engine, workspace;
	void *x, *w, *y, *scratch;
} job;

// operand is a number that goes into a product, as the engine rounds it.
static double operand(const job *j, const dnn_tensor *t, const void *base, int64_t i) {
	float f = load(t, base, i);
	int rounds = j->engine == ENGINE_TENSOR && t->dtype == NV_CUDNN_DATA_FLOAT;
	return rounds ? from_bits(drop(to_bits(f), 13)) : f; // TF32 has 10 bits of significand
}

// visit calls back for every pair of an x and a w that meet in y[n][k][p][q].
#define MEETINGS(v, n, k, p, q)                                                                                       \
	for (int64_t c = 0, group = k / ((v)->w.dims[0] / ((v)->x.dims[1] / (v)->w.dims[1])) * (v)->w.dims[1]; c < (v)->w.dims[1]; c++) \
		for (int64_t r = 0; r < (v)->w.dims[2]; r++)                                                          \
			for (int64_t s = 0; s < (v)->w.dims[3]; s++)                                                  \
				for (int64_t h = p * (v)->stride[0] + r * (v)->dilation[0] - (v)->before[0],          \
					     i = q * (v)->stride[1] + s * (v)->dilation[1] - (v)->before[1], once = 1; \
				     once && h >= 0 && h < (v)->x.dims[2] && i >= 0 && i < (v)->x.dims[3]; once = 0)

#define OUTPUTS(v)                                                          \
	for (int64_t n = 0; n < (v)->y.dims[0]; n++)                        \
		for (int64_t k = 0; k < (v)->y.dims[1]; k++)                \
			for (int64_t p = 0; p < (v)->y.dims[2]; p++)        \
				for (int64_t q = 0; q < (v)->y.dims[3]; q++)

static void forward(const job *j) {
	const dnn_conv *v = &j->conv;
	OUTPUTS(v) {
		double sum = 0;
		MEETINGS(v, n, k, p, q)
			sum += operand(j, &v->x, j->x, at(&v->x, n, group + c, h, i)) * operand(j, &v->w, j->w, at(&v->w, k, c, r, s));
		store(&v->y, j->y, at(&v->y, n, k, p, q), (float)sum);
	}
}

// gradient adds up every product that y's gradient has with the other operand, in sums as large as the result.
static int gradient(const job *j, const dnn_tensor *t, void *result) {
	const dnn_conv *v = &j->conv;
	size_t count = dnn_bytes(t) / dnn_element(t->dtype);
	double *sums = calloc(count, sizeof *sums);
	if (sums == NULL) return NV_CUDA_ERROR_OUT_OF_MEMORY;
	OUTPUTS(v) {
		double g = operand(j, &v->y, j->y, at(&v->y, n, k, p, q));
		MEETINGS(v, n, k, p, q) {
			int64_t x = at(&v->x, n, group + c, h, i), w = at(&v->w, k, c, r, s);
			if (t == &v->x) sums[x] += g * operand(j, &v->w, j->w, w);
			else sums[w] += g * operand(j, &v->x, j->x, x);
		}
	}
	for (size_t i = 0; i < count; i++) store(t, result, (int64_t)i, (float)sums[i]);
	free(sums);
	return 0;
}

static int run(const void *data, char *error, size_t size) {
	const job *j = data;
	(void)error, (void)size;
	if (j->workspace > 0) memset(j->scratch, 0xFF, (size_t)j->workspace);
	switch (j->conv.pass) {
	case DNN_GRAD_INPUT: return gradient(j, &j->conv.x, j->x);
	case DNN_GRAD_WEIGHT: return gradient(j, &j->conv.w, j->w);
	default: forward(j); return 0;
	}
}

int dnn_queue(fake_stream *stream, const dnn_engine *engine, const dnn_conv *v, void *const addresses[UIDS], void *workspace) {
	static const fake_work what = {"convolution", run, sizeof(job), NULL, 0};
	if (engine->number == ENGINE_UNSTEADY || engine->number == ENGINE_NARROW) fake_misuse(0, "an engine was run whose results do not repeat, or are imprecise");
	job j = {*v, engine->number, dnn_workspace(engine, v), addresses[0], addresses[1], addresses[2], workspace};
	return fake_queue(stream, &what, &j);
}
