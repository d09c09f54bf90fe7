// launch.cc runs grids: every thread of a block is a fiber with a stack of its own.
#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <vector>

#include "abi.h"
#include "cudahost.h"
#include "fiber.h"

namespace {

constexpr unsigned kWarp = 32;
constexpr unsigned kMaxThreads = 1024;
constexpr unsigned kMaxShared = 227 << 10; // what a block may have on Hopper
constexpr unsigned kCanary = 256;

enum class State : unsigned char { kReady, kBarrier, kWarp, kDone };

struct Copy { void *to; const void *from; unsigned copied, total; };

struct Fiber {
	cudahost_thread thread;
	State state;
	bool started;
	Stack *stack;
	std::vector<std::vector<Copy>> copies; // groups; the last one is open
};

// What the lanes of a warp wait for together.
struct Meeting {
	const cudahost_collective *op;
	unsigned mask, arrived, ended;
	void *posted[kWarp];
};

struct Fault { int code; std::string text; };

// A launch in progress on this operating-system thread.
struct Run {
	cudahost_kernel *kernel;
	void **params;
	std::vector<Fiber> fibers;
	std::vector<Meeting> warps;
	Fiber *current;
	Context scheduler;
	Fault fault;
	bool collective; // a warp operation is at work, which looks at what its lanes posted
	std::unique_ptr<unsigned char[]> shared;
	unsigned char *dynamic;
	unsigned dynamic_size;
};

thread_local Run *run;

std::mutex order_lock;
unsigned order_seed;
int (*memory_valid)(const void *, size_t);

} // namespace

struct cudahost_module {
	void *library;
	int file; // stays open: the loader takes a second file of the same name, /proc/self/fd/N, for the first
	std::mutex lock; // __shared__ variables are static: one launch at a time
	cudahost_range shared;
	cudahost_thread **current;
	cudahost_range data; // its constants and variables
	std::vector<cudahost_kernel *> kernels;
};

struct cudahost_kernel {
	cudahost_module *module;
	std::string name;
	cudahost_entry entry;
};

namespace {

[[noreturn]] void fail(int code, const std::string &text) {
	const cudahost_thread &t = run->current->thread;
	char where[160];
	snprintf(where, sizeof where, " (block %u,%u,%u thread %u,%u,%u)", t.block.x, t.block.y, t.block.z, t.thread.x, t.thread.y,
		 t.thread.z);
	run->fault = {code, text + where};
	switch_context(&run->current->stack->context, &run->scheduler);
	__builtin_unreachable();
}

void pause_fiber(State why) {
	Run *r = run;
	Fiber *self = r->current;
	self->state = why;
	switch_context(&self->stack->context, &r->scheduler);
}

void call_barrier() { pause_fiber(State::kBarrier); }

unsigned index_of(const Fiber *f) { return unsigned(f - run->fibers.data()); }

void call_collective(const cudahost_collective *op, unsigned mask, void *posted) {
	Run *r = run;
	unsigned index = index_of(r->current), lane = index % kWarp, first = index - lane;
	Meeting &m = r->warps[index / kWarp];
	unsigned lanes = std::min<unsigned>(kWarp, unsigned(r->fibers.size()) - first);
	unsigned present = lanes == kWarp ? 0xffffffffu : (1u << lanes) - 1;
	if (!(mask >> lane & 1)) fail(719, std::string(op->name) + ": the calling lane is not in its own mask");
	if (mask & ~present) mask &= present; // a warp that is not full, as the hardware takes it
	if (mask & m.ended) fail(719, std::string(op->name) + ": the mask names lanes that have ended");
	if (!m.arrived) {
		m.op = op;
		m.mask = mask;
	} else if (m.op->run != op->run || m.op->key != op->key || m.mask != mask) {
		fail(719, std::string("lanes of a warp diverge: ") + m.op->name + " and " + op->name + " at the same time");
	}
	m.posted[lane] = posted;
	m.arrived |= 1u << lane;
	if (m.arrived != m.mask) {
		pause_fiber(State::kWarp);
		return;
	}
	r->collective = true;
	op->run(m.posted, mask);
	r->collective = false;
	m.arrived = 0;
	for (unsigned i = 0; i < lanes; i++)
		if (mask >> i & 1 && i != lane) r->fibers[first + i].state = State::kReady;
}

void call_copy(void *to, const void *from, unsigned copied, unsigned total) {
	auto &groups = run->current->copies;
	if (groups.empty()) groups.emplace_back();
	groups.back().push_back({to, from, copied, total});
}

void call_commit() { run->current->copies.emplace_back(); }

void call_wait(unsigned left) {
	auto &groups = run->current->copies;
	size_t closed = groups.empty() ? 0 : groups.size() - 1;
	if (closed <= left) return;
	for (size_t i = 0; i < closed - left; i++)
		for (const Copy &c : groups[i]) {
			memcpy(c.to, c.from, c.copied);
			memset((char *)c.to + c.copied, 0, c.total - c.copied);
		}
	groups.erase(groups.begin(), groups.begin() + long(closed - left));
}

void call_fault(int code, const char *text) { fail(code, text); }

void call_access(const void *address, unsigned size, unsigned how);

const cudahost_calls calls = {call_barrier, call_collective, call_copy, call_commit, call_wait, call_fault, call_access};

void fiber_main() {
	run->kernel->entry.call(run->params);
	Run *r = run;
	Fiber *self = r->current;
	self->state = State::kDone;
	switch_context(&self->stack->context, &r->scheduler);
	__builtin_unreachable();
}

void resume(Fiber *f) {
	run->current = f;
	*run->kernel->module->current = &f->thread;
	if (!f->started) {
		f->started = true;
		f->stack = take_stack();
		start_context(f->stack, fiber_main);
	}
	switch_context(&run->scheduler, &f->stack->context);
	if (f->state == State::kDone) {
		unsigned i = index_of(f);
		run->warps[i / kWarp].ended |= 1u << i % kWarp;
		give_stack(f->stack);
		f->stack = nullptr;
	}
}

// An order of n things: first to last, last to first, or shuffled.
std::vector<unsigned> permutation(unsigned n, unsigned seed, unsigned salt) {
	std::vector<unsigned> p(n);
	std::iota(p.begin(), p.end(), 0u);
	if (seed == 1) std::reverse(p.begin(), p.end());
	if (seed > 1) {
		unsigned long long x = seed * 0x9E3779B97F4A7C15ull + salt * 0xD1B54A32D192ED03ull;
		for (unsigned i = n; i > 1; i--) {
			x = x * 6364136223846793005ull + 1442695040888963407ull;
			std::swap(p[i - 1], p[unsigned(x >> 33) % i]);
		}
	}
	return p;
}

std::string count_states(const Run &r) {
	unsigned n[4] = {};
	for (const Fiber &f : r.fibers) n[int(f.state)]++;
	char text[200];
	snprintf(text, sizeof text, "%u threads wait at a barrier, %u for lanes of their warp, %u have ended", n[int(State::kBarrier)],
		 n[int(State::kWarp)], n[int(State::kDone)]);
	return text;
}

// Runs warps in turn until none can go on.
bool run_ready(const std::vector<unsigned> &order) {
	bool any = false;
	for (size_t w = 0; w < order.size(); w += kWarp) {
		size_t end = std::min(order.size(), w + kWarp);
		for (bool moved = true; moved;) {
			moved = false;
			for (size_t i = w; i < end; i++) {
				Fiber *f = &run->fibers[order[i]];
				if (f->state != State::kReady) continue;
				resume(f);
				if (run->fault.code) return true;
				moved = any = true;
			}
		}
	}
	return any;
}

void run_block(const std::vector<unsigned> &order) {
	for (;;) {
		bool any = run_ready(order);
		if (run->fault.code) return;
		size_t done = 0, waiting = 0;
		for (const Fiber &f : run->fibers) {
			done += f.state == State::kDone;
			waiting += f.state == State::kBarrier;
		}
		if (done == run->fibers.size()) return;
		if (waiting == run->fibers.size()) {
			for (Fiber &f : run->fibers) f.state = State::kReady;
			continue;
		}
		if (!any || waiting + done == run->fibers.size()) {
			run->current = &run->fibers[order[0]];
			run->fault = {719, "threads of a block do not meet: " + count_states(*run)};
			return;
		}
	}
}

void poison(unsigned char *begin, size_t n) { memset(begin, 0xff, n); }

bool canary_intact() {
	for (unsigned i = 0; i < kCanary; i++)
		if (run->dynamic[run->dynamic_size + i] != 0xA5) return false;
	return true;
}

// Prepares and runs block number index of the grid.
void one_block(const cudahost_uint3 &grid, const cudahost_uint3 &block, unsigned index, unsigned seed) {
	cudahost_module *m = run->kernel->module;
	if (m->shared.begin) poison((unsigned char *)m->shared.begin, size_t((char *)m->shared.end - (char *)m->shared.begin));
	poison(run->dynamic, run->dynamic_size);
	memset(run->dynamic + run->dynamic_size, 0xA5, kCanary);
	cudahost_uint3 at = {index % grid.x, index / grid.x % grid.y, index / grid.x / grid.y};
	for (unsigned i = 0; i < run->fibers.size(); i++) {
		Fiber &f = run->fibers[i];
		f.thread.thread = {i % block.x, i / block.x % block.y, i / block.x / block.y};
		f.thread.block = at;
		f.thread.block_dim = block;
		f.thread.grid_dim = grid;
		f.thread.lane = i % kWarp;
		f.thread.dynamic_shared = run->dynamic;
		f.state = State::kReady;
		f.started = false;
		f.copies.clear();
	}
	for (Meeting &w : run->warps) w.arrived = w.ended = 0;
	// Lanes are shuffled inside their warps, warps as a whole.
	unsigned threads = unsigned(run->fibers.size()), warps = (threads + kWarp - 1) / kWarp;
	std::vector<unsigned> order;
	for (unsigned w : permutation(warps, seed, index))
		for (unsigned l : permutation(std::min(kWarp, threads - w * kWarp), seed, index * 131 + w)) order.push_back(w * kWarp + l);
	run_block(order);
	if (!run->fault.code && !canary_intact()) {
		run->current = &run->fibers[0];
		run->fault = {700, "memory behind the dynamic shared memory was written"};
	}
	for (Fiber &f : run->fibers)
		if (f.started && f.stack) {
			give_stack(f.stack);
			f.stack = nullptr;
		}
}

int describe(char *error, size_t size, int code, const std::string &text) {
	if (error && size) snprintf(error, size, "%s", text.c_str());
	return code;
}

// May the running thread access this? Its own stack, threadIdx and its like, and what a warp operation looks at are not memory of
// the program; the module's data is shared memory and constants.
void call_access(const void *address, unsigned size, unsigned how) {
	const auto *p = (const unsigned char *)address;
	Run *r = run;
	if (r->collective || holds(r->current->stack, p)) return;
	if (p >= (unsigned char *)r->fibers.data() && p < (unsigned char *)(r->fibers.data() + r->fibers.size())) return;
	if (p >= (unsigned char *)&calls && p < (unsigned char *)(&calls + 1)) return;
	auto what = [&] { return std::string(how & 1 ? "write" : "read") + " of " + std::to_string(size) + " bytes "; };
	if ((size_t)p % size && !(how & CUDAHOST_ANY)) fail(716, what() + "at an address that is no multiple of that");
	const cudahost_range &data = r->kernel->module->data;
	if (p >= (unsigned char *)data.begin && p + size <= (unsigned char *)data.end) return;
	if (p >= r->dynamic && p < r->dynamic + r->dynamic_size + kCanary) {
		if (p + size > r->dynamic + r->dynamic_size) fail(700, what() + "behind the dynamic shared memory");
		return;
	}
	if (!memory_valid || !memory_valid(p, size)) fail(700, what() + "that are not the device's");
}

// Finds the segments of the library that has the module's cudahost_current in it.
int find_data(dl_phdr_info *library, size_t, void *module) {
	auto *m = (cudahost_module *)module;
	unsigned char *first = nullptr, *last = nullptr, *inside = (unsigned char *)m->current;
	for (int i = 0; i < library->dlpi_phnum; i++) {
		const auto &segment = library->dlpi_phdr[i];
		if (segment.p_type != PT_LOAD) continue;
		unsigned char *begin = (unsigned char *)library->dlpi_addr + segment.p_vaddr;
		if (!first) first = begin;
		last = begin + segment.p_memsz;
	}
	if (inside < first || inside >= last) return 0;
	m->data = {first, last};
	return 1;
}

} // namespace

extern "C" {

void cudahost_set_order(unsigned order) {
	std::lock_guard<std::mutex> hold(order_lock);
	order_seed = order;
}

void cudahost_set_memory(int (*valid)(const void *, size_t)) { memory_valid = valid; }

int cudahost_load(const void *image, cudahost_module **module, char *error, size_t error_size) {
	const char *bytes = (const char *)image;
	if (memcmp(bytes, "CUDAHOST", 8)) return describe(error, error_size, 200, "not an image that was compiled for the host");
	uint64_t size;
	memcpy(&size, bytes + 8, 8);
	int fd = memfd_create("cudahost", MFD_CLOEXEC);
	if (fd < 0) return describe(error, error_size, 304, "memfd_create failed");
	for (uint64_t at = 0; at < size;) {
		ssize_t n = write(fd, bytes + 16 + at, size - at);
		if (n <= 0) {
			close(fd);
			return describe(error, error_size, 304, "cannot write the image");
		}
		at += uint64_t(n);
	}
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		describe(error, error_size, 200, dlerror());
		close(fd);
		return 200;
	}
	auto *m = new cudahost_module;
	m->library = library;
	m->file = fd;
	m->current = (cudahost_thread **)dlsym(library, "cudahost_current");
	auto *api = (const cudahost_calls **)dlsym(library, "cudahost_api");
	auto *shared = (cudahost_range(*)())dlsym(library, "cudahost_shared_range");
	if (!m->current || !api || !shared) {
		cudahost_unload(m);
		return describe(error, error_size, 200, "the image lacks what cudahost puts into it");
	}
	*api = &calls;
	dl_iterate_phdr(find_data, m);
	m->shared = shared();
	*module = m;
	return 0;
}

void cudahost_unload(cudahost_module *m) {
	for (cudahost_kernel *k : m->kernels) delete k;
	dlclose(m->library);
	close(m->file);
	delete m;
}

int cudahost_function(cudahost_module *m, const char *name, cudahost_kernel **kernel) {
	auto *entry = (cudahost_entry(*)())dlsym(m->library, (std::string("cudahost_entry_") + name).c_str());
	if (!entry) return 500;
	*kernel = new cudahost_kernel{m, name, entry()};
	m->kernels.push_back(*kernel);
	return 0;
}

void cudahost_kernel_info(const cudahost_kernel *k, cudahost_info *info) {
	info->max_threads = k->entry.max_threads;
	info->static_shared = int((char *)k->module->shared.end - (char *)k->module->shared.begin);
	info->registers = 0;
	info->params = k->entry.params;
	info->param_sizes = k->entry.param_sizes;
}

int cudahost_launch(cudahost_kernel *kernel, const unsigned grid[3], const unsigned block[3], unsigned dynamic_shared,
		    void **params, char *error, size_t error_size) {
	cudahost_info info;
	cudahost_kernel_info(kernel, &info);
	std::string what = "kernel " + kernel->name + ": ";
	unsigned long long threads = 1ull * block[0] * block[1] * block[2], blocks = 1ull * grid[0] * grid[1] * grid[2];
	if (!threads || threads > kMaxThreads || block[2] > 64 || int(threads) > info.max_threads)
		return describe(error, error_size, 1, what + std::to_string(threads) + " threads in a block, at most " +
							      std::to_string(info.max_threads) + " are possible");
	if (!blocks || grid[0] > 0x7fffffffu || grid[1] > 65535 || grid[2] > 65535)
		return describe(error, error_size, 1, what + "a grid of " + std::to_string(grid[0]) + "x" + std::to_string(grid[1]) + "x" +
							      std::to_string(grid[2]));
	if (info.static_shared > (48 << 10) || dynamic_shared + unsigned(info.static_shared) > kMaxShared)
		return describe(error, error_size, 1, what + std::to_string(info.static_shared) + " + " + std::to_string(dynamic_shared) +
							      " bytes of shared memory");
	std::lock_guard<std::mutex> hold(kernel->module->lock);
	unsigned seed;
	{
		std::lock_guard<std::mutex> hold_order(order_lock);
		seed = order_seed;
	}
	Run r = {};
	r.kernel = kernel;
	r.params = params;
	r.fibers.resize(size_t(threads));
	r.warps.resize((size_t(threads) + kWarp - 1) / kWarp);
	r.dynamic_size = dynamic_shared;
	r.shared.reset(new unsigned char[dynamic_shared + kCanary + 128]);
	r.dynamic = r.shared.get() + (128 - (size_t)r.shared.get() % 128) % 128;
	run = &r;
	cudahost_uint3 g = {grid[0], grid[1], grid[2]}, b = {block[0], block[1], block[2]};
	for (unsigned i : permutation(unsigned(blocks), seed, 7)) {
		one_block(g, b, i, seed);
		if (r.fault.code) break;
	}
	run = nullptr;
	return r.fault.code ? describe(error, error_size, r.fault.code, what + r.fault.text) : 0;
}

} // extern "C"

__attribute__((constructor)) static void read_environment() {
	if (const char *order = getenv("MNV2_FAKE_ORDER")) order_seed = unsigned(strtoul(order, nullptr, 10));
}
