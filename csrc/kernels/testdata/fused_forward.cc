// fused_forward checks fused_forward.cu against float64 loops.
#include "fused.h"

struct Case {
	const Module &m;
	Conv o;
	Kind kind;
	unsigned blocks;
	Array x, w, z, norm, partial;
	Case(const Module &m, Conv o, Kind kind, unsigned blocks)
		: m(m), o(o), kind(kind), blocks(blocks), x(m.type, o.in()), w(m.type, o.filter()), z(m.type, o.out()),
		  norm(F32, 2 * size_t(o.c)), partial(F32, blocks * 3 * size_t(o.k)) {
		x.fill(1, 1), w.fill(2, 0.5f), norm.fill(4, 1);
	}
	void check(const std::string &name) {
		std::string what = std::string(type_names[m.type]) + " " + name + " " + o.name();
		std::vector<double> in = made_all(kind, x, x, norm, o.c);
		Sums s(o.out());
		o.each([&](size_t i, size_t j, size_t k) { s.add(k, in[i] * w.at(j)); });
		double terms = o.c / o.groups * o.r * o.s;
		want(what, z, s.exact, s.magnitude, terms + (kind == PLAIN ? 0 : 8 + rounded(m.type)));
		check_moments(what);
	}
	// Of what was stored in z, all parts together.
	void check_moments(const std::string &what) {
		double rows = double(o.out()) / o.k;
		for (int c = 0; c < o.k; c++) {
			double n = 0, mean = 0, squares = 0, exact = 0, variance = 0, largest = 0;
			for (unsigned b = 0; b < blocks; b++) {
				auto part = [&](int row) { return partial.at((size_t(b) * 3 + row) * o.k + c); };
				n += part(0), mean += part(0) * part(1) / rows, squares += part(2) + part(0) * part(1) * part(1);
			}
			for (size_t i = c; i < o.out(); i += o.k) exact += z.at(i) / rows, largest = fmax(largest, fabs(z.at(i)));
			for (size_t i = c; i < o.out(); i += o.k) variance += pow(z.at(i) - exact, 2) / rows;
			double slack = 64 * 0x1p-24 * largest, got = squares / rows - mean * mean;
			if (n == rows && fabs(mean - exact) <= slack && fabs(got - variance) <= slack * (sqrt(variance) + slack) + 1e-12 * largest * largest) continue;
			printf("%s: channel %d: %g numbers, mean %.9g, variance %.9g; want %g, %.9g, %.9g\n", what.c_str(), c, n, mean, got, rows, exact, variance);
			failures++;
		}
		if (!partial.intact()) failures++, printf("%s: memory outside the parts was written\n", what.c_str());
	}
};

static void product(const Module &m, Kind kind, int rows, int c, int k, int tn, unsigned blocks) {
	Case t(m, Conv(1, 1, rows, c, k, 1, 1, 0, 1), kind, blocks);
	std::string name = kind == PLAIN ? "product" : "product_activated";
	Product a = {name.c_str(), kind, false, t.x.data(), nullptr, t.norm.data(), t.w.data(), t.z.data(), nullptr, nullptr, t.partial.data(),
		     0, 0, rows, c, k};
	if (a.run(m, tn, blocks)) t.check(name);
}

static void depthwise(const Module &m, Kind kind, Conv o, int v, int columns, int strip, unsigned blocks) {
	Case t(m, o, kind, blocks);
	std::string name = std::string(kind == PLAIN ? "depthwise" : "depthwise_activated") + "_s" + std::to_string(o.stride) + "_" + std::to_string(v);
	void *px = t.x.data(), *pn = t.norm.data(), *pw = t.w.data(), *pz = t.z.data(), *parts = t.partial.data();
	Map map = map_of(o);
	if (launch(m, name.c_str(), {{blocks, 1, 1}, {unsigned(columns * o.c / v), 1, 1}, 0}, {&px, &pn, &pw, &pz, &parts, &map, &strip}))
		t.check(name);
}

static void first(const Module &m, Conv o, unsigned blocks) {
	Case t(m, o, PLAIN, blocks);
	void *px = t.x.data(), *pw = t.w.data(), *pz = t.z.data(), *parts = t.partial.data();
	Map map = map_of(o);
	if (launch(m, "first", {{blocks, 1, 1}, {unsigned(o.k), 1, 1}, 0}, {&px, &pw, &pz, &parts, &map, &o.stride})) t.check("first");
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		for (Kind kind : {PLAIN, ACTIVATED}) {
			product(m, kind, 1, 8, 16, 32, 1);
			product(m, kind, 300, 40, 72, 64, 2);
			product(m, kind, 257, 144, 24, 32, 3);
			product(m, kind, 130, 200, 136, 128, 1);
			for (int stride : {1, 2}) {
				depthwise(m, kind, Conv(2, 7, 5, 16, 16, 3, stride, 1, 16), 4, 2, 3, 3);
				depthwise(m, kind, Conv(1, 4, 6, 8, 8, 3, stride, 1, 8), 2, 3, 8, 2);
			}
		}
		first(m, Conv(2, 9, 7, 3, 16, 3, 2, 1, 1), 3);
	});
}
