// undefined runs a kernel that does something undefined, so that a sanitizer must stop it. Its argument is the kernel's name.
#include "host.h"

static const char source[] = R"(
extern "C" __global__ void shift(int *x, int n) { *x = 1 << n; }
__noinline__ int at(volatile int *list, int n) { return list[n]; }
extern "C" __global__ void stack(int *x, int n) {
	volatile int list[4] = {};
	*x = at(list, n);
}
)";

int main(int, char **argv) {
	void *image;
	size_t size;
	char *log, error[256];
	cudahost_module *module;
	cudahost_kernel *kernel;
	if (cudahost_compile(source, "undefined.cu", 0, nullptr, nullptr, 0, nullptr, &image, &size, &log) ||
		cudahost_load(image, &module, error, sizeof error) || cudahost_function(module, argv[1], &kernel))
		return 0; // which is not what is wanted
	int x = 0, *p = &x, n = !strcmp(argv[1], "shift") ? 33 : 5;
	void *params[] = {&p, &n};
	const unsigned one[3] = {1, 1, 1};
	cudahost_launch(kernel, one, one, 0, params, error, sizeof error);
	return 0;
}
