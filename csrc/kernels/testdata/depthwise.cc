// depthwise checks depthwise.cu against float64 loops.
#include "host.h"

struct Map { int n, h, w, c, p, q; };

static void check(const Module &m, Conv o, int v, int columns, int strip, unsigned blocks, bool odd) {
	Type t = m.type;
	char text[80];
	snprintf(text, sizeof text, " v=%d columns=%d strip=%d blocks=%u", v, columns, strip, blocks);
	std::string what = std::string(type_names[t]) + " " + o.name() + text, end = "_s" + std::to_string(o.stride) + "_" + std::to_string(v);
	Array x(t, o.in()), w(t, o.filter()), y(t, o.out()), dx(t, o.in()), dw(F32, o.filter()), parts(F32, blocks * o.filter());
	x.fill(1, 1);
	w.fill(2, 0.5f);
	if (odd) { // what is padding must not meet what is not finite
		w.put(0, INFINITY);
		w.put(o.filter() - 1, NAN);
		x.put(0, INFINITY);
	}
	Map map = {o.n, o.h, o.w, o.c, o.p, o.q};
	unsigned chunks = o.c == 64 ? 2 : 1;
	Shape s = {{blocks, chunks, 1}, {unsigned(columns * o.c / v) / chunks, 1, 1}, 0};
	void *px = x.data(), *pw = w.data(), *py = y.data(), *pdx = dx.data(), *pdw = dw.data(), *pp = parts.data();
	Sums sy(o.out()), sdx(o.in()), sdw(o.filter());
	o.each([&](size_t i, size_t j, size_t k) { sy.add(k, x.at(i) * w.at(j)); });
	if (launch(m, ("depthwise" + end).c_str(), s, {&px, &pw, &py, &map, &strip})) want(what + " forward", y, sy.exact, sy.magnitude, 9);
	y.fill(4, 1); // now the gradient of y
	o.each([&](size_t i, size_t j, size_t k) {
		sdx.add(i, w.at(j) * y.at(k));
		sdw.add(j, x.at(i) * y.at(k));
	});
	if (launch(m, ("depthwise_grad_input" + end).c_str(), s, {&pw, &py, &pdx, &map, &strip}))
		want(what + " gradient of the input", dx, sdx.exact, sdx.magnitude, 9);
	long long n = (long long)o.filter();
	int count = int(blocks);
	if (launch(m, ("depthwise_grad_weight" + end).c_str(), s, {&px, &py, &pp, &map, &strip}) &&
	    launch(m, "sum_slices", {{unsigned(n + 31) / 32, 1, 1}, {32, 8, 1}, 0}, {&pp, &pdw, &count, &n}))
		want(what + " gradient of the filter", dw, sdw.exact, sdw.magnitude, o.n * o.p * o.q);
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		for (bool odd : {false, true})
			for (int stride : {1, 2}) {
				check(m, Conv(1, 1, 1, 8, 8, 3, stride, 1, 8), 4, 1, 1, 1, odd);
				check(m, Conv(2, 7, 5, 12, 12, 3, stride, 1, 12), 4, 2, 2, 3, odd);
				check(m, Conv(1, 2, 3, 6, 6, 3, stride, 1, 6), 2, 3, 8, 2, odd);
				check(m, Conv(3, 8, 6, 10, 10, 3, stride, 1, 10), 2, 1, 3, 5, odd);
				check(m, Conv(1, 9, 16, 64, 64, 3, stride, 1, 64), 4, 5, 16, 2, odd);
			}
	});
}
