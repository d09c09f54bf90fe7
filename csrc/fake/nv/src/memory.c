// Device memory is host memory between two fences; pinned memory is host memory that is remembered.
#include "fake.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FENCE = 256, FENCE_BYTE = 0xA5, FRESH_BYTE = 0xFF /* NaN in every type */, GONE_BYTE = 0xDD };

typedef struct block {
	fake_object object;
	unsigned char *data; // between the fences
	size_t bytes;
	int device, leaving;
} block;

typedef struct search {
	const unsigned char *from;
	size_t bytes;
	int exact;
	block *found;
} search;

static void match(void *object, void *data) {
	block *b = object;
	search *s = data;
	if (s->exact ? b->data == s->from : s->from >= b->data && s->bytes <= b->bytes && s->from - b->data <= (ptrdiff_t)(b->bytes - s->bytes))
		s->found = b;
}

static block *find(const char *kind, const void *pointer, size_t bytes, int exact) {
	search s = {pointer, bytes, exact, NULL};
	fake_each(kind, match, &s);
	return s.found;
}

// recent is memory of devices that kernels looked at last: checked ones ask before every access.
typedef struct range {
	const unsigned char *begin, *end;
} range;

enum { RECENT = 8 };
static range recent[RECENT];
static unsigned recent_next;
static pthread_mutex_t recent_lock = PTHREAD_MUTEX_INITIALIZER;

static int is_recent(const unsigned char *from, size_t bytes) {
	pthread_mutex_lock(&recent_lock);
	int found = 0;
	for (int i = 0; i < RECENT && !found; i++)
		found = recent[i].begin != NULL && from >= recent[i].begin && from < recent[i].end && bytes <= (size_t)(recent[i].end - from);
	pthread_mutex_unlock(&recent_lock);
	return found;
}

static void remember(const block *b) {
	pthread_mutex_lock(&recent_lock);
	recent[recent_next++ % RECENT] = (range){b->data, b->data + b->bytes};
	pthread_mutex_unlock(&recent_lock);
}

static void forget(void) {
	pthread_mutex_lock(&recent_lock);
	memset(recent, 0, sizeof recent);
	pthread_mutex_unlock(&recent_lock);
}

static void *new_block(const char *kind, size_t bytes, int device) {
	size_t room = (bytes + FENCE - 1) / FENCE * FENCE;
	unsigned char *whole = aligned_alloc(FENCE, room + 2 * FENCE);
	if (whole == NULL) return NULL;
	block *b = fake_new(kind, sizeof *b);
	b->data = whole + FENCE;
	b->bytes = bytes;
	b->device = device;
	memset(whole, FENCE_BYTE, FENCE);
	memset(b->data, FRESH_BYTE, bytes);
	memset(b->data + bytes, FENCE_BYTE, room - bytes + FENCE);
	return b->data;
}

static void check_fences(void *object, void *data) {
	(void)data;
	block *b = object;
	size_t before = 0, after = 0;
	for (size_t i = 1; i <= FENCE && before == 0; i++)
		if (b->data[-(ptrdiff_t)i] != FENCE_BYTE) before = i;
	for (size_t i = 0; i < FENCE && after == 0; i++)
		if (b->data[b->bytes + i] != FENCE_BYTE) after = i + 1;
	if (before != 0) fake_misuse(0, "memory of %zu bytes was written %zu bytes before its begin", b->bytes, before);
	if (after != 0) fake_misuse(0, "memory of %zu bytes was written %zu bytes behind its end", b->bytes, after - 1);
}

static void release(block *b) {
	forget();
	check_fences(b, NULL);
	memset(b->data, GONE_BYTE, b->bytes);
	free(b->data - FENCE);
	b->data = NULL;
	fake_retire(b);
}

EXPORT void fake_check_fences(void) {
	fake_each("memory", check_fences, NULL);
	fake_each("pinned memory", check_fences, NULL);
}

typedef struct sum {
	int device;
	size_t bytes;
} sum;

static void add(void *object, void *data) {
	block *b = object;
	sum *s = data;
	if (b->device == s->device) s->bytes += (b->bytes + FENCE - 1) / FENCE * FENCE;
}

EXPORT size_t fake_memory_used(int device) {
	sum s = {device, 0};
	fake_each("memory", add, &s);
	return s.bytes;
}

EXPORT void *fake_alloc(fake_context *context, size_t bytes) {
	size_t all = fake_configuration()->memory, used = fake_memory_used(context->device);
	if (bytes > all || used > all - bytes) return NULL;
	return new_block("memory", bytes, context->device);
}

EXPORT int fake_free(void *pointer) {
	block *b = find("memory", pointer, 0, 1);
	if (b == NULL) return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "%p was freed and is no memory of the device", pointer);
	release(b);
	return 0;
}

EXPORT int fake_is_block(const void *pointer) { return find("memory", pointer, 0, 1) != NULL; }

EXPORT void fake_free_on_stream(void *pointer) {
	forget();
	find("memory", pointer, 0, 1)->leaving = 1;
}

EXPORT int fake_is_device(const void *pointer, size_t bytes) {
	if (is_recent(pointer, bytes)) return 1;
	block *b = find("memory", pointer, bytes, 0);
	if (b == NULL || b->leaving) return 0;
	remember(b);
	return 1;
}

EXPORT void *fake_host_alloc(size_t bytes) { return new_block("pinned memory", bytes, -1); }

EXPORT int fake_host_free(void *pointer) {
	block *b = find("pinned memory", pointer, 0, 1);
	if (b == NULL) return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "%p was freed and is no pinned memory", pointer);
	if (fake_touches(b->data, b->bytes)) fake_misuse(0, "pinned memory was freed while a queued copy uses it");
	release(b);
	return 0;
}

EXPORT int fake_is_pinned(const void *pointer, size_t bytes) { return find("pinned memory", pointer, bytes, 0) != NULL; }
