// norm checks norm.cu.
#include "host.h"

static double relu(double v, int act) { return act && !isnan(v) ? fmin(fmax(v, 0), 6) : v; }

struct channel { double mean, var, invstd; };

static channel moments(const Array &x, long long rows, int channels, int c, float eps) {
	double mean = 0, var = 0;
	for (long long i = c; i < (long long)x.n; i += channels) mean += x.at(i);
	mean /= rows;
	for (long long i = c; i < (long long)x.n; i += channels) var += (x.at(i) - mean) * (x.at(i) - mean);
	var /= rows;
	return {mean, var, 1 / sqrt(var + (double)eps)};
}

// One case: `mean` is the channels' mean, in deviations.
struct test { long long rows; int channels, slices, act; double mean; };

static void run(const Module &mod, const test &o) {
	const Type t = mod.type;
	long long rows = o.rows;
	int channels = o.channels, act = o.act, slices = o.slices;
	Numbers random;
	const long long n = rows * channels;
	Array x(t, n), dy(t, n), y(t, n), dx(t, n);
	for (long long i = 0; i < n; i++) x.put(i, o.mean + random.normal()), dy.put(i, random.normal());
	Array gamma(F32, channels), beta(F32, channels), runmean(F32, channels), runvar(F32, channels), mean(F32, channels), invstd(F32, channels),
		dgamma(F32, channels), dbeta(F32, channels), partial(F32, slices * 2 * channels);
	for (int c = 0; c < channels; c++) {
		gamma.put(c, c % 3 ? 1 + 0.3 * random.normal() : -0.7f);
		beta.put(c, random.normal());
		runmean.put(c, o.mean + random.normal());
		runvar.put(c, 0.5 + random.uniform());
	}
	const Array oldmean = runmean, oldvar = runvar;
	float eps = 1e-5f, momentum = 0.1f;
	void *none = 0, *pbeta = act ? beta.data() : none;
	const int groups = (channels + pack_of(t) - 1) / pack_of(t), bx = groups < 32 ? groups : 32, by = 256 / bx < 7 ? 256 / bx : 7;
	const Shape shape = {{unsigned(groups + bx - 1) / bx, unsigned(slices), 1}, {unsigned(bx), unsigned(by), 1}, 0};
	const Shape finish = {{unsigned(channels + 31) / 32, 1, 1}, {32, 16, 1}, 0};

	launch(mod, "norm_infer", shape, {x.arg(), gamma.arg(), beta.arg(), runmean.arg(), runvar.arg(), y.arg(), &eps, &act, &rows, &channels});
	for (long long i = 0; i < n; i++) {
		const int c = i % channels;
		const double scale = gamma.at(c) / sqrt((double)runvar.at(c) + eps);
		const double exact = scale * ((double)x.at(i) - runmean.at(c)) + beta.at(c);
		want_one("infer", y, i, relu(exact, act), rounded(8, fabs(scale * (x.at(i) - runmean.at(c))) + fabs(beta.at(c))));
	}

	launch(mod, "norm_sums", shape, {x.arg(), partial.arg(), &rows, &channels});
	launch(mod, "norm_statistics", finish, {partial.arg(), runmean.arg(), runvar.arg(), mean.arg(), invstd.arg(), &eps, &momentum, &rows, &channels, &slices});
	launch(mod, "norm_forward", shape, {x.arg(), gamma.arg(), beta.arg(), mean.arg(), invstd.arg(), y.arg(), &act, &rows, &channels});
	partial.fill_with(NAN);
	launch(mod, "norm_gradient_sums", shape, {x.arg(), dy.arg(), gamma.arg(), &pbeta, mean.arg(), invstd.arg(), partial.arg(), &rows, &channels});
	launch(mod, "norm_parameter_gradients", finish, {partial.arg(), dgamma.arg(), dbeta.arg(), &channels, &slices});
	dx = dy; // in place
	launch(mod, "norm_backward", shape, {x.arg(), dx.arg(), gamma.arg(), &pbeta, mean.arg(), invstd.arg(), dgamma.arg(), dbeta.arg(), dx.arg(), &rows, &channels});

	for (int c = 0; c < channels; c++) {
		const channel e = moments(x, rows, channels, c, eps);
		const double condition = sqrt(e.mean * e.mean + e.var), invstd_error = e.invstd * e.invstd * e.invstd * rounded(64, e.var + condition * sqrt(e.var));
		want_one("mean", mean, c, e.mean, rounded(16, condition));
		want_one("invstd", invstd, c, e.invstd, invstd_error);
		want_one("moving mean", runmean, c, (1 - (double)momentum) * oldmean.at(c) + momentum * e.mean, rounded(16, condition));
		want_one("moving variance", runvar, c, (1 - (double)momentum) * oldvar.at(c) + momentum * (rows > 1 ? e.var * rows / (rows - 1) : e.var),
			rounded(64, e.var + condition * sqrt(e.var)) + rounded(2, 1));
		// From here on the statistics are those that the kernels found, as they are operands of the gradients.
		const double m = mean.at(c), scale = gamma.at(c) * (double)invstd.at(c);
		double db = 0, dg = 0, size = 0, product = 0;
		std::vector<double> d(rows);
		for (long long r = 0; r < rows; r++) {
			const long long i = r * channels + c;
			const double xhat = (x.at(i) - m) * invstd.at(c), exact = scale * (x.at(i) - m) + beta.at(c);
			want_one("forward", y, i, relu(exact, act), rounded(8, fabs(scale * (x.at(i) - m)) + fabs(beta.at(c))));
			d[r] = act && !(y.at(i) > 0 && y.at(i) < 6) ? 0 : dy.at(i);
			db += d[r], dg += d[r] * xhat;
			size += fabs(d[r]), product += fabs(d[r] * xhat);
		}
		want_one("dbeta", dbeta, c, db, rounded(64, size));
		want_one("dgamma", dgamma, c, dg, rounded(64, product));
		for (long long r = 0; r < rows; r++) {
			const long long i = r * channels + c;
			const double xhat = (x.at(i) - m) * invstd.at(c);
			want_one("dx", dx, i, scale * (d[r] - db / rows - xhat * dg / rows),
				fabs(scale) * (rounded(64, size + fabs(xhat) * product) / rows + rounded(8, fabs(d[r]) + fabs(db) / rows + fabs(xhat * dg) / rows)));
		}
	}
	want_intact({&x, &dy, &y, &dx, &gamma, &beta, &runmean, &runvar, &mean, &invstd, &dgamma, &dbeta, &partial});
}

// Infinities give what the formulas say.
static void infinite(const Module &mod) {
	const Type t = mod.type;
	long long rows = 6;
	int channels = 2 * pack_of(t), slices = 2;
	Array x(t, rows * channels), partial(F32, slices * 2 * channels), runmean(F32, channels), runvar(F32, channels), mean(F32, channels), invstd(F32, channels);
	x.fill_with(1);
	for (int r = 0; r < rows; r++) x.put(r * channels + r, r % 2 ? -INFINITY : INFINITY);
	x.put(6, INFINITY), x.put(channels + 6, -INFINITY), x.put(7, NAN);
	runmean.fill_with(0), runvar.fill_with(1);
	float eps = 1e-5f, momentum = 0.1f;
	launch(mod, "norm_sums", {{1, unsigned(slices), 1}, {2, 2, 1}, 0}, {x.arg(), partial.arg(), &rows, &channels});
	launch(mod, "norm_statistics", {{1, 1, 1}, {32, 16, 1}, 0}, {partial.arg(), runmean.arg(), runvar.arg(), mean.arg(), invstd.arg(), &eps, &momentum, &rows, &channels, &slices});
	for (int c = 0; c < 8; c++) {
		want_one("mean of infinities", mean, c, c > 5 ? NAN : c % 2 ? -INFINITY : INFINITY, 0);
		want_one("invstd of infinities", invstd, c, NAN, 0);
	}
}

static const test tests[] = {
	{1, 3, 1, 0, 0}, // one value: variance 0
	{1, 16, 4, 1, 2}, // slices without rows
	{5, 32, 2, 1, 0},   {98, 40, 3, 0, 0}, {203, 16, 4, 1, 1},
	{64, 300, 2, 1, 0}, // more than one block of channels
	{150, 24, 3, 0, 300}, // a mean far from 0
	{77, 21, 5, 1, -0.5},
};

int main(int argc, char **argv) {
	return for_types(argc, argv, [](const Module &mod) {
		for (const test &o : tests) run(mod, o);
		infinite(mod);
	});
}
