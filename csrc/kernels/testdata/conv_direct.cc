// conv_direct checks conv_direct.cu against float64 loops.
#include "host.h"

static void check(const Module &m, Conv o, bool odd) {
	Type t = m.type;
	std::string what = std::string(type_names[t]) + " " + o.name();
	Array x(t, o.in()), w(t, o.filter()), y(t, o.out()), dx(t, o.in()), dw(F32, o.filter()), b(F32, o.k), db(F32, o.k);
	x.fill(1, 1);
	w.fill(2, 0.5f);
	b.fill(3, 1);
	if (odd) { // what is padding must not meet what is not finite
		w.put(0, INFINITY);
		w.put(o.filter() / 2, NAN);
	}
	void *px = x.data(), *pw = w.data(), *pb = b.data(), *py = y.data(), *pdx = dx.data(), *pdw = dw.data(), *pdb = db.data();
	Sums sy(o.out()), sdx(o.in()), sdw(o.filter()), sdb(o.k);
	o.each([&](size_t i, size_t j, size_t k) { sy.add(k, x.at(i) * w.at(j)); });
	if (launch(m, "conv_forward", {{3, 1, 1}, {64, 1, 1}, 0}, {&px, &pw, &pb, &py, &o})) {
		Sums biased = sy;
		for (size_t i = 0; i < o.out(); i++) biased.add(i, b.at(i % o.k));
		want(what + " forward", y, biased.exact, biased.magnitude, o.c * o.r * o.s + 1);
	}
	pb = nullptr;
	if (launch(m, "conv_forward", {{2, 1, 1}, {96, 1, 1}, 0}, {&px, &pw, &pb, &py, &o}))
		want(what + " forward without bias", y, sy.exact, sy.magnitude, o.c * o.r * o.s);
	y.fill(4, 1); // now the gradient of y
	o.each([&](size_t i, size_t j, size_t k) {
		sdx.add(i, w.at(j) * y.at(k));
		sdw.add(j, x.at(i) * y.at(k));
	});
	for (size_t i = 0; i < o.out(); i++) sdb.add(i % o.k, y.at(i));
	if (launch(m, "conv_grad_input", {{3, 1, 1}, {64, 1, 1}, 0}, {&pw, &py, &pdx, &o}))
		want(what + " gradient of the input", dx, sdx.exact, sdx.magnitude, o.k * o.r * o.s);
	if (launch(m, "conv_grad_weight", {{7, 1, 1}, {32, 1, 1}, 0}, {&px, &py, &pdw, &o}))
		want(what + " gradient of the filter", dw, sdw.exact, sdw.magnitude, o.n * o.p * o.q);
	int rows = o.n * o.p * o.q;
	if (launch(m, "conv_grad_bias", {{unsigned(o.k + 31) / 32, 1, 1}, {32, 8, 1}, 0}, {&py, &pdb, &rows, &o.k}))
		want(what + " gradient of the bias", db, sdb.exact, sdb.magnitude, rows);
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		for (Conv o : {Conv(2, 9, 7, 3, 8, 3, 2, 1, 1), Conv(1, 5, 5, 10, 24, 1, 1, 0, 1), Conv(2, 7, 7, 10, 10, 3, 1, 1, 10),
			       Conv(1, 7, 7, 8, 12, 3, 2, 1, 4), Conv(1, 4, 4, 3, 5, 2, 3, 1, 1), Conv(1, 9, 9, 16, 16, 7, 2, 3, 16),
			       Conv(3, 1, 1, 5, 40, 1, 1, 0, 1), Conv(1, 6, 6, 10, 6, 1, 2, 0, 1)}) {
			check(m, o, false);
			check(m, o, true);
		}
	});
}
