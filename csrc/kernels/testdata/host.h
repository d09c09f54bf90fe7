// host.h is what the programs that check kernels share: a module for each element type, launches, numbers, and the float64 loops of a
// convolution. Arguments of every program: the headers and, last, the source.
#pragma once
#include "cudahost.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

static int failures;

enum Type { F32 = 1, F16, BF16 };
static const char *const type_names[] = {"", "f32", "f16", "bf16"};
static const double units[] = {0, 0x1p-24, 0x1p-11, 0x1p-8}; // half the distance from 1 to the next number

// Memory that kernels may touch; checked builds ask (MNV2_FAKE_CHECK).
struct Visible {
	const char *begin, *end;
	static std::vector<const Visible *> &all() {
		static std::vector<const Visible *> list;
		return list;
	}
	static int holds(const void *at, size_t n) {
		for (const Visible *v : all())
			if ((const char *)at >= v->begin && (const char *)at + n <= v->end) return 1;
		return 0;
	}
	Visible(const void *p, size_t bytes) : begin((const char *)p), end(begin + bytes) {
		all().push_back(this);
		cudahost_set_memory(holds);
	}
	Visible(const Visible &) = delete;
	~Visible() { all().erase(std::find(all().begin(), all().end(), this)); }
};

static std::string text_of(const char *path) {
	std::ifstream f(path);
	std::stringstream s;
	s << f.rdbuf();
	return s.str();
}

// A source compiled for one type.
struct Module {
	cudahost_module *m;
	Type type;
	Module(char **argv, int argc, Type t, const char *more = "-DNOTHING") : type(t) {
		std::vector<std::string> texts;
		std::vector<const char *> headers, names;
		for (int i = 1; i < argc; i++) texts.push_back(text_of(argv[i]));
		for (int i = 1; i + 1 < argc; i++) {
			headers.push_back(texts[i - 1].c_str());
			names.push_back(argv[i]);
		}
		const char *options[] = {t == F32 ? "-DTYPE=F32" : t == F16 ? "-DTYPE=F16" : "-DTYPE=BF16", more};
		void *image = nullptr;
		size_t size;
		char *log = nullptr, error[512] = "";
		if (cudahost_compile(texts.back().c_str(), argv[argc - 1], int(names.size()), headers.data(), names.data(), 2, options, &image,
				     &size, &log) || *log || cudahost_load(image, &m, error, sizeof error)) {
			printf("%s: %s%s\n", argv[argc - 1], log, error);
			exit(1);
		}
		free(log);
		free(image);
	}
	~Module() { cudahost_unload(m); }
};

struct Shape { unsigned grid[3], block[3], shared; };

static bool launch(const Module &m, const char *name, Shape s, std::vector<void *> params) {
	char error[512] = "";
	cudahost_kernel *k;
	if (cudahost_function(m.m, name, &k)) {
		printf("there is no kernel %s\n", name);
		exit(1);
	}
	cudahost_info info;
	cudahost_kernel_info(k, &info);
	if (info.params != int(params.size())) {
		printf("%s: %zu arguments, the kernel has %d\n", name, params.size(), info.params);
		exit(1);
	}
	if (!cudahost_launch(k, s.grid, s.block, s.shared, params.data(), error, sizeof error)) return true;
	printf("%s: %s\n", name, error);
	failures++;
	return false;
}

static float half_value(unsigned short h) {
	int e = h >> 10 & 31, f = h & 1023;
	float v = e == 31 ? (f ? NAN : INFINITY) : e ? ldexpf(float(1024 + f), e - 25) : ldexpf(float(f), -24);
	return h & 0x8000 ? -v : v;
}
static float bf16_value(unsigned short h) {
	unsigned u = unsigned(h) << 16;
	float v;
	memcpy(&v, &u, 4);
	return v;
}

// Elements of one type between guards. Values that are put are representable in every type.
struct Array {
	Type type;
	size_t n;
	std::vector<unsigned char> bytes;
	void *pointer = nullptr;
	static constexpr size_t guard = 256;
	Visible visible;
	Array(Type t, size_t n) : type(t), n(n), bytes(n * size() + 2 * guard, 0xff), visible(data(), n * size()) {
		memset(bytes.data(), 0xA5, start());
		memset(data() + n * size(), 0xA5, bytes.size() - start() - n * size());
	}
	Array(const Array &other) : Array(other.type, other.n) { *this = other; }
	Array &operator=(const Array &other) { return memcpy(data(), other.start_of(), n * size()), *this; }
	const unsigned char *start_of() const { return bytes.data() + start(); }
	size_t size() const { return type == F32 ? 4 : 2; }
	size_t start() const { return guard - (size_t)bytes.data() % guard; } // aligned like device memory
	unsigned char *data() { return bytes.data() + start(); }
	void *arg() { return pointer = data(), &pointer; } // for launch
	double at(size_t i) const {
		if (type == F32) {
			float v;
			memcpy(&v, start_of() + 4 * i, 4);
			return v;
		}
		unsigned short h;
		memcpy(&h, start_of() + 2 * i, 2);
		return type == F16 ? half_value(h) : bf16_value(h);
	}
	// put cuts off what the type does not hold of v, which has a moderate exponent or is not finite.
	void put(size_t i, float v) {
		unsigned u;
		memcpy(&u, &v, 4);
		if (type == F32) {
			memcpy(data() + 4 * i, &u, 4);
			return;
		}
		unsigned short h = (unsigned short)(u >> 16);
		if (type == F16) {
			int e = int(u >> 23 & 255);
			h = (unsigned short)((u >> 16 & 0x8000) | (e == 255 ? 0x7c00 | (u & 0x7fffff ? 0x200 : 0) : e > 112 ? unsigned(e - 112) << 10 | (u >> 13 & 0x3ff) : 0));
		}
		memcpy(data() + 2 * i, &h, 2);
	}
	void fill(unsigned seed, float scale) { // numbers k/16*scale, |k| <= 40
		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525u + 1013904223u;
			put(i, float(int(seed >> 16) % 81 - 40) / 16 * scale);
		}
	}
	void fill_with(float v) {
		for (size_t i = 0; i < n; i++) put(i, v);
	}
	bool intact() {
		for (size_t i = 0; i < start(); i++)
			if (bytes[i] != 0xA5) return false;
		for (size_t i = start() + n * size(); i < bytes.size(); i++)
			if (bytes[i] != 0xA5) return false;
		return true;
	}
};

// Compares with exact numbers; magnitude is the sum of the magnitudes that were added, terms their count.
static void want(const std::string &what, Array &got, const std::vector<double> &exact, const std::vector<double> &magnitude, double terms) {
	int wrong = 0;
	for (size_t i = 0; i < exact.size(); i++) {
		double bound = (terms + 4) * 0x1p-24 * magnitude[i] + units[got.type] * (fabs(exact[i]) + magnitude[i] * terms * 0x1p-24) + 1e-30;
		if (got.type == F16) bound += 0x1p-24;
		double g = got.at(i);
		bool ok = isnan(exact[i]) ? isnan(g) : isinf(exact[i]) ? g == exact[i] : fabs(g - exact[i]) <= bound;
		if (!ok && wrong++ < 3) printf("%s: element %zu: got %.9g, want %.9g (allowed %.3g)\n", what.c_str(), i, g, exact[i], bound);
	}
	if (wrong) {
		printf("%s: %d of %zu elements are wrong\n", what.c_str(), wrong, exact.size());
		failures++;
	}
	if (!got.intact()) {
		printf("%s: memory outside the result was written\n", what.c_str());
		failures++;
	}
}

// Compares one element; error bounds what was wrong before it was stored.
static void want_one(const std::string &what, const Array &got, size_t i, double exact, double error) {
	static int told;
	double g = got.at(i), bound = error * (1 + 2 * units[got.type]) + units[got.type] * fabs(exact);
	bound += got.type == F16 ? 0x1p-24 : 1e-38; // of subnormal results
	if (isnan(exact) ? isnan(g) : isinf(exact) ? g == exact : fabs(g - exact) <= bound) return;
	failures++;
	if (told++ < 20) printf("%s %s: element %zu: got %.9g, want %.9g (allowed %.3g)\n", type_names[got.type], what.c_str(), i, g, exact, bound);
}

// What n roundings of float32 do to numbers whose magnitudes add up to size.
static double rounded(double n, double size) { return n * 0x1p-24 * size; }

// Fails if memory around an array was written.
static void want_intact(std::vector<Array *> list) {
	for (Array *a : list)
		if (!a->intact()) {
			printf("memory around %zu elements of %s was written\n", a->n, type_names[a->type]);
			failures++;
		}
}

// Repeatable numbers.
struct Numbers {
	unsigned long long state = 88172645463325252ull;
	double uniform() { // 0 to 1
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		return double(state >> 32) * 0x1p-32;
	}
	double normal() { return sqrt(-2 * log(uniform() + 0x1p-33)) * cos(6.283185307179586 * uniform()); }
};

// VEC of common.cuh.
static int pack_of(Type t) { return t == F32 ? 4 : 8; }

// A convolution's sizes, as the kernels take them.
struct Conv {
	int n, h, w, c, k, r, s, stride, pad, groups, p, q;
	Conv(int n, int h, int w, int c, int k, int r, int stride, int pad, int groups)
		: n(n), h(h), w(w), c(c), k(k), r(r), s(r), stride(stride), pad(pad), groups(groups), p((h + 2 * pad - r) / stride + 1),
		  q((w + 2 * pad - r) / stride + 1) {}
	size_t in() const { return size_t(n) * h * w * c; }
	size_t out() const { return size_t(n) * p * q * k; }
	size_t filter() const { return size_t(k) * (c / groups) * r * s; }
	std::string name() const {
		char t[160];
		snprintf(t, sizeof t, "n=%d %dx%d %d->%d %dx%d s=%d p=%d g=%d", n, h, w, c, k, r, s, stride, pad, groups);
		return t;
	}
	// Calls f with the places of every product in x, w and y.
	void each(const std::function<void(size_t, size_t, size_t)> &f) const {
		int per = c / groups, outs = k / groups;
		for (int in = 0; in < n; in++)
			for (int ip = 0; ip < p; ip++)
				for (int iq = 0; iq < q; iq++)
					for (int ik = 0; ik < k; ik++)
						for (int t = 0; t < r * s; t++) {
							int row = ip * stride + t / s - pad, column = iq * stride + t % s - pad;
							if (row < 0 || row >= h || column < 0 || column >= w) continue;
							for (int ic = 0; ic < per; ic++)
								f(((size_t(in) * h + row) * w + column) * c + ik / outs * per + ic, (size_t(ik) * per + ic) * r * s + t,
								  ((size_t(in) * p + ip) * q + iq) * k + ik);
						}
	}
};

// Sums of products and of their magnitudes.
struct Sums {
	std::vector<double> exact, magnitude;
	explicit Sums(size_t n) : exact(n), magnitude(n) {}
	void add(size_t i, double v) {
		exact[i] += v;
		magnitude[i] += fabs(v);
	}
};

// Runs check for every type with the program's arguments.
static int for_types(int argc, char **argv, const std::function<void(const Module &)> &check) {
	for (Type t : {F32, F16, BF16}) {
		Module m(argv, argc, t);
		check(m);
	}
	return failures != 0;
}
