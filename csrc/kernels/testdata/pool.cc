// pool checks pool.cu.
#include "host.h"

static void run(const Module &mod, int maps, int area, int channels, int bx, int by, float mean) {
	const Type t = mod.type;
	Numbers random;
	Array x(t, maps * area * channels), y(t, maps * channels), dy(t, maps * channels), dx(t, maps * area * channels);
	for (size_t i = 0; i < x.n; i++) x.put(i, mean + random.normal());
	for (size_t i = 0; i < dy.n; i++) dy.put(i, random.normal());
	const unsigned columns = bx * pack_of(t);
	for (unsigned blocks : {1u, 2u, 100u}) { // fewer maps at a time than there are, and more
		const Shape shape = {{(channels + columns - 1) / columns, blocks, 1}, {unsigned(bx), unsigned(by), 1}, 0};
		launch(mod, "pool_forward", shape, {x.arg(), y.arg(), &maps, &area, &channels});
		launch(mod, "pool_backward", shape, {dy.arg(), dx.arg(), &maps, &area, &channels});
		for (int n = 0; n < maps; n++)
			for (int c = 0; c < channels; c++) {
				double sum = 0, size = 0;
				for (int i = 0; i < area; i++) {
					const size_t at = ((size_t)n * area + i) * channels + c;
					sum += x.at(at), size += fabs(x.at(at));
					want_one("gradient of the mean", dx, at, dy.at(n * channels + c) / area, rounded(2, fabs(dy.at(n * channels + c)) / area));
				}
				want_one("mean", y, n * channels + c, sum / area, rounded(area + 1, size / area));
			}
	}
	want_intact({&x, &y, &dy, &dx});
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &mod) {
		run(mod, 1, 1, 1, 1, 1, 0);
		run(mod, 3, 49, 40, 4, 8, 0);
		run(mod, 2, 6, 21, 2, 16, 0); // more rows in a block than there are
		run(mod, 5, 49, 64, 32, 3, 40);
	});
}
