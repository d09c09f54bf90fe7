// fused.h: what the programs that check fused convolutions share.
#pragma once
#include "host.h"

struct Map { int n, h, w, c, p, q; };

static Map map_of(Conv o) { return {o.n, o.h, o.w, o.k, o.p, o.q}; }

// What becomes of element i of a, with z beside it, before it is multiplied; f has rows of numbers of `channels` columns. See tile.cuh.
enum Kind { PLAIN, ACTIVATED, GRADIENT, GATED };
static double made(Kind kind, Array &a, Array &z, Array &f, int channels, size_t i) {
	auto factor = [&](int row) { return f.at(size_t(row) * channels + i % channels); };
	if (kind == PLAIN) return a.at(i);
	if (kind == ACTIVATED) return fmin(fmax(a.at(i) * factor(0) + factor(1), 0), 6);
	double dn = a.at(i);
	if (kind == GATED) {
		double v = z.at(i) * factor(3) + factor(4);
		if (!(v > 0 && v < 6)) dn = 0;
	}
	return dn * factor(0) + (z.at(i) * factor(1) + factor(2));
}

static std::vector<double> made_all(Kind kind, Array &a, Array &z, Array &f, int channels) {
	std::vector<double> all(a.n);
	for (size_t i = 0; i < a.n; i++) all[i] = made(kind, a, z, f, channels, i);
	return all;
}

// Roundings to allow for where what was made is itself rounded to the type of activations, as multiples of float32's.
static double rounded(Type t) { return units[t] / 0x1p-24; }

// Checks parts of two sums, [parts][2][channels], over what was stored in y: of f(i) and of g(i).
static void want_sums(const std::string &what, Array &partial, unsigned parts, int channels, size_t n, const std::function<double(size_t)> &f,
		      const std::function<double(size_t)> &g) {
	Sums sum(channels), second(channels);
	for (size_t i = 0; i < n; i++) {
		sum.add(i % channels, f(i));
		second.add(i % channels, g(i));
	}
	Array a(F32, channels), b(F32, channels);
	for (int c = 0; c < channels; c++) {
		double s = 0, t = 0;
		for (unsigned p = 0; p < parts; p++) {
			s += partial.at((size_t(p) * 2) * channels + c);
			t += partial.at((size_t(p) * 2 + 1) * channels + c);
		}
		float u = float(s), v = float(t);
		memcpy(a.data() + 4 * c, &u, 4);
		memcpy(b.data() + 4 * c, &v, 4);
	}
	want(what + " first sum", a, sum.exact, sum.magnitude, double(n));
	want(what + " second sum", b, second.exact, second.magnitude, double(n));
	if (!partial.intact()) failures++, printf("%s: memory outside the parts was written\n", what.c_str());
}

// Bytes of dynamic shared memory; see rows.cuh and columns.cuh.
static unsigned rows_shared(Type t, Kind kind, bool transposed, int tn, int slots) {
	int size = t == F32 ? 4 : 2, depth = 64 / size, pad = 16 / size;
	int filter = transposed ? depth * (tn + pad) : tn * (depth + pad);
	return unsigned(((kind == PLAIN ? 3 : 2) * 128 * (depth + pad) + slots * filter) * size + 8 * 16 * 40 * 4);
}
static unsigned columns_shared(Type t, Kind a, Kind b, int tm, int tn) {
	int size = t == F32 ? 4 : 2, depth = 64 / size, pad = 16 / size;
	return unsigned(((a == PLAIN ? 3 : 2) * depth * (tm + pad) + (b == PLAIN ? 3 : 2) * depth * (tn + pad)) * size);
}
static int slots_of(Type t, int depth) {
	int turns = (depth * (t == F32 ? 4 : 2) + 63) / 64;
	return turns > 3 && turns <= 6 ? turns : 3;
}

// The arguments of a product of rows.
struct Product {
	const char *name;
	Kind kind;
	bool transposed;
	void *a, *z, *factors, *b, *y, *e, *parameters, *partial;
	float low, high;
	int rows, depth, columns;
	bool run(const Module &m, int tn, unsigned blocks) {
		int slots = slots_of(m.type, depth);
		return launch(m, (std::string(name) + "_" + std::to_string(tn)).c_str(),
			      {{blocks, unsigned(columns + tn - 1) / tn, 1}, {256, 1, 1}, rows_shared(m.type, kind, transposed, tn, slots)},
			      {&a, &z, &factors, &b, &y, &e, &parameters, &partial, &low, &high, &rows, &depth, &columns, &slots});
	}
};
