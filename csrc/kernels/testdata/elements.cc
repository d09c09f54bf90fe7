// elements runs elements.cu on the host and compares with plain loops in double. Arguments: common.cuh, elements.cu.
#include "cudahost.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

static int failures;
static cudahost_module *module_;

static std::string text(const char *path) {
	std::ifstream f(path);
	std::stringstream s;
	s << f.rdbuf();
	return s.str();
}

static void launch(const char *name, std::vector<void *> params) {
	char error[512] = "";
	cudahost_kernel *k;
	unsigned grid[3] = {3, 1, 1}, block[3] = {64, 1, 1};
	if (cudahost_function(module_, name, &k) || cudahost_launch(k, grid, block, 0, params.data(), error, sizeof error)) {
		printf("%s: %s\n", name, error);
		failures++;
	}
}

static void want(const char *what, float got, double exact) {
	if (isnan(exact) ? !isnan(got) : !(fabs(got - exact) <= 4 * 0x1p-24 * (fabs(exact) + 1))) {
		printf("%s: got %.9g, want %.9g\n", what, got, exact);
		failures++;
	}
}

int main(int, char **argv) {
	std::string header = text(argv[1]), source = text(argv[2]);
	const char *headers[] = {header.c_str()}, *names[] = {"common.cuh"};
	void *image;
	size_t size;
	char *log, error[512];
	for (const char *type : {"-DTYPE=F16", "-DTYPE=BF16", "-DTYPE=F32"}) { // the last one is run
		if (cudahost_compile(source.c_str(), "elements.cu", 1, headers, names, 1, &type, &image, &size, &log) || *log) {
			printf("%s: %s\n", type, log);
			return 1;
		}
	}
	if (cudahost_load(image, &module_, error, sizeof error)) {
		printf("%s\n", error);
		return 1;
	}
	for (long long n : {1, 7, 192, 1001}) {
		std::vector<float> x(n), y(n), out(n), w(n), v(n);
		std::vector<unsigned char> mask(n);
		for (int i = 0; i < n; i++) {
			x[i] = i % 11 == 5 ? NAN : float(i % 23) - 9.5f;
			y[i] = out[i] = float(i % 9) - 1;
			w[i] = float(i % 5) * 0.3f;
			v[i] = float(i % 3) * 0.1f;
			mask[i] = i % 3 != 0;
		}
		float *px = x.data(), *py = y.data(), *po = out.data(), a = 0.25f, b = -2, zero = 0, scale = 1.25f;
		launch("add", {&px, &po, &a, &b, &n});
		for (int i = 0; i < n; i++) want("add", out[i], a * (double)x[i] + b * (double)y[i]);
		out.assign(n, NAN);
		launch("add", {&py, &po, &a, &zero, &n});
		for (int i = 0; i < n; i++) want("add with b = 0", out[i], a * (double)y[i]);
		launch("relu6_forward", {&px, &po, &n});
		for (int i = 0; i < n; i++) want("relu6", out[i], isnan(x[i]) ? NAN : fmin(fmax(x[i], 0), 6));
		launch("relu6_backward", {&px, &py, &po, &n});
		for (int i = 0; i < n; i++) want("gradient of relu6", out[i], y[i] > 0 && y[i] < 6 ? x[i] : 0);
		unsigned char *pm = mask.data();
		launch("dropout", {&py, &pm, &po, &scale, &n});
		for (int i = 0; i < n; i++) want("dropout", out[i], mask[i] ? y[i] * 1.25 : 0);
		launch("fill", {&po, &a, &n});
		for (int i = 0; i < n; i++) want("fill", out[i], 0.25);
		for (int nesterov : {0, 1}) {
			std::vector<float> hyper = {0.1f, 4e-5f, 0.9f, 0.5f}, w0 = w, v0 = v;
			float *ph = hyper.data(), *pw = w.data(), *pv = v.data();
			launch("update", {&py, &ph, &pw, &pv, &nesterov, &n});
			for (int i = 0; i < n; i++) {
				double g = y[i] * 0.5 + (double)hyper[1] * w0[i], velocity = (double)hyper[2] * v0[i] + g;
				want("velocity", v[i], velocity);
				want("parameter", w[i], w0[i] - (double)hyper[0] * (nesterov ? g + (double)hyper[2] * velocity : velocity));
			}
		}
	}
	return failures != 0;
}
