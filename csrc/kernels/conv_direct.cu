// conv_direct.cu: convolutions of every shape that backend.Conv2D allows, one thread or warp per result. NHWC activations, OIHW
// filter; see backend.Conv2D for the formula. This is what is left for shapes that no faster kernel takes, and what those are
// compared with. Sums are float32. Not measured.
//   conv_forward, conv_grad_input   any grid and block; a thread per element
//   conv_grad_weight                block (32); a warp per element of the filter, any grid
//   conv_grad_bias                  grid (channels/32 rounded up), block (32, 8)
#include "common.cuh"

// Sizes as backend.Conv2D names them; p x q is the output.
struct conv { int n, h, w, c, k, r, s, stride, pad, groups, p, q; };

// y[n,p,q,k] = b[k] + sum over r,s,c of x[n, p*stride+r-pad, q*stride+s-pad, c] * w[k,c,r,s]; b may be null.
KERNEL conv_forward(const element *x, const element *w, const float *b, element *y, conv o) {
	const int per = o.c / o.groups, taps = o.r * o.s;
	EACH(i, (i64)o.n * o.p * o.q * o.k) {
		const int k = i % o.k, q = i / o.k % o.q, p = i / o.k / o.q % o.p, n = i / o.k / o.q / o.p;
		const int first = k / (o.k / o.groups) * per;
		float sum = 0;
		for (int t = 0; t < taps; t++) {
			const int row = p * o.stride + t / o.s - o.pad, column = q * o.stride + t % o.s - o.pad;
			if (row < 0 || row >= o.h || column < 0 || column >= o.w) continue;
			const element *px = x + (((i64)n * o.h + row) * o.w + column) * o.c + first, *pw = w + (i64)k * per * taps + t;
			for (int c = 0; c < per; c++) sum += load(px + c) * load(pw + (i64)c * taps);
		}
		store(y + i, b ? sum + b[k] : sum);
	}
}

// dx[n,h,w,c] = the sum of w*dy over every output that took x[n,h,w,c] in
KERNEL conv_grad_input(const element *w, const element *dy, element *dx, conv o) {
	const int per = o.c / o.groups, outs = o.k / o.groups, taps = o.r * o.s;
	EACH(i, (i64)o.n * o.h * o.w * o.c) {
		const int c = i % o.c, column = i / o.c % o.w, row = i / o.c / o.w % o.h, n = i / o.c / o.w / o.h;
		const int first = c / per * outs;
		float sum = 0;
		for (int t = 0; t < taps; t++) {
			const int up = row + o.pad - t / o.s, left = column + o.pad - t % o.s;
			if (up < 0 || left < 0 || up % o.stride || left % o.stride) continue;
			const int p = up / o.stride, q = left / o.stride;
			if (p >= o.p || q >= o.q) continue;
			const element *py = dy + (((i64)n * o.p + p) * o.q + q) * o.k + first;
			const element *pw = w + ((i64)first * per + c % per) * taps + t;
			for (int k = 0; k < outs; k++) sum += load(py + k) * load(pw + (i64)k * per * taps);
		}
		store(dx + i, sum);
	}
}

// dw[k,c,r,s] = sum over n,p,q of x*dy. Lane l takes outputs l, l+32, ...; then the lanes are added in a fixed tree.
KERNEL conv_grad_weight(const element *x, const element *dy, float *dw, conv o) {
	const int per = o.c / o.groups, taps = o.r * o.s, outputs = o.n * o.p * o.q;
	for (i64 i = blockIdx.x; i < (i64)o.k * per * taps; i += gridDim.x) {
		const int t = i % taps, k = i / taps / per, c = k / (o.k / o.groups) * per + i / taps % per;
		float sum = 0;
		for (int m = threadIdx.x; m < outputs; m += 32) {
			const int q = m % o.q, p = m / o.q % o.p, n = m / o.q / o.p;
			const int row = p * o.stride + t / o.s - o.pad, column = q * o.stride + t % o.s - o.pad;
			if (row < 0 || row >= o.h || column < 0 || column >= o.w) continue;
			sum += load(x + (((i64)n * o.h + row) * o.w + column) * o.c + c) * load(dy + (i64)m * o.k + k);
		}
		for (int d = 16; d; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
		if (threadIdx.x == 0) dw[i] = sum;
	}
}

// db[k] = sum over all rows of dy, which is rows x k
KERNEL conv_grad_bias(const element *dy, float *db, int rows, int k) {
	__shared__ float sums[8][32];
	const int channel = blockIdx.x * 32 + threadIdx.x;
	float sum = 0;
	if (channel < k)
		for (int r = threadIdx.y; r < rows; r += 8) sum += load(dy + (i64)r * k + channel);
	sums[threadIdx.y][threadIdx.x] = sum;
	__syncthreads();
	if (threadIdx.y || channel >= k) return;
	for (int r = 1; r < 8; r++) sum += sums[r][threadIdx.x];
	db[channel] = sum;
}
