// fused_norm checks fused_norm.cu against the formulas of batch norm in float64.
#include "host.h"

static const double kSlack = 1e-5; // float32 results of sums in float32 and double; far below any mistake in a formula

static void near(const std::string &what, Array &got, size_t i, double exact, double scale) {
	if (fabs(got.at(i) - exact) <= kSlack * (fabs(exact) + scale) + (got.type == F32 ? 0 : units[got.type] * fabs(exact) + 0x1p-24)) return;
	printf("%s: element %zu: got %.9g, want %.9g\n", what.c_str(), i, got.at(i), exact);
	failures++;
}

static void check(const Module &m, long long rows, int channels, int parts, bool gated) {
	Type t = m.type;
	std::string what = std::string(type_names[t]) + " " + std::to_string(rows) + " x " + std::to_string(channels);
	size_t n = size_t(rows) * channels;
	Array z(t, n), dy(t, n), e(t, n), y(t, n);
	z.fill(1, 1);
	dy.fill(2, 0.5f);
	e.fill(3, 1);
	Array gamma(F32, channels), beta(F32, channels), mean0(F32, channels), var0(F32, channels), runmean(F32, channels), runvar(F32, channels);
	gamma.fill(4, 1), beta.fill(5, 1), mean0.fill(6, 0.125f), var0.fill(7, 1);
	Array partial(F32, size_t(parts) * 3 * channels), norm(F32, 4 * size_t(channels)), dgamma(F32, channels), dbeta(F32, channels), factors(F32, 5 * size_t(channels));
	for (int c = 0; c < channels; c++) {
		var0.put(c, 2.5f);
		runmean.put(c, float(mean0.at(c)));
		runvar.put(c, 2.5f);
		for (int p = 0; p < parts; p++) { // row r belongs to part r % parts
			double n = 0, mean = 0, squares = 0;
			for (long long r = p; r < rows; r += parts) n++, mean += z.at(r * channels + c);
			if (n > 0) mean /= n;
			for (long long r = p; r < rows; r += parts) squares += pow(z.at(r * channels + c) - mean, 2);
			float moments[3] = {float(n), float(mean), float(squares)};
			for (int k = 0; k < 3; k++) memcpy(partial.data() + 4 * ((size_t(p) * 3 + k) * channels + c), &moments[k], 4);
		}
	}
	float eps = 1e-5f, momentum = 0.25f;
	void *pp = partial.data(), *pg = gamma.data(), *pb = beta.data(), *pm = runmean.data(), *pv = runvar.data(), *pn = norm.data();
	Shape columns = {{unsigned(channels + 31) / 32, 1, 1}, {32, 16, 1}, 0};
	launch(m, "finish_forward", columns, {&pp, &pg, &pb, &pm, &pv, &pn, &eps, &momentum, &rows, &channels, &parts});
	std::vector<double> mean(channels), invstd(channels);
	for (int c = 0; c < channels; c++) {
		double sum = 0, var = 0;
		for (long long r = 0; r < rows; r++) sum += z.at(r * channels + c);
		mean[c] = sum / rows;
		for (long long r = 0; r < rows; r++) var += pow(z.at(r * channels + c) - mean[c], 2) / rows;
		invstd[c] = 1 / sqrt(var + eps);
		near(what + " scale", norm, c, gamma.at(c) * invstd[c], 0);
		near(what + " shift", norm, c + channels, beta.at(c) - mean[c] * gamma.at(c) * invstd[c], 1);
		near(what + " mean", norm, c + 2 * channels, mean[c], 1);
		near(what + " invstd", norm, c + 3 * channels, invstd[c], 0);
		near(what + " moving mean", runmean, c, 0.75 * mean0.at(c) + 0.25 * mean[c], 1);
		near(what + " moving variance", runvar, c, 0.75 * 2.5 + 0.25 * (rows > 1 ? var * rows / (rows - 1) : var), 1);
	}

	void *pz = z.data(), *pe = e.data(), *py = y.data(), *pdy = dy.data(), *none = nullptr;
	float low = 0, high = 6;
	long long elements = (long long)n;
	for (void **beside : {&pe, &none}) {
		launch(m, "normalise", {{2, 1, 1}, {64, 1, 1}, 0}, {&pz, &pn, beside, &py, &low, &high, &elements, &channels});
		for (size_t i = 0; i < n; i++) {
			double v = norm.at(i % channels) * z.at(i) + norm.at(i % channels + channels);
			near(what + " normalise", y, i, fmin(fmax(v, 0), 6) + (*beside ? e.at(i) : 0), 4);
		}
	}

	int packs = channels / (t == F32 ? 4 : 8), gate = gated;
	Shape sums = {{1, unsigned(parts), 1}, {unsigned(packs), 3, 1}, 0};
	void *pdg = dgamma.data(), *pdb = dbeta.data(), *pf = factors.data();
	launch(m, "gradient_sums", sums, {&pdy, &pz, &pn, &pp, &gate, &rows, &channels});
	launch(m, "finish_backward", columns, {&pp, &pn, &pdg, &pdb, &pf, &rows, &channels, &parts});
	for (int c = 0; c < channels; c++) {
		double sum = 0, slope = 0, scale = 0;
		auto dn = [&](long long r) {
			double v = (float)norm.at(c) * z.at(r * channels + c) + norm.at(c + channels);
			return !gated || (v > 0 && v < 6) ? dy.at(r * channels + c) : 0;
		};
		auto xhat = [&](long long r) { return (z.at(r * channels + c) - mean[c]) * invstd[c]; };
		for (long long r = 0; r < rows; r++) {
			sum += dn(r), slope += dn(r) * xhat(r);
			scale += fabs(dn(r)) * (1 + fabs(xhat(r)));
		}
		near(what + " dbeta", dbeta, c, sum, scale);
		near(what + " dgamma", dgamma, c, slope, scale);
		for (long long r = 0; r < rows; r++) {
			double want = gamma.at(c) * invstd[c] * (dn(r) - sum / rows - xhat(r) * slope / rows);
			double got = dn(r) * factors.at(c) + z.at(r * channels + c) * factors.at(c + channels) + factors.at(c + 2 * channels);
			if (fabs(got - want) > 1e-4 * (fabs(want) + fabs(gamma.at(c)) * invstd[c] * (1 + scale))) {
				printf("%s: gradient of row %lld, channel %d: got %.9g, want %.9g\n", what.c_str(), r, c, got, want);
				failures++;
			}
		}
		if (factors.at(c + 3 * channels) != norm.at(c) || factors.at(c + 4 * channels) != norm.at(c + channels)) failures++, printf("%s: gate\n", what.c_str());
	}

	Array infer(F32, 2 * size_t(channels));
	void *pi = infer.data();
	launch(m, "finish_infer", {{1, 1, 1}, {32, 1, 1}, 0}, {&pg, &pb, &pm, &pv, &pi, &eps, &channels});
	for (int c = 0; c < channels; c++) {
		double scale = gamma.at(c) / sqrt(runvar.at(c) + eps);
		near(what + " scale of inference", infer, c, scale, 0);
		near(what + " shift of inference", infer, c + channels, beta.at(c) - runmean.at(c) * scale, 1);
	}
	for (Array *a : {&partial, &norm, &dgamma, &dbeta, &factors, &infer, &y, &runmean, &runvar})
		if (!a->intact()) failures++, printf("%s: memory outside a result was written\n", what.c_str());
}

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &m) {
		check(m, 1, 8, 1, false);
		check(m, 37, 40, 3, true);
		check(m, 200, 16, 20, true);
		check(m, 49, 136, 5, false);
	});
}
