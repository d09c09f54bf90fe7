// stem checks stem.cu against float64 loops.
#include "host.h"

struct Map { int n, h, w, c, p, q; };

static void check(const Module &m, Conv o, unsigned blocks, bool odd) {
	Type t = m.type;
	std::string what = std::string(type_names[t]) + " " + o.name();
	Array x(t, o.in()), w(t, o.filter()), y(t, o.out()), dw(F32, o.filter()), parts(F32, blocks * o.filter());
	x.fill(1, 1);
	w.fill(2, 0.5f);
	if (odd) { // what is padding must not meet what is not finite
		w.put(0, INFINITY);
		x.put(4, NAN);
	}
	Map map = {o.n, o.h, o.w, o.k, o.p, o.q};
	void *px = x.data(), *pw = w.data(), *py = y.data(), *pdw = dw.data(), *pp = parts.data();
	Sums sy(o.out()), sdw(o.filter());
	o.each([&](size_t i, size_t j, size_t k) { sy.add(k, x.at(i) * w.at(j)); });
	if (launch(m, "stem", {{blocks, 1, 1}, {unsigned(3 * o.k / 4), 1, 1}, 0}, {&px, &pw, &py, &map, &o.stride}))
		want(what + " forward", y, sy.exact, sy.magnitude, 27);
	y.fill(4, 1); // now the gradient of y
	if (odd) y.put(0, INFINITY);
	o.each([&](size_t i, size_t j, size_t k) { sdw.add(j, x.at(i) * y.at(k)); });
	long long n = (long long)o.filter();
	int count = int(blocks);
	if (launch(m, "stem_grad_weight", {{blocks, 1, 1}, {256, 1, 1}, 0}, {&px, &py, &pp, &map, &o.stride}) &&
	    launch(m, "sum_slices", {{unsigned(n + 31) / 32, 1, 1}, {32, 8, 1}, 0}, {&pp, &pdw, &count, &n}))
		want(what + " gradient of the filter", dw, sdw.exact, sdw.magnitude, o.n * o.p * o.q);
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		for (bool odd : {false, true}) {
			check(m, Conv(2, 9, 7, 3, 8, 3, 2, 1, 1), 1, odd);
			check(m, Conv(1, 16, 18, 3, 32, 3, 2, 1, 1), 2, odd);
			check(m, Conv(1, 1, 2, 3, 48, 3, 1, 1, 1), 3, odd);
		}
	});
}
