// The configuration, the call counter, faults, the log, handles, contexts; and what tests ask: see control.h.
#define _GNU_SOURCE
#include "fake.h"
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static fake_config config;
static long calls, fail_at;
static int fail_code;
static FILE *call_log;
static char misuse[4096];
static __thread int injected;

static const char *setting(const char *name, const char *otherwise) {
	const char *value = getenv(name);
	return value != NULL && value[0] != 0 ? value : otherwise;
}

static int number(const char *name, const char *otherwise) { return atoi(setting(name, otherwise)); }

static void read_environment(void) {
	config = (fake_config){
		.devices = number("MNV2_FAKE_DEVICES", "1"),
		.memory = strtoull(setting("MNV2_FAKE_MEMORY", "8589934592"), NULL, 10),
		.driver = number("MNV2_FAKE_DRIVER", "12090"),
		.stub = number("MNV2_FAKE_STUB", "0"),
		.cudnn = number("MNV2_FAKE_CUDNN", "91300"),
		.cudnn_cuda = number("MNV2_FAKE_CUDNN_CUDA", "12090"),
		.cudnn_broken = number("MNV2_FAKE_CUDNN_BROKEN", "0"),
		.eager = strcmp(setting("MNV2_FAKE_QUEUE", "lazy"), "eager") == 0,
		.mig = number("MNV2_FAKE_MIG", "0"),
	};
	sscanf(setting("MNV2_FAKE_CC", "9.0"), "%d.%d", &config.major, &config.minor);
	sscanf(setting("MNV2_FAKE_NVRTC", "12.9"), "%d.%d", &config.nvrtc_major, &config.nvrtc_minor);
	calls = 0;
	fail_at = fail_code = 0;
	sscanf(setting("MNV2_FAKE_FAIL", "0:0"), "%ld:%d", &fail_at, &fail_code);
	if (call_log != NULL) fclose(call_log);
	const char *path = setting("MNV2_FAKE_LOG", NULL);
	call_log = path ? fopen(path, "a") : NULL;
}

static void start(void) {
	pthread_mutexattr_t recursive;
	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	read_environment();
}

EXPORT const fake_config *fake_configuration(void) {
	pthread_once(&once, start);
	return &config;
}

// ---- calls

// likely returns what a library would most likely answer when such a call fails.
static int likely(int library, int flags) {
	switch (library) {
	case LIB_DRIVER: return flags & ALLOCATES ? NV_CUDA_ERROR_OUT_OF_MEMORY : NV_CUDA_ERROR_UNKNOWN;
	case LIB_NVRTC: return flags & ALLOCATES ? NV_NVRTC_ERROR_OUT_OF_MEMORY : NV_NVRTC_ERROR_INTERNAL_ERROR;
	case LIB_CUDNN: return flags & ALLOCATES ? NV_CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED : NV_CUDNN_STATUS_INTERNAL_ERROR;
	default: return 999;
	}
}

static int deadly(int code) {
	return code == NV_CUDA_ERROR_ILLEGAL_ADDRESS || code == NV_CUDA_ERROR_LAUNCH_FAILED || code == NV_CUDA_ERROR_MISALIGNED_ADDRESS ||
	       code == NV_CUDA_ERROR_ASSERT || code == NV_CUDA_ERROR_ECC_UNCORRECTABLE || code == NV_CUDA_ERROR_LAUNCH_TIMEOUT;
}

static int check_context(int library, const char *name, int flags) {
	fake_context *c = fake_current();
	int none = library == LIB_DRIVER ? NV_CUDA_ERROR_INVALID_CONTEXT : NV_CUDNN_STATUS_NOT_INITIALIZED;
	if (c == NULL) return fake_misuse(none, "%s: the thread has no context", name);
	if (!c->object.alive) return fake_misuse(none, "%s: the thread's context was released", name);
	if (c->lost != 0) return library == LIB_DRIVER ? c->lost : NV_CUDNN_STATUS_EXECUTION_FAILED;
	if (flags & NOT_RECORDING && fake_spoil_capture(c)) return NV_CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
	return 0;
}

EXPORT int fake_begin(int library, const char *name, int flags) {
	fake_configuration();
	pthread_mutex_lock(&lock);
	injected = 0;
	if (library == LIB_DRIVER && config.stub) return NV_CUDA_ERROR_STUB_LIBRARY;
	if (flags & QUERY) return 0;
	calls++;
	if (call_log != NULL) {
		fprintf(call_log, "%ld %s\n", calls, name);
		fflush(call_log);
	}
	if (calls == fail_at) {
		injected = 1;
		int code = fail_code != 0 && library == LIB_DRIVER ? fail_code : likely(library, flags);
		if (deadly(code) && fake_current() != NULL) fake_lose(fake_current(), code, "told to fail");
		return code;
	}
	return flags & NEEDS_CONTEXT ? check_context(library, name, flags) : 0;
}

EXPORT void fake_end(const int *unused) {
	(void)unused;
	pthread_mutex_unlock(&lock);
}

EXPORT int fake_was_injected(void) { return injected; }

EXPORT int fake_misuse(int code, const char *format, ...) {
	size_t had = strlen(misuse);
	va_list arguments;
	va_start(arguments, format);
	if (had + 2 < sizeof misuse) vsnprintf(misuse + had, sizeof misuse - had - 1, format, arguments);
	va_end(arguments);
	had = strlen(misuse);
	misuse[had] = '\n';
	misuse[had + 1] = 0;
	return code;
}

// ---- handles

enum { BUCKETS = 4096 };
static fake_object *buckets[BUCKETS], *newest;

static fake_object **bucket(const void *handle) { return &buckets[(uintptr_t)handle / 32 % BUCKETS]; }

EXPORT void *fake_new(const char *kind, size_t size) {
	fake_object *o = calloc(1, size);
	if (o == NULL) abort(); // the host is out of memory: no test goes there
	o->kind = kind;
	o->alive = 1;
	o->next = newest;
	newest = o;
	o->chained = *bucket(o);
	*bucket(o) = o;
	return o;
}

EXPORT void *fake_find(const void *handle, const char *kind) {
	for (fake_object *o = *bucket(handle); o != NULL; o = o->chained) {
		if (o != handle) continue;
		if (strcmp(o->kind, kind) != 0) fake_misuse(0, "a %s was used as a %s", o->kind, kind);
		else if (!o->alive) fake_misuse(0, "a %s was used after it was given back", kind);
		else return o;
		return NULL;
	}
	fake_misuse(0, "%p is no %s", handle, kind);
	return NULL;
}

EXPORT void fake_retire(void *object) { ((fake_object *)object)->alive = 0; }

EXPORT void fake_retire_all(void) {
	for (fake_object *o = newest; o != NULL; o = o->next) o->alive = 0;
}

EXPORT void fake_each(const char *kind, void (*visit)(void *, void *), void *data) {
	for (fake_object *o = newest; o != NULL; o = o->next)
		if (o->alive && strcmp(o->kind, kind) == 0) visit(o, data);
}

// ---- contexts

static __thread fake_context *current;

EXPORT fake_context *fake_current(void) { return current; }

EXPORT void fake_set_current(fake_context *context) { current = context; }

EXPORT void fake_lose(fake_context *context, int code, const char *reason) {
	if (context->lost != 0) return;
	context->lost = code;
	snprintf(context->reason, sizeof context->reason, "%s", reason);
}

// ---- control

EXPORT void fakenv_reset(void) {
	fake_configuration();
	pthread_mutex_lock(&lock);
	read_environment();
	misuse[0] = 0;
	fake_retire_all(); // what an earlier test left is not this one's
	pthread_mutex_unlock(&lock);
}

EXPORT long fakenv_calls(void) { return calls; }

EXPORT void fakenv_fail(long call, int code) {
	fail_at = call;
	fail_code = code;
}

EXPORT const char *fakenv_misuse(void) {
	fake_check_fences();
	return misuse;
}

EXPORT const char *fakenv_live(void) {
	static char text[4096];
	pthread_mutex_lock(&lock);
	text[0] = 0;
	for (fake_object *o = newest; o != NULL; o = o->next) {
		size_t had = strlen(text);
		if (o->alive && had + 32 < sizeof text) snprintf(text + had, sizeof text - had, "%s%s", had ? ", " : "", o->kind);
	}
	pthread_mutex_unlock(&lock);
	return text;
}
