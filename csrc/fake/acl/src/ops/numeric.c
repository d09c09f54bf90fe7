#include "numeric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Fresh memory is all ones, which is NaN in every float type. A saturating stream
// would turn that into 0 and hide a missing write, so it is carried through.
static bool saw_poison;
static const struct fk_task *last_task;
static uint64_t last_seq;

static void note_task(void) {
  const struct fk_task *t = fk_running();
  if (t != last_task || (t != NULL && t->seq != last_seq))
    saw_poison = false;
  last_task = t;
  last_seq = t != NULL ? t->seq : 0;
}

static float half_to_float(uint16_t h) {
  int sign = h >> 15, exp = h >> 10 & 31, frac = h & 1023;
  double x = exp == 31 ? (frac != 0 ? NAN : INFINITY) : exp == 0 ? ldexp(frac, -24) : ldexp(frac + 1024, exp - 25);
  return (float)(sign != 0 ? -x : x);
}

static float half_table[65536];
__attribute__((constructor)) static void fill_half_table(void) {
  for (int i = 0; i < 65536; i++)
    half_table[i] = half_to_float((uint16_t)i);
}

static float bits_to_float(uint32_t u) {
  float f;
  memcpy(&f, &u, sizeof f);
  return f;
}

// Rounds to p significant bits with exponents from emin: ties to even, overflow to infinity.
static double round_bits(double x, int p, int emin, double max) {
  if (x == 0 || isnan(x) || isinf(x))
    return x;
  int e;
  frexp(x, &e);
  int quantum = e - p > emin - p + 1 ? e - p : emin - p + 1;
  double y = ldexp(nearbyint(ldexp(x, -quantum)), quantum);
  return fabs(y) > max ? copysign(INFINITY, x) : y;
}

static double round_half(double x) { return round_bits(x, 11, -14, 65504); }
static double round_bf16(double x) { return round_bits(x, 8, -126, 3.38953138925153547590470800371487866880e+38); }

static double round_int(double x, double lo, double hi) {
  if (isnan(x))
    return 0;
  x = trunc(x);
  return x < lo ? lo : x > hi ? hi : x;
}

double nm_round(int dtype, double x) {
  switch (dtype) {
  case ACL_FLOAT: return (float)x;
  case ACL_FLOAT16: return round_half(x);
  case ACL_BF16: return round_bf16(x);
  case ACL_INT32: return round_int(x, -2147483648.0, 2147483647.0);
  case ACL_INT64: return round_int(x, -9223372036854775808.0, 9223372036854774784.0);
  case ACL_UINT8: return round_int(x, 0, 255);
  case ACL_INT8: return round_int(x, -128, 127);
  case ACL_BOOL: return x != 0;
  default: return x;
  }
}

static uint16_t half_bits(double x) { // x is a value of the type, an infinity or NaN
  uint16_t sign = signbit(x) ? 0x8000 : 0;
  if (isnan(x))
    return sign | 0x7E00;
  if (isinf(x))
    return sign | 0x7C00;
  int e;
  double m = frexp(fabs(x), &e); // m in [0.5, 1)
  if (x == 0 || e - 1 < -14)
    return sign | (uint16_t)ldexp(fabs(x), 24);
  return sign | (uint16_t)((e - 1 + 15) << 10) | (uint16_t)(ldexp(m, 11) - 1024);
}

static uint16_t bf16_bits(double x) {
  float f = (float)x;
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return isnan(x) ? 0x7FC0 : (uint16_t)(u >> 16);
}

static double largest(int dtype) {
  return dtype == ACL_FLOAT16 ? 65504 : dtype == ACL_BF16 ? 3.38953138925153547590470800371487866880e+38 : 3.4028234663852886e+38;
}

bool nm_is_float(int dtype) { return dtype == ACL_FLOAT || dtype == ACL_FLOAT16 || dtype == ACL_BF16 || dtype == ACL_DOUBLE; }

static double get(const char *p, int dtype) {
  switch (dtype) {
  case ACL_FLOAT: {
    uint32_t u;
    memcpy(&u, p, 4);
    saw_poison |= u == 0xFFFFFFFFu;
    return bits_to_float(u);
  }
  case ACL_FLOAT16: {
    uint16_t h;
    memcpy(&h, p, 2);
    saw_poison |= h == 0xFFFF;
    return half_table[h];
  }
  case ACL_BF16: {
    uint16_t h;
    memcpy(&h, p, 2);
    saw_poison |= h == 0xFFFF;
    return bits_to_float((uint32_t)h << 16);
  }
  case ACL_INT32: {
    int32_t i;
    memcpy(&i, p, 4);
    return i;
  }
  case ACL_INT64: {
    int64_t i;
    memcpy(&i, p, 8);
    return (double)i;
  }
  case ACL_DOUBLE: {
    double d;
    memcpy(&d, p, 8);
    return d;
  }
  case ACL_INT8: return *(const int8_t *)p;
  case ACL_BOOL: return *(const uint8_t *)p != 0;
  default: return *(const uint8_t *)p;
  }
}

static void put(char *p, int dtype, double x, bool saturate) {
  x = nm_round(dtype, x);
  if (saturate && nm_is_float(dtype) && !isfinite(x) && !saw_poison) {
    fk_overflowed();
    x = isnan(x) ? 0 : copysign(largest(dtype), x);
  }
  switch (dtype) {
  case ACL_FLOAT: {
    float f = (float)x;
    memcpy(p, &f, 4);
    return;
  }
  case ACL_FLOAT16: {
    uint16_t h = half_bits(x);
    memcpy(p, &h, 2);
    return;
  }
  case ACL_BF16: {
    uint16_t h = bf16_bits(x);
    memcpy(p, &h, 2);
    return;
  }
  case ACL_INT32: {
    int32_t i = (int32_t)x;
    memcpy(p, &i, 4);
    return;
  }
  case ACL_INT64: {
    int64_t i = (int64_t)x;
    memcpy(p, &i, 8);
    return;
  }
  case ACL_DOUBLE: memcpy(p, &x, 8); return;
  case ACL_INT8: *(int8_t *)p = (int8_t)x; return;
  default: *(uint8_t *)p = (uint8_t)x; return;
  }
}

// Walks the dense order of a shape and keeps the strided element offset beside it.
struct walk {
  int rank;
  int64_t dims[MAX_RANK], strides[MAX_RANK], index[MAX_RANK], at;
};

static struct walk walk_of(const struct fk_view *v) {
  struct walk w = {.rank = v->rank, .at = v->offset};
  memcpy(w.dims, v->dims, sizeof w.dims);
  memcpy(w.strides, v->strides, sizeof w.strides);
  return w;
}

static void step(struct walk *w) {
  for (int i = w->rank - 1; i >= 0; i--) {
    w->at += w->strides[i];
    if (++w->index[i] < w->dims[i])
      return;
    w->at -= w->index[i] * w->strides[i];
    w->index[i] = 0;
  }
}

double *nm_load(const struct fk_view *v) {
  note_task();
  int64_t n = fk_elements(v);
  double *out = malloc((size_t)(n > 0 ? n : 1) * sizeof *out);
  struct walk w = walk_of(v);
  const char *base = n > 0 ? fk_host(v->base) : NULL;
  int64_t size = (int64_t)fk_dtype_size(v->dtype);
  for (int64_t i = 0; i < n; i++, step(&w))
    out[i] = get(base + w.at * size, v->dtype);
  return out;
}

float *nm_loadf(const struct fk_view *v) {
  note_task();
  int64_t n = fk_elements(v);
  float *out = malloc((size_t)(n > 0 ? n : 1) * sizeof *out);
  struct walk w = walk_of(v);
  const char *base = n > 0 ? fk_host(v->base) : NULL;
  int64_t size = (int64_t)fk_dtype_size(v->dtype);
  for (int64_t i = 0; i < n; i++, step(&w))
    out[i] = (float)get(base + w.at * size, v->dtype);
  return out;
}

double *nm_load_as(const struct fk_view *v, const struct fk_view *shape) {
  struct fk_view wide = *v;
  wide.rank = shape->rank;
  for (int i = 0; i < shape->rank; i++) {
    int from = i - (shape->rank - v->rank);
    bool repeated = from < 0 || v->dims[from] != shape->dims[i];
    wide.dims[i] = shape->dims[i];
    wide.strides[i] = repeated ? 0 : v->strides[from];
  }
  return nm_load(&wide);
}

void nm_store(const struct fk_view *v, const double *x) {
  note_task();
  int64_t n = fk_elements(v);
  struct walk w = walk_of(v);
  char *base = n > 0 ? fk_host(v->base) : NULL;
  int64_t size = (int64_t)fk_dtype_size(v->dtype);
  bool saturate = fk_saturating();
  for (int64_t i = 0; i < n; i++, step(&w))
    put(base + w.at * size, v->dtype, x[i], saturate);
}

void nm_round_all(float *x, int64_t n, int dtype) {
  for (int64_t i = 0; i < n; i++)
    x[i] = (float)nm_round(dtype, x[i]);
}

double nm_noise(const struct fk_run *run, double x) {
  static uint64_t state = 88172645463325252ULL;
  if (run->deterministic || fk_setting("NOISE") == NULL)
    return x;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return x * (1 + ((double)(state >> 40) / 16777216 - 0.5) * 0x1p-22);
}

static int rank_of(int dtype) { // of a type among its promotions
  switch (dtype) {
  case ACL_BOOL: return 0;
  case ACL_UINT8: return 1;
  case ACL_INT8: return 1;
  case ACL_INT32: return 3;
  case ACL_INT64: return 4;
  case ACL_FLOAT16: return 5;
  case ACL_BF16: return 5;
  case ACL_FLOAT: return 6;
  case ACL_DOUBLE: return 7;
  default: return -1;
  }
}

int nm_promote(int a, int b) {
  int x = rank_of(a), y = rank_of(b);
  if (x < 0 || y < 0)
    return -1;
  if (a == b)
    return a;
  if (x == y)
    return x == 5 ? ACL_FLOAT : -1; // float16 with bfloat16; uint8 with int8 would be int16
  return x > y ? a : b;
}

bool nm_castable(int from, int to) {
  if (to == ACL_BOOL)
    return from == ACL_BOOL;
  return nm_is_float(to) || !nm_is_float(from);
}

bool nm_broadcast(const struct fk_view *a, const struct fk_view *b, struct fk_view *out) {
  *out = (struct fk_view){.rank = a->rank > b->rank ? a->rank : b->rank};
  for (int i = 0; i < out->rank; i++) {
    int ai = i - (out->rank - a->rank), bi = i - (out->rank - b->rank);
    int64_t x = ai < 0 ? 1 : a->dims[ai], y = bi < 0 ? 1 : b->dims[bi];
    if (x != y && x != 1 && y != 1)
      return false;
    out->dims[i] = x == 1 ? y : x;
  }
  return true;
}

enum nm_cube nm_cube_mode(struct fk_op *op, int dtype, int type) {
  bool old = !fk_chip()->fp32cube;
  if (type < 0 || type > 3)
    fk_op_fail(op, NN_INVALID, "cubeMathType %d is not supported, expected 0 to 3.", type);
  else if (type == 2 && dtype == ACL_BF16)
    fk_op_fail(op, NN_INVALID, "cubeMathType USE_FP16 does not support DT_BFLOAT16.");
  else if (old && type == 3)
    fk_op_fail(op, NN_INVALID, "cubeMathType USE_HF32 is not supported on %s.", fk_soc_name());
  else if (old && type == 0 && dtype == ACL_FLOAT)
    fk_op_fail(op, NN_INVALID, "the cube unit of %s does not support DT_FLOAT with cubeMathType KEEP_DTYPE.", fk_soc_name());
  if (dtype != ACL_FLOAT || type == 0)
    return CUBE_EXACT;
  return type == 2 || old ? CUBE_FP16 : CUBE_HF32;
}

void nm_cube_round(float *x, int64_t n, enum nm_cube mode) {
  if (mode == CUBE_EXACT)
    return;
  bool saturate = fk_saturating();
  for (int64_t i = 0; i < n; i++) {
    double y = mode == CUBE_FP16 ? round_half(x[i]) : round_bits(x[i], 12, -126, 3.4028234663852886e+38);
    if (saturate && isinf(y) && isfinite(x[i])) {
      fk_overflowed();
      y = copysign(65504, y);
    }
    x[i] = (float)y;
  }
}
