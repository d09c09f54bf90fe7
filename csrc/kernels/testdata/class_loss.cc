// class_loss checks class_loss.cu: losses against float64, gradients against the differences of those losses.
#include "host.h"

enum { BINARY, MULTI, SINGLE, DIVERGENCE };
static const char *const kernels[] = {"binary", "asymmetric_multi", "asymmetric_single", "jensen_shannon"};

struct Case { int kind, n, classes, threads; double smoothing; bool mean; double spread; };

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double weight(double u, double t) { return pow(1 - u, t + 4 * (1 - t)); }

static std::vector<double> log_softmax(const double *x, int classes) {
	double top = *std::max_element(x, x + classes), sum = 0;
	for (int c = 0; c < classes; c++) sum += exp(x[c] - top);
	std::vector<double> p(classes);
	for (int c = 0; c < classes; c++) p[c] = x[c] - top - log(sum);
	return p;
}

// The loss of row n, or of sample n, of logits x.
static double loss_of(const Case &o, const std::vector<double> &x, const std::vector<double> &target, int n) {
	const double *t = &target[size_t(n) * o.classes], *row = &x[size_t(n) * o.classes];
	const int samples = o.n / 3;
	std::vector<std::vector<double>> p;
	for (int k = 0; k < (o.kind == DIVERGENCE ? 3 : 1); k++) p.push_back(log_softmax(row + size_t(k) * samples * o.classes, o.classes));
	double loss = 0;
	for (int c = 0; c < o.classes; c++) {
		const double y = (1 - o.smoothing) * t[c] + o.smoothing / o.classes, s = sigmoid(row[c]), q = fmin(sigmoid(-row[c]) + 0.05, 1);
		if (o.kind == BINARY) loss += (fmax(row[c], 0) - row[c] * y + log1p(exp(-fabs(row[c])))) / (o.mean ? o.classes : 1);
		if (o.kind == MULTI) loss -= (t[c] * log(fmax(s, 1e-8)) + (1 - t[c]) * log(fmax(q, 1e-8))) * weight(s * t[c] + q * (1 - t[c]), t[c]);
		if (o.kind == SINGLE) loss -= y * p[0][c] * weight(exp(p[0][c]) * t[c] + (1 - exp(p[0][c])) * (1 - t[c]), t[c]);
		if (o.kind != DIVERGENCE) continue;
		loss -= y * p[0][c];
		const double m = fmax((exp(p[0][c]) + exp(p[1][c]) + exp(p[2][c])) / 3, 1e-7);
		for (const auto &view : p) loss += 4.0 / (o.mean ? 1 : samples) * exp(view[c]) * (view[c] - log(m));
	}
	return loss;
}

static void run(const Module &mod, Case o) {
	const int rows = o.kind == DIVERGENCE ? o.n / 3 : o.n, all = o.n * o.classes;
	Numbers random;
	Array logits(mod.type, all), target(F32, all), scale(F32, 1), loss(F32, o.n), dlogits(mod.type, all);
	std::vector<double> x(all), t(all);
	for (int i = 0; i < all; i++) {
		logits.put(i, o.spread * random.normal());
		target.put(i, i % 3 == 0 ? 1 : i % 3 == 1 ? 0 : random.uniform());
		x[i] = logits.at(i), t[i] = target.at(i);
	}
	scale.put(0, 512);
	float smoothing = o.smoothing, divisor = o.mean ? rows : 1, part = 1;
	if (o.kind == BINARY && o.mean) part = 1.0f / o.classes;
	if (o.kind == DIVERGENCE && !o.mean) part = 1.0f / rows;
	o.smoothing = smoothing;
	launch(mod, kernels[o.kind], {{unsigned(rows), 1, 1}, {unsigned(o.threads), 1, 1}, 0},
		{logits.arg(), target.arg(), scale.arg(), loss.arg(), dlogits.arg(), &smoothing, &divisor, &part, &o.classes});
	const double most = (o.kind == DIVERGENCE ? 12 : 1) * (o.kind == BINARY ? part : 1) * (2 + log(o.classes) + 10 * o.spread); // of a class
	for (int n = 0; n < o.n; n++) want_one(kernels[o.kind], loss, n, n < rows ? loss_of(o, x, t, n) : 0, rounded(64 + o.classes, most * o.classes));
	for (int i = 0; i < all; i++) {
		const double h = 1e-4, at = x[i], factor = 512 / (double)divisor;
		auto moved = [&](double by) {
			x[i] = at + by;
			const double l = loss_of(o, x, t, i / o.classes % rows);
			x[i] = at;
			return l;
		};
		const double slope = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h); // wrong by about h^4
		want_one("gradient", dlogits, i, factor * slope, factor * (rounded(64 + o.classes, most) + 1e-10 * (1 + most)));
	}
	want_intact({&logits, &target, &scale, &loss, &dlogits});
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &mod) {
		for (int kind : {BINARY, MULTI, SINGLE, DIVERGENCE})
			for (const Case &o : {Case{kind, 3, 10, 32, 0, true, 1}, Case{kind, 6, 7, 32, 0.1, false, 2}, Case{kind, 3, 200, 64, 0.1, true, 1},
				     Case{kind, 3, 1, 32, 0, true, 1}})
				run(mod, o);
	});
}
