// fused_infer checks fused_infer.cu against float64 loops.
#include "fused.h"

// y = clip(conv(x)*scale + shift) + e
struct Case {
	const Module &m;
	Conv o;
	float low, high;
	Array x, w, y, e, norm;
	Case(const Module &m, Conv o, bool clip)
		: m(m), o(o), low(clip ? 0 : -INFINITY), high(clip ? 6 : INFINITY), x(m.type, o.in()), w(m.type, o.filter()), y(m.type, o.out()),
		  e(m.type, o.out()), norm(F32, 2 * size_t(o.k)) {
		x.fill(1, 1), w.fill(2, 0.5f), e.fill(3, 1), norm.fill(4, 1);
	}
	void check(const std::string &name, bool beside) {
		Sums s(o.out());
		o.each([&](size_t i, size_t j, size_t k) { s.add(k, x.at(i) * w.at(j)); });
		for (size_t i = 0; i < o.out(); i++) {
			double scale = norm.at(i % o.k), shift = norm.at(i % o.k + o.k), other = beside ? e.at(i) : 0;
			s.exact[i] = fmin(fmax(s.exact[i] * scale + shift, low), high) + other;
			s.magnitude[i] = s.magnitude[i] * fabs(scale) + fabs(shift) + fabs(other);
		}
		want(std::string(type_names[m.type]) + " " + name + " " + o.name(), y, s.exact, s.magnitude, o.c / o.groups * o.r * o.s + 4);
	}
};

static void product(const Module &m, int rows, int c, int k, int tn, unsigned blocks, bool clip, bool beside) {
	Case t(m, Conv(1, 1, rows, c, k, 1, 1, 0, 1), clip);
	Product a = {"product", PLAIN, false, t.x.data(), nullptr, nullptr, t.w.data(), t.y.data(), beside ? t.e.data() : nullptr, t.norm.data(),
		     nullptr, t.low, t.high, rows, c, k};
	if (a.run(m, tn, blocks)) t.check("product", beside);
}

static void depthwise(const Module &m, Conv o, int v) {
	Case t(m, o, true);
	void *px = t.x.data(), *pw = t.w.data(), *py = t.y.data(), *pn = t.norm.data();
	Map map = map_of(o);
	int strip = 3;
	std::string name = "depthwise_s" + std::to_string(o.stride) + "_" + std::to_string(v);
	if (launch(m, name.c_str(), {{2, 1, 1}, {unsigned(2 * o.c / v), 1, 1}, 0}, {&px, &pw, &py, &pn, &t.low, &t.high, &map, &strip})) t.check(name, false);
}

static void first(const Module &m, Conv o) {
	Case t(m, o, true);
	void *px = t.x.data(), *pw = t.w.data(), *py = t.y.data(), *pn = t.norm.data();
	Map map = map_of(o);
	if (launch(m, "first", {{2, 1, 1}, {unsigned(o.k), 1, 1}, 0}, {&px, &pw, &py, &pn, &t.low, &t.high, &map, &o.stride})) t.check("first", false);
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		product(m, 200, 24, 40, 64, 1, true, false);
		product(m, 130, 72, 24, 32, 2, false, true);
		product(m, 7, 16, 136, 128, 1, true, true);
		for (int stride : {1, 2}) {
			depthwise(m, Conv(2, 7, 5, 16, 16, 3, stride, 1, 16), 4);
			depthwise(m, Conv(1, 4, 6, 8, 8, 3, stride, 1, 8), 2);
		}
		first(m, Conv(2, 9, 7, 3, 16, 3, 2, 1, 1));
	});
}
