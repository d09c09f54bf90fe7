// pointwise checks pointwise.cu against float64 loops.
#include "host.h"

// Bytes of dynamic shared memory; see rows.cuh and columns.cuh.
static unsigned rows_shared(Type t, bool plain, bool transposed, int tn, int slots) {
	int size = t == F32 ? 4 : 2, depth = 64 / size, pad = 16 / size;
	int filter = transposed ? depth * (tn + pad) : tn * (depth + pad);
	return unsigned(((plain ? 3 : 2) * 128 * (depth + pad) + slots * filter) * size + 8 * 16 * 40 * 4);
}

static unsigned columns_shared(Type t, bool plain_a, bool plain_b, int tm, int tn) {
	int size = t == F32 ? 4 : 2, depth = 64 / size, pad = 16 / size;
	return unsigned(((plain_a ? 3 : 2) * depth * (tm + pad) + (plain_b ? 3 : 2) * depth * (tn + pad)) * size);
}

static void check(const Module &m, int rows, int c, int k, int tn, unsigned blocks, bool ring, bool odd) {
	Type t = m.type;
	Conv o(1, 1, rows, c, k, 1, 1, 0, 1);
	char text[80];
	snprintf(text, sizeof text, "%s %d x %d -> %d, tile %d, %u blocks%s", type_names[t], rows, c, k, tn, blocks, ring ? ", ring" : "");
	std::string what = text;
	Array x(t, o.in()), w(t, o.filter()), y(t, o.out()), dx(t, o.in()), dw(F32, o.filter()), b(F32, o.k);
	x.fill(1, 1);
	w.fill(2, 0.5f);
	b.fill(3, 1);
	if (odd) {
		w.put(c / 2, INFINITY);
		x.put(o.in() - 1, NAN);
	}
	void *px = x.data(), *pw = w.data(), *pb = b.data(), *py = y.data(), *pdx = dx.data(), *none = nullptr;
	float low = 0, high = 0;
	Sums sy(o.out()), sdx(o.in()), sdw(o.filter());
	o.each([&](size_t i, size_t j, size_t k) { sy.add(k, x.at(i) * w.at(j)); });
	for (size_t i = 0; i < o.out(); i++) sy.add(i, b.at(i % k));
	int depth = t == F32 ? 16 : 32, turns = (c + depth - 1) / depth, slots = ring || turns < 3 ? 3 : turns;
	std::string name = "pointwise_" + std::to_string(tn);
	if (launch(m, name.c_str(), {{blocks, unsigned(k + tn - 1) / tn, 1}, {256, 1, 1}, rows_shared(t, true, false, tn, slots)},
		   {&px, &none, &none, &pw, &py, &none, &pb, &none, &low, &high, &rows, &c, &k, &slots}))
		want(what + " forward", y, sy.exact, sy.magnitude, c + 1);
	y.fill(4, 1); // now the gradient of y
	o.each([&](size_t i, size_t j, size_t k) {
		sdx.add(i, w.at(j) * y.at(k));
		sdw.add(j, x.at(i) * y.at(k));
	});
	turns = (k + depth - 1) / depth, slots = ring || turns < 3 ? 3 : turns;
	name = "pointwise_grad_input_" + std::to_string(tn);
	if (launch(m, name.c_str(), {{blocks, unsigned(c + tn - 1) / tn, 1}, {256, 1, 1}, rows_shared(t, true, true, tn, slots)},
		   {&py, &none, &none, &pw, &pdx, &none, &none, &none, &low, &high, &rows, &k, &c, &slots}))
		want(what + " gradient of the input", dx, sdx.exact, sdx.magnitude, k);
	for (auto tile : {std::pair<int, int>{32, 128}, {64, 64}, {128, 32}, {128, 128}}) {
		unsigned slices = blocks;
		int slice = (rows + int(slices) - 1) / int(slices);
		slice = (slice + depth - 1) / depth * depth;
		slices = unsigned(rows + slice - 1) / unsigned(slice);
		Array partial(F32, slices * o.filter());
		void *pp = partial.data(), *pdw = dw.data();
		memset(pdw, 0xff, o.filter() * 4);
		name = "pointwise_grad_weight_" + std::to_string(tile.first) + "x" + std::to_string(tile.second);
		Shape s = {{unsigned(c + tile.second - 1) / tile.second, unsigned(k + tile.first - 1) / tile.first, slices}, {256, 1, 1},
			   columns_shared(t, true, true, tile.first, tile.second)};
		long long n = (long long)o.filter();
		int count = int(slices);
		if (launch(m, name.c_str(), s, {&py, &none, &none, &px, &none, &pp, &rows, &k, &c, &slice}) &&
		    launch(m, "sum_slices", {{unsigned(n + 31) / 32, 1, 1}, {32, 8, 1}, 0}, {&pp, &pdw, &count, &n}))
			want(what + " " + name, dw, sdw.exact, sdw.magnitude, rows);
	}
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		check(m, 1, 8, 8, 32, 1, false, false);
		check(m, 130, 16, 24, 32, 1, false, false);
		check(m, 300, 40, 72, 64, 2, false, true);
		check(m, 129, 136, 136, 128, 1, true, false);
		check(m, 700, 24, 144, 128, 3, false, false);
		check(m, 49, 160, 96, 64, 1, true, true);
		check(m, 257, 104, 16, 32, 5, true, false);
	});
}
