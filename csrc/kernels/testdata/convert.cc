// convert checks convert.cu, for every pair of types.
#include "host.h"

struct Channels { float std[4], shift[4]; };
static const float mean[4] = {123.675f, 116.28f, 103.53f, 1}, deviation[4] = {58.395f, 57.12f, 57.375f, 2};

// What x is made of: elements, bytes or integers.
struct Source {
	Array elements;
	std::vector<unsigned char> bytes;
	std::vector<int> integers;
	Visible see_bytes, see_integers;
	void *p;
	Source(const char *from, size_t n) : elements(!strcmp(from, "F16") ? F16 : !strcmp(from, "BF16") ? BF16 : F32, n), bytes(n), integers(n),
		see_bytes(bytes.data(), n), see_integers(integers.data(), n * sizeof(int)) {
		Numbers random;
		for (size_t i = 0; i < n; i++) {
			elements.put(i, i % 13 == 4 ? INFINITY : i % 13 == 7 ? NAN : 3 * random.normal());
			bytes[i] = (unsigned char)(random.uniform() * 256);
			integers[i] = int(random.uniform() * 2000) - 1000;
		}
		if (!strcmp(from, "U8")) {
			p = bytes.data();
			for (size_t i = 0; i < n; i++) elements.put(i, bytes[i]);
		} else if (!strcmp(from, "I32")) {
			p = integers.data();
			for (size_t i = 0; i < n; i++) elements.put(i, float(integers[i]));
		} else {
			p = elements.data();
		}
	}
	double at(size_t i) const { return elements.at(i); }
};

static double normalised(double v, int c) { return v / deviation[c] - (double)(mean[c] / deviation[c]); }
static double error(double v, int c) { return isfinite(v) ? rounded(2, (fabs(v) + mean[c]) / deviation[c]) : 0; }

static void flat(const Module &mod, const char *from, Channels how, long long n) {
	Source x(from, n);
	Array y(mod.type, n);
	const Shape shape = {{3, 1, 1}, {64, 1, 1}, 0};
	launch(mod, "convert", shape, {&x.p, y.arg(), &n});
	for (long long i = 0; i < n; i++) want_one("convert", y, i, x.at(i), 0);
	for (int area : {1, 2, 13})
		for (int channels = 1; channels <= 4; channels++) {
			launch(mod, "normalize", shape, {&x.p, y.arg(), &how, &channels, &area, &n});
			for (long long i = 0; i < n; i++) {
				const int c = i / area % channels;
				want_one("normalize", y, i, normalised(x.at(i), c), error(x.at(i), c));
			}
		}
	want_intact({&y});
}

static void turned(const Module &mod, const char *from, Channels how, int n, int a, int b) {
	Source x(from, (size_t)n * a * b);
	Array y(mod.type, (size_t)n * a * b);
	const Shape shape = {{unsigned(b + 31) / 32, 2, 2}, {32, 8, 1}, 0}; // y and z go on
	for (int per = 0; per < 3; per++) {
		if ((per == 1 && a > 4) || (per == 2 && b > 4)) continue;
		launch(mod, "transpose", shape, {&x.p, y.arg(), &how, &per, &n, &a, &b});
		for (int m = 0; m < n; m++)
			for (int i = 0; i < a; i++)
				for (int j = 0; j < b; j++) {
					const double v = x.at(((size_t)m * a + i) * b + j);
					const int c = per == 1 ? i : j;
					want_one("transpose", y, ((size_t)m * b + j) * a + i, per ? normalised(v, c) : v, per ? error(v, c) : 0);
				}
	}
	want_intact({&y});
}

int main(int argc, char **argv) {
	Channels how;
	for (int c = 0; c < 4; c++) how.std[c] = deviation[c], how.shift[c] = mean[c] / deviation[c];
	for (const char *from : {"F32", "F16", "BF16", "U8", "I32"})
		for (Type t : {F32, F16, BF16}) {
			Module mod(argv, argc, t, (std::string("-DFROM=") + from).c_str());
			for (long long n : {1, 9, 64, 1003}) flat(mod, from, how, n);
			turned(mod, from, how, 1, 1, 1);
			turned(mod, from, how, 3, 70, 3);
			turned(mod, from, how, 3, 4, 101);
			turned(mod, from, how, 1, 100, 40);
		}
	return failures != 0;
}
