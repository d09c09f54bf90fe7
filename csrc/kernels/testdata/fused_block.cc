// fused_block checks fused_block.cu against the layers in float64, whose results are rounded where the kernel rounds.
#include "fused.h"

struct Sizes { int n, h, w, c, e, k, p, q; };

static std::vector<double> convolved(Conv o, const std::vector<double> &x, Array &w) {
	std::vector<double> y(o.out());
	o.each([&](size_t i, size_t j, size_t k) { y[k] += x[i] * w.at(j); });
	return y;
}

static double clipped(double v) { return fmin(fmax(v, 0), 6); }

// Batch norm, and relu6.
static void normalise(std::vector<double> &v, Array &norm, int channels, bool clip) {
	for (size_t i = 0; i < v.size(); i++) {
		v[i] = v[i] * norm.at(i % channels) + norm.at(i % channels + channels);
		if (clip) v[i] = clipped(v[i]);
	}
}

static void check(const Module &m, int n, int h, int w, int c, int e, int k, int stride, int nt, bool residual) {
	Type t = m.type;
	Conv expand(n, h, w, c, e, 1, 1, 0, 1), depthwise(n, h, w, e, e, 3, stride, 1, e), project(n, depthwise.p, depthwise.q, e, k, 1, 1, 0, 1);
	Array x(t, expand.in()), y(t, project.out()), w1(t, expand.filter()), w2(t, depthwise.filter()), w3(t, project.filter());
	Array n1(F32, 2 * size_t(e)), n2(F32, 2 * size_t(e)), n3(F32, 2 * size_t(k));
	x.fill(1, 0.25f), w1.fill(2, 0.25f), w2.fill(3, 0.25f), w3.fill(4, 0.125f), n1.fill(5, 0.5f), n2.fill(6, 0.5f), n3.fill(7, 0.5f);
	std::vector<double> in(x.n);
	for (size_t i = 0; i < x.n; i++) in[i] = x.at(i);
	std::vector<double> a = convolved(expand, in, w1);
	normalise(a, n1, e, true);
	std::vector<double> b = convolved(depthwise, a, w2);
	normalise(b, n2, e, true);
	Sums s(project.out());
	// A rounding of a may reach b nine times, through w2 and n2; values of a are at most 6.
	double slip = 9 * 2.5 * 0.25 * 1.25 * 6;
	project.each([&](size_t i, size_t j, size_t l) {
		double scale = n3.at(l % k);
		s.exact[l] += b[i] * w3.at(j) * scale;
		s.magnitude[l] += (fabs(b[i]) + slip) * fabs(w3.at(j) * scale);
	});
	for (size_t l = 0; l < project.out(); l++) {
		s.add(l, n3.at(l % k + k));
		if (residual) s.add(l, x.at(l));
	}
	Sizes o = {n, h, w, c, e, k, project.p, project.q};
	int size = t == F32 ? 4 : 2, pad = 16 / size, rows = stride == 1 ? 112 : 304, wide = (c + 15) / 16 * 16 + pad, narrow = 32 + pad;
	unsigned shared = unsigned(size * ((rows + 64) * wide + 2 * nt * 16 * narrow + (rows + 64) * narrow));
	void *px = x.data(), *p1 = w1.data(), *q1 = n1.data(), *p2 = w2.data(), *q2 = n2.data(), *p3 = w3.data(), *q3 = n3.data(),
	     *pe = residual ? px : nullptr, *py = y.data();
	unsigned tiles = unsigned(n * ((o.p + 7) / 8) * ((o.q + 7) / 8));
	std::string name = "block_s" + std::to_string(stride) + "_" + std::to_string(nt);
	char text[120];
	snprintf(text, sizeof text, "%s %s n=%d %dx%d %d->%d->%d", type_names[t], name.c_str(), n, h, w, c, e, k);
	if (launch(m, name.c_str(), {{tiles, 1, 1}, {256, 1, 1}, shared}, {&px, &p1, &q1, &p2, &q2, &p3, &q3, &pe, &py, &o}))
		want(text, y, s.exact, s.magnitude, e + 9 * c + 2 * rounded(t));
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		check(m, 2, 7, 5, 8, 48, 8, 1, 2, true);
		check(m, 1, 14, 14, 24, 80, 40, 1, 4, false);
		check(m, 1, 9, 8, 16, 32, 136, 1, 10, false);
		check(m, 1, 3, 3, 40, 8, 168, 1, 20, false);
		check(m, 1, 10, 17, 16, 96, 24, 2, 2, false);
		check(m, 2, 4, 4, 32, 40, 72, 2, 6, false);
	});
}
