// elements checks elements.cu.
#include "host.h"

static void run(const Module &mod, long long n) {
	const Type t = mod.type;
	Numbers random;
	Array x(t, n), y(t, n), out(t, n);
	std::vector<unsigned char> mask(n + 3);
	Visible see_mask(mask.data(), n + 3);
	for (long long i = 0; i < n; i++) {
		x.put(i, i % 11 == 5 ? NAN : i % 7 == 3 ? 6 : i % 7 == 4 ? 0 : 3 * random.normal());
		y.put(i, i % 5 == 2 ? 6 : i % 5 == 1 ? 0 : 3 * random.normal());
		mask[i] = i % 3 != 0;
	}
	const Shape shape = {{3, 1, 1}, {64, 1, 1}, 0};
	float a = 0.25f, b = -2, zero = 0, scale = 1.25f;
	Array sum = y;
	launch(mod, "add", shape, {x.arg(), sum.arg(), &a, &b, &n});
	for (int i = 0; i < n; i++) {
		const double ax = a * (double)x.at(i), by = b * (double)y.at(i);
		want_one("add", sum, i, ax + by, rounded(2, fabs(ax) + fabs(by)));
	}
	launch(mod, "add", shape, {y.arg(), out.arg(), &a, &zero, &n}); // out holds NaN
	for (int i = 0; i < n; i++) want_one("add with b = 0", out, i, a * (double)y.at(i), 0);
	launch(mod, "relu6_forward", shape, {x.arg(), out.arg(), &n});
	for (int i = 0; i < n; i++) want_one("relu6", out, i, isnan(x.at(i)) ? NAN : fmin(fmax(x.at(i), 0), 6), 0);
	Array dx = x; // in place
	launch(mod, "relu6_backward", shape, {dx.arg(), y.arg(), dx.arg(), &n});
	for (int i = 0; i < n; i++) want_one("gradient of relu6", dx, i, y.at(i) > 0 && y.at(i) < 6 ? x.at(i) : 0, 0);
	unsigned char *pm = mask.data();
	launch(mod, "dropout", shape, {y.arg(), &pm, out.arg(), &scale, &n});
	for (int i = 0; i < n; i++) want_one("dropout", out, i, mask[i] ? y.at(i) * 1.25 : 0, 0);
	int images = 3; // as many as the grid has, and more
	long long size = n / images;
	for (unsigned rows : {3u, 2u}) {
		launch(mod, "drop_path", {{2, rows, 1}, {64, 1, 1}, 0}, {x.arg(), &pm, out.arg(), &scale, &size, &images});
		for (int i = 0; i < images * size; i++) want_one("drop path", out, i, mask[i / size] ? x.at(i) * 1.25 : 0, 0);
	}
	launch(mod, "fill", shape, {out.arg(), &a, &n});
	for (int i = 0; i < n; i++) want_one("fill", out, i, 0.25, 0);
	want_intact({&x, &y, &out, &sum, &dx});
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &mod) {
		for (long long n : {1, 7, 192, 1001, 3001}) run(mod, n);
	});
}
