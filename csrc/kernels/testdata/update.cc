// update checks update.cu. Its numbers are float32 whatever the element type is, so one type is enough.
#include "host.h"

// The numbers of an update, in the order of the operand.
struct Hyper { double lr, decay, mu, scale, beta, eps, c1, c2, c3, wd; };
static const Hyper usual = {0.1, 4e-5, 0.9, 1.0 / 512, 0.99, 1e-6, 1.5, 2.5, 0.25, 0.05};

struct Weight { double w, v, s; };

static double sign(double v) { return v > 0 ? 1 : v < 0 ? -1 : v; }

static double direction(const Hyper &h, double g, const Weight &x) { return (h.c1 * x.v + h.c3 * g) / (sqrt(h.c2 * x.s) + h.eps); }

static void moments(const Hyper &h, double g, Weight *x) {
	x->v = h.mu * x->v + (1 - h.mu) * g;
	x->s = h.beta * x->s + (1 - h.beta) * g * g;
}

// One step of the rule, and the magnitude of what it moves.
static double step(const std::string &rule, const Hyper &h, double dw, Weight *x) {
	double g = h.scale == 0 ? 0 : dw * h.scale, w = x->w;
	if (rule != "blend") g += h.decay * w;
	if (rule == "momentum" || rule == "nesterov") {
		x->v = h.mu * x->v + g;
		x->w -= h.lr * (rule == "nesterov" ? g + h.mu * x->v : x->v);
		return h.lr * (fabs(g) * 3 + fabs(x->v) + fabs(h.decay * w));
	}
	if (rule == "adam") {
		moments(h, g, x);
		x->w -= h.lr * (direction(h, g, *x) + h.wd * w);
		return h.lr * ((h.c1 * (fabs(x->v) + fabs(g)) + h.c3 * fabs(g)) / (sqrt(h.c2 * x->s) + h.eps) + h.wd * fabs(w));
	}
	if (rule == "lion") {
		x->w -= h.lr * (sign(h.mu * x->v + (1 - h.mu) * g) + h.wd * w);
		x->v = h.beta * x->v + (1 - h.beta) * g;
		return h.lr * (1 + fabs(w));
	}
	if (rule == "rmsprop") {
		x->s = h.beta * x->s + (1 - h.beta) * g * g;
		const double old = h.mu * x->v;
		x->v = old + h.lr * g / sqrt(x->s + h.eps);
		x->w -= h.c3 * x->v;
		return fabs(old) + h.lr * fabs(g) / sqrt(x->s + h.eps);
	}
	if (rule == "adagrad") {
		x->v += g * g;
		x->w -= h.lr * g / (sqrt(x->v) + h.eps);
		return h.lr * fabs(g) / sqrt(x->v);
	}
	x->w = h.mu == 0 ? h.lr * g : h.mu * w + h.lr * g;
	return fabs(h.mu * w) + fabs(h.lr * g);
}

// Arrays of n weights as they are before a step.
struct State {
	Array dw, w, v, s, hyper;
	State(size_t n, const Hyper &h) : dw(F32, n), w(F32, n), v(F32, n), s(F32, n), hyper(F32, 10) {
		Numbers random;
		for (size_t i = 0; i < n; i++) {
			dw.put(i, h.scale == 0 ? NAN : 300 * random.normal());
			w.put(i, i % 5 == 3 ? 0 : random.normal());
			v.put(i, random.uniform() + 0.1);
			s.put(i, random.uniform() + 1e-3);
		}
		const double list[] = {h.lr, h.decay, h.mu, h.scale, h.beta, h.eps, h.c1, h.c2, h.c3, h.wd};
		for (int i = 0; i < 10; i++) hyper.put(i, list[i]);
	}
	Hyper numbers() const {
		auto h = [&](int i) { return hyper.at(i); };
		return {h(0), h(1), h(2), h(3), h(4), h(5), h(6), h(7), h(8), h(9)};
	}
	Weight at(size_t i) const { return {w.at(i), v.at(i), s.at(i)}; }
};

static void want_state(const std::string &rule, const State &got, size_t i, const Weight &x, double moved) {
	want_one(rule + " w", got.w, i, x.w, rounded(32, moved) + rounded(4, fabs(x.w)));
	want_one(rule + " v", got.v, i, x.v, rounded(16, fabs(x.v) + 1));
	want_one(rule + " s", got.s, i, x.s, rounded(16, x.s));
}

static void run(const Module &mod, const std::string &rule, long long n, const Hyper &h) {
	State before(n, h), after = before;
	launch(mod, ("update_" + rule).c_str(), {{3, 1, 1}, {64, 1, 1}, 0}, {after.dw.arg(), after.hyper.arg(), after.w.arg(), after.v.arg(), after.s.arg(), &n});
	for (int i = 0; i < n; i++) {
		Weight x = before.at(i);
		const double moved = step(rule, before.numbers(), before.dw.at(i), &x);
		want_state(rule, after, i, x, moved);
	}
	want_intact({&after.dw, &after.w, &after.v, &after.s, &after.hyper});
}

// Lamb over tensors that end at `ends`; what lies behind the last one does not change.
static void run_lamb(const Module &mod, std::vector<int> ends, int slices, unsigned rows) {
	const size_t n = ends.back() + 3;
	State before(n, usual);
	for (int i = 0; i < ends[0]; i++) before.w.put(i, 0); // a tensor without a norm
	State after = before;
	int tensors = ends.size(), *pends = ends.data();
	std::vector<double> partial(tensors * slices * 3, NAN);
	Visible see_ends(ends.data(), tensors * sizeof(int)), see_partial(partial.data(), partial.size() * sizeof(double));
	double *pp = partial.data();
	const Shape shape = {{unsigned(slices), rows, 1}, {256, 1, 1}, 0};
	launch(mod, "lamb_moments", shape, {after.dw.arg(), after.hyper.arg(), &pends, after.w.arg(), after.v.arg(), after.s.arg(), &pp, &tensors});
	launch(mod, "lamb_apply", shape, {after.hyper.arg(), &pends, after.w.arg(), after.v.arg(), after.s.arg(), &pp, &tensors});
	Hyper h = before.numbers();
	h.c3 = 0;
	for (int t = 0; t < tensors; t++) {
		const int from = t ? ends[t - 1] : 0;
		double ww = 0, gg = 0, zz = 0;
		std::vector<Weight> x;
		for (int i = from; i < ends[t]; i++) {
			Weight one = before.at(i);
			const double g = before.dw.at(i) * h.scale + h.decay * one.w;
			moments(h, g, &one);
			const double z = h.c1 * one.v / sqrt(h.c2 * one.s + h.eps) + h.wd * one.w;
			ww += one.w * one.w, gg += g * g, zz += z * z;
			x.push_back(one);
		}
		const double rate = ww > 0 && gg > 0 && zz > 0 ? fmin(sqrt(ww / zz), 10) : 1;
		for (int i = from; i < ends[t]; i++) {
			Weight one = x[i - from];
			const double z = direction(h, 0, one) + h.wd * one.w, size = h.lr * rate * (fabs(z) + h.wd * fabs(one.w) + 1);
			one.w -= h.lr * rate * z;
			want_state("lamb", after, i, one, size);
		}
	}
	for (size_t i = ends.back(); i < n; i++) want_state("lamb behind the tensors", after, i, before.at(i), 0);
	want_intact({&after.w, &after.v, &after.s});
}

// The state of a guard: scale, good, skipped, run, norm.
static void run_guard(const Module &mod, bool is_finite, float loss, float squares, float clip, int window, std::vector<double> state) {
	int rows = 3, scaled = 2;
	Array flag(F32, 1), losses(F32, 1), sum(F32, 1), plan(F32, 2 * rows * 16), hyper(F32, rows * 16), kept(F32, 8);
	void *none = nullptr;
	flag.put(0, is_finite), losses.put(0, loss), sum.put(0, squares);
	for (size_t i = 0; i < plan.n; i++) plan.put(i, float(i) + 1);
	kept.fill_with(7);
	for (int i = 0; i < 5; i++) kept.put(i, state[i]);
	launch(mod, "guard", {{1, 1, 1}, {32, 1, 1}, 0}, {flag.arg(), losses.arg(), clip > 0 ? sum.arg() : &none, plan.arg(), hyper.arg(), kept.arg(), &rows, &scaled, &clip, &window});
	const bool ok = is_finite && isfinite(loss) && (clip == 0 || isfinite(squares));
	const double scale = state[0], norm = sqrt(squares) / scale, factor = (clip > 0 ? clip / fmax(norm, clip) : 1) / scale;
	for (int i = 0; i < rows * 16; i++) {
		const double v = plan.at(ok ? i : rows * 16 + i) * (ok && i < scaled * 16 && i % 16 == 3 ? factor : 1);
		want_one("numbers of a guard", hyper, i, v, rounded(4, fabs(v)));
	}
	std::vector<double> next = {scale, 0, state[2] + 1, state[3] + 1, state[4]};
	if (ok) {
		const bool full = window > 0 && state[1] + 1 == window;
		next = {full ? fmin(2 * scale, 0x1p32) : scale, full ? 0 : state[1] + 1, state[2], 0, clip > 0 ? norm : state[4]};
	} else if (window > 0) {
		next[0] = fmax(scale / 2, 1);
	}
	for (int i = 0; i < 8; i++) want_one("state of a guard", kept, i, i < 5 ? next[i] : 7, i == 4 && ok ? rounded(4, norm) : 0);
	want_intact({&flag, &losses, &sum, &plan, &hyper, &kept});
}

static void run_guards(const Module &mod) {
	for (float clip : {0.f, 2.f})
		for (int window : {0, 4}) {
			run_guard(mod, true, 3, 5e6f, clip, window, {512, 1, 2, 0, 9});
			run_guard(mod, true, 3, 10, clip, window, {512, 3, 2, 0, 9});
			run_guard(mod, false, 3, 10, clip, window, {512, 3, 2, 1, 9});
			run_guard(mod, true, NAN, 10, clip, window, {512, 3, 2, 1, 9});
			run_guard(mod, true, 1, INFINITY, clip, window, {1, 3, 2, 1, 9});
			run_guard(mod, true, 1, 10, clip, window, {0x1p32, 3, 2, 1, 9});
		}
}

int main(int argc, char **argv) {
	Module mod(argv, argc, F32);
	for (const char *rule : {"momentum", "nesterov", "adam", "lion", "rmsprop", "adagrad", "blend"})
		for (long long n : {1, 3, 4, 1001}) run(mod, rule, n, usual);
	Hyper copy = usual;
	copy.mu = 0;
	run(mod, "blend", 9, copy);
	Hyper skip = usual; // dw is NaN
	skip.scale = 0;
	for (const char *rule : {"momentum", "nesterov", "adam", "lion", "rmsprop", "adagrad", "blend"}) run(mod, rule, 9, skip);
	run_guards(mod);
	run_lamb(mod, {1}, 1, 1);
	run_lamb(mod, {5, 600, 607, 5000}, 3, 2); // tensors in turn, slices without elements
	return failures != 0;
}
