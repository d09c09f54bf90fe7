// reduce checks reduce.cu.
#include "host.h"

enum { SUM = 1, SUM_SQUARES, ALL_FINITE };

static float reduce(const Module &mod, Array &x, int kind, int blocks) {
	long long n = x.n;
	std::vector<double> parts(blocks, NAN);
	Visible see_parts(parts.data(), blocks * sizeof(double));
	double *p = parts.data();
	Array y(F32, 1);
	launch(mod, "reduce_parts", {{unsigned(blocks), 1, 1}, {256, 1, 1}, 0}, {x.arg(), &p, &kind, &n});
	launch(mod, "reduce_finish", {{1, 1, 1}, {256, 1, 1}, 0}, {&p, y.arg(), &kind, &blocks});
	want_intact({&x, &y});
	return float(y.at(0));
}

static void run(const Module &mod, size_t n, int blocks) {
	Numbers random;
	Array x(mod.type, n), result(F32, 1);
	double sum = 0, squares = 0, size = 0;
	for (size_t i = 0; i < n; i++) {
		x.put(i, random.normal());
		sum += x.at(i), squares += x.at(i) * x.at(i), size += fabs(x.at(i));
	}
	result.put(0, reduce(mod, x, SUM, blocks));
	want_one("sum", result, 0, sum, rounded(1, 1e-9 * size));
	result.put(0, reduce(mod, x, SUM_SQUARES, blocks));
	want_one("sum of squares", result, 0, squares, 0);
	result.put(0, reduce(mod, x, ALL_FINITE, blocks));
	want_one("all finite", result, 0, 1, 0);
	for (float bad : {(float)NAN, (float)INFINITY, (float)-INFINITY})
		for (size_t at : {(size_t)0, n / 2, n - 1}) {
			Array y = x;
			y.put(at, bad);
			result.put(0, reduce(mod, y, ALL_FINITE, blocks));
			want_one("not all finite", result, 0, 0, 0);
			result.put(0, reduce(mod, y, SUM, blocks));
			want_one("sum", result, 0, bad, 0);
		}
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &mod) {
		run(mod, 1, 1);
		run(mod, 1001, 1);
		run(mod, 5003, 3);
		run(mod, 700, 300); // blocks without elements
		Array x(mod.type, 3);
		x.put(0, 60000), x.put(1, 60000), x.put(2, -60000);
		if (fabs(reduce(mod, x, SUM, 1) - x.at(0)) > 0) failures++, printf("a sum overflows on the way\n");
	});
}
