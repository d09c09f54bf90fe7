// fused_backward checks fused_backward.cu against float64 loops.
#include "fused.h"

// A convolution between norms: a and z beside its output, x or what x is made of and e beside its input.
struct Case {
	const Module &m;
	Conv o;
	Kind out, in;
	Array a, z, factors, x, norm, w, e, dx, dw;
	std::vector<double> dy, input;
	Case(const Module &m, Conv o, Kind out, Kind in)
		: m(m), o(o), out(out), in(in), a(m.type, o.out()), z(m.type, o.out()), factors(F32, 5 * size_t(o.k)), x(m.type, o.in()),
		  norm(F32, 4 * size_t(o.c)), w(m.type, o.filter()), e(m.type, o.in()), dx(m.type, o.in()), dw(F32, o.filter()) {
		a.fill(1, 1), z.fill(2, 1), factors.fill(3, 0.5f), x.fill(4, 1), norm.fill(5, 1), w.fill(6, 0.5f), e.fill(7, 1);
		dy = made_all(out, a, z, factors, o.k);
		input = made_all(in, x, x, norm, o.c);
	}
	std::string what(const std::string &name) const { return std::string(type_names[m.type]) + " " + name + " " + o.name(); }
	// What is made on the way is rounded to the type before products take it, and a few times in float32.
	double more() const { return 12 + 2 * rounded(m.type); }
	double gate(size_t i) { return x.at(i) * norm.at(i % o.c) + norm.at(i % o.c + o.c); }

	// The gradient of the input, plus e, or where the gate is open.
	void check_input(const std::string &name, bool beside, bool masked) {
		Sums s(o.in());
		o.each([&](size_t i, size_t j, size_t k) { s.add(i, dy[k] * w.at(j)); });
		for (size_t i = 0; i < o.in(); i++) {
			if (beside) s.add(i, e.at(i));
			if (masked && !(gate(i) > 0 && gate(i) < 6)) s.exact[i] = s.magnitude[i] = 0;
		}
		want(what(name), dx, s.exact, s.magnitude, o.k / o.groups * o.r * o.s + more());
	}
	void check_weight(const std::string &name) {
		Sums s(o.filter());
		o.each([&](size_t i, size_t j, size_t k) { s.add(j, dy[k] * input[i]); });
		want(what(name), dw, s.exact, s.magnitude, o.n * o.p * o.q + more());
	}
	// The sums of what was stored in dx.
	void check_sums(const std::string &name, Array &partial, unsigned parts) {
		want_sums(what(name), partial, parts, o.c, o.in(), [&](size_t i) { return dx.at(i); },
			  [&](size_t i) { return dx.at(i) * (x.at(i) - norm.at(i % o.c + 2 * o.c)); });
	}
	// dw = the sum of its parts.
	void add_parts(Array &parts, unsigned count) {
		void *pp = parts.data(), *pdw = dw.data();
		long long n = (long long)o.filter();
		int slices = int(count);
		launch(m, "sum_slices", {{unsigned(n + 31) / 32, 1, 1}, {32, 8, 1}, 0}, {&pp, &pdw, &slices, &n});
	}
};

static void product_input(const Module &m, const char *name, Kind out, bool masked, bool beside, int rows, int c, int k, int tn, unsigned blocks) {
	Case t(m, Conv(1, 1, rows, c, k, 1, 1, 0, 1), out, masked ? ACTIVATED : PLAIN);
	Array partial(F32, blocks * 2 * size_t(c));
	Product a = {name, out, true, t.a.data(), t.z.data(), t.factors.data(), t.w.data(), t.dx.data(),
		     masked ? t.x.data() : beside ? t.e.data() : nullptr, masked ? t.norm.data() : nullptr, masked ? partial.data() : nullptr, 0, 0,
		     rows, k, c};
	if (!a.run(m, tn, blocks)) return;
	t.check_input(name, beside, masked);
	if (masked) t.check_sums(name, partial, blocks);
}

static void product_weight(const Module &m, const char *name, Kind out, Kind in, int rows, int c, int k, int tm, int tn, unsigned slices) {
	Case t(m, Conv(1, 1, rows, c, k, 1, 1, 0, 1), out, in);
	int step = m.type == F32 ? 16 : 32, slice = ((rows + int(slices) - 1) / int(slices) + step - 1) / step * step;
	slices = unsigned(rows + slice - 1) / unsigned(slice);
	Array parts(F32, slices * t.o.filter());
	void *pa = t.a.data(), *pz = t.z.data(), *pf = t.factors.data(), *px = t.x.data(), *pn = t.norm.data(), *pp = parts.data();
	std::string full = std::string(name) + "_" + std::to_string(tm) + "x" + std::to_string(tn);
	if (!launch(m, full.c_str(), {{unsigned(c + tn - 1) / tn, unsigned(k + tm - 1) / tm, slices}, {256, 1, 1}, columns_shared(m.type, out, in, tm, tn)},
		    {&pa, &pz, &pf, &px, &pn, &pp, &rows, &k, &c, &slice}))
		return;
	t.add_parts(parts, slices);
	t.check_weight(full);
}

static void both(const Module &m, int turns, int rows, int narrow, int wide, unsigned blocks, bool beside) {
	if (m.type == F32) return; // has no such kernel
	Case t(m, Conv(1, 1, rows, narrow, wide, 1, 1, 0, 1), GRADIENT, PLAIN);
	Array parts(F32, blocks * t.o.filter());
	void *pa = t.a.data(), *pz = t.z.data(), *pf = t.factors.data(), *pw = t.w.data(), *px = t.x.data(), *pdx = t.dx.data(),
	     *pe = beside ? t.e.data() : nullptr, *pdw = parts.data();
	std::string name = "product_both_" + std::to_string(turns);
	unsigned shared = 2 * 128 * 80 + unsigned(turns) * 32 * 80 + 2 * 128 * 80 + 8 * 16 * 40 * 4;
	if (!launch(m, name.c_str(), {{blocks, 1, 1}, {256, 1, 1}, shared}, {&pa, &pz, &pf, &pw, &px, &pdx, &pe, &pdw, &rows, &wide, &narrow})) return;
	t.check_input(name, beside, false);
	t.add_parts(parts, blocks);
	t.check_weight(name);
}

static void depthwise(const Module &m, const char *name, Kind out, bool masked, bool beside, Conv o, int columns, int strip, unsigned blocks) {
	Case t(m, o, out, masked ? ACTIVATED : PLAIN);
	Array partial(F32, blocks * 2 * size_t(o.c)), parts(F32, blocks * o.filter());
	void *pa = t.a.data(), *pz = t.z.data(), *pf = t.factors.data(), *px = t.x.data(), *pn = t.norm.data(), *pw = t.w.data(), *pdx = t.dx.data(),
	     *pe = beside ? t.e.data() : nullptr, *pp = partial.data(), *pdw = parts.data();
	Map map = map_of(o);
	std::string full = std::string(name) + "_s" + std::to_string(o.stride);
	if (!launch(m, full.c_str(), {{blocks, 1, 1}, {unsigned(columns * o.c / 2), 1, 1}, 0}, {&pa, &pz, &pf, &px, &pn, &pw, &pdx, &pe, &pp, &pdw, &map, &strip}))
		return;
	t.check_input(full, beside, masked);
	t.add_parts(parts, blocks);
	t.check_weight(full);
	if (masked) t.check_sums(full, partial, blocks);
}

static void first(const Module &m, const char *name, Kind out, Conv o, unsigned blocks) {
	Case t(m, o, out, PLAIN);
	Array parts(F32, blocks * o.filter());
	void *pa = t.a.data(), *pz = t.z.data(), *pf = t.factors.data(), *px = t.x.data(), *pdw = parts.data();
	Map map = map_of(o);
	if (!launch(m, name, {{blocks, 1, 1}, {256, 1, 1}, 0}, {&pa, &pz, &pf, &px, &pdw, &map, &o.stride})) return;
	t.add_parts(parts, blocks);
	t.check_weight(name);
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		product_input(m, "product_grad_input", GRADIENT, false, true, 300, 24, 40, 32, 2);
		product_input(m, "product_grad_input", GRADIENT, false, false, 130, 136, 144, 128, 1);
		product_input(m, "product_gated_grad_input", GATED, false, false, 129, 72, 16, 64, 1);
		product_input(m, "product_masked_grad_input", GRADIENT, true, false, 300, 72, 24, 64, 2);
		product_input(m, "product_masked_grad_input", GRADIENT, true, false, 5, 16, 200, 32, 1);
		product_weight(m, "product_grad_weight", GRADIENT, PLAIN, 300, 24, 144, 128, 32, 3);
		product_weight(m, "product_grad_weight", GRADIENT, PLAIN, 70, 40, 40, 64, 64, 1);
		product_weight(m, "product_gated_grad_weight", GATED, PLAIN, 70, 136, 136, 128, 128, 2);
		product_weight(m, "product_activated_grad_weight", GRADIENT, ACTIVATED, 300, 144, 24, 32, 128, 2);
		product_weight(m, "product_activated_grad_weight", GRADIENT, ACTIVATED, 33, 72, 72, 128, 128, 1);
		both(m, 4, 600, 16, 96, 2, true);
		both(m, 6, 130, 24, 144, 1, false);
		both(m, 6, 257, 32, 192, 3, true);
		both(m, 4, 3, 8, 40, 1, false);
		for (int stride : {1, 2}) {
			depthwise(m, "depthwise_grad", GRADIENT, false, stride == 1, Conv(2, 7, 5, 16, 16, 3, stride, 1, 16), 2, 3, 3);
			depthwise(m, "depthwise_gated_grad", GATED, false, false, Conv(1, 4, 6, 8, 8, 3, stride, 1, 8), 3, 8, 2);
			depthwise(m, "depthwise_masked_grad", GRADIENT, true, false, Conv(2, 9, 8, 24, 24, 3, stride, 1, 24), 4, 4, 5);
		}
		first(m, "first_grad_weight", GRADIENT, Conv(2, 9, 7, 3, 16, 3, 2, 1, 1), 3);
		first(m, "first_gated_grad_weight", GATED, Conv(1, 16, 18, 3, 48, 3, 2, 1, 1), 2);
	});
}
