// Streams, events, recordings and graphs. Work is a function and a copy of its data; a stream runs its work in order when
// somebody waits for it, or at once (MNV2_FAKE_QUEUE=eager). A graph is a list of work, kept in the order of recording.
#include "queue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ILLEGAL_STATE = 401 }; // CUDA_ERROR_ILLEGAL_STATE

// ---- lists of work

static work *copy_work(const fake_work *what, const void *data) {
	work *w = calloc(1, sizeof *w);
	void *copy = aligned_alloc(64, (what->bytes + 64) / 64 * 64);
	if (w == NULL || copy == NULL) abort(); // the host is out of memory: no test goes there
	if (what->bytes > 0) memcpy(copy, data, what->bytes);
	w->what = *what;
	w->data = copy;
	return w;
}

static void append(work_list *list, work *w) {
	*(list->first == NULL ? &list->first : &list->last->next) = w;
	list->last = w;
	list->count++;
}

static work *take(work_list *list) {
	work *w = list->first;
	list->first = w->next;
	list->count--;
	return w;
}

static void drop(work *w) {
	free(w->data);
	free(w);
}

void work_clear(work_list *list) {
	while (list->first != NULL) drop(take(list));
}

void work_copy(work_list *to, const work_list *from) {
	for (const work *w = from->first; w != NULL; w = w->next) append(to, copy_work(&w->what, w->data));
}

int work_same_shape(const work_list *a, const work_list *b) {
	const work *x = a->first, *y = b->first;
	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (x->what.run != y->what.run || x->what.bytes != y->what.bytes) return 0;
	return x == y;
}

// ---- running

static int run_one(fake_stream *s) {
	char error[256] = "";
	work *w = take(&s->queue);
	int code = s->context->lost;
	if (code == 0) code = w->what.run(w->data, error, sizeof error);
	if (code != 0) fake_lose(s->context, code, error);
	drop(w);
	s->done++;
	return code;
}

int stream_run_until(fake_stream *s, long position) {
	while (s->done < position && s->queue.first != NULL) run_one(s);
	return s->context->lost;
}

EXPORT int fake_run_stream(fake_stream *s) { return stream_run_until(s, s->queued); }

static void run_if_of(void *object, void *data) {
	fake_stream *s = object;
	if (s->context == data) fake_run_stream(s);
}

EXPORT int fake_run_all(fake_context *context) {
	fake_each("stream", run_if_of, context);
	return context->lost;
}

// ---- queueing

EXPORT fake_stream *fake_stream_of(CUstream handle) { return fake_find(handle, "stream"); }

EXPORT int fake_stream_recording(fake_stream *s) { return s->capture != NULL; }

EXPORT int fake_queue(fake_stream *s, const fake_work *what, const void *data) {
	if (s->capture != NULL && s->capture->spoilt) return NV_CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
	if (s->capture != NULL) {
		append(&s->capture->graph->work, copy_work(what, data));
		return 0;
	}
	append(&s->queue, copy_work(what, data));
	s->queued++;
	if (fake_configuration()->eager) fake_run_stream(s); // a fault shows in the next call, as on a device
	return 0;
}

int stream_queue_list(fake_stream *s, const work_list *list) {
	for (const work *w = list->first; w != NULL; w = w->next) {
		int code = fake_queue(s, &w->what, w->data);
		if (code != 0) return code;
	}
	return 0;
}

typedef struct overlap {
	const char *host;
	size_t bytes;
	int found;
} overlap;

static void find_overlap(void *object, void *data) {
	overlap *o = data;
	for (work *w = ((fake_stream *)object)->queue.first; w != NULL; w = w->next) {
		const char *used = w->what.host;
		if (used != NULL && used < o->host + o->bytes && o->host < used + w->what.host_bytes) o->found = 1;
	}
}

EXPORT int fake_touches(const void *host, size_t bytes) {
	overlap o = {host, bytes, 0};
	fake_each("stream", find_overlap, &o);
	return o.found;
}

// ---- events

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int mark(const void *data, char *error, size_t size) {
	(void)error;
	(void)size;
	(*(fake_event *const *)data)->time = now();
	return 0;
}

int event_record(fake_event *e, fake_stream *s) {
	static const fake_work what = {"event", mark, sizeof(fake_event *), NULL, 0};
	e->capture = s->capture;
	if (s->capture != NULL) return 0; // in a recording it is an order, no work
	e->stream = s;
	e->position = s->queued + 1;
	return fake_queue(s, &what, &e);
}

int event_done(const fake_event *e) { return e->stream == NULL || e->stream->done >= e->position; }

int event_wait(fake_event *e) { return e->stream == NULL ? 0 : stream_run_until(e->stream, e->position); }

typedef struct point {
	fake_stream *stream;
	long position;
} point;

static int wait_for_point(const void *data, char *error, size_t size) {
	(void)error;
	(void)size;
	const point *p = data;
	return stream_run_until(p->stream, p->position);
}

int stream_wait_event(fake_stream *s, fake_event *e) {
	static const fake_work what = {"wait", wait_for_point, sizeof(point), NULL, 0};
	if (e->capture != NULL && s->capture == NULL) s->capture = e->capture; // the stream joins the recording
	if (s->capture != NULL) // within a recording the order of the list is enough
		return e->capture == s->capture ? 0 : NV_CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
	if (e->stream == NULL) return 0; // never recorded: nothing to wait for
	point p = {e->stream, e->position};
	return fake_queue(s, &what, &p);
}

// ---- recordings

EXPORT int fake_spoil_capture(fake_context *context) {
	if (context->capture == NULL || !pthread_equal(context->capture->thread, pthread_self())) return 0;
	context->capture->spoilt = 1;
	return 1;
}

int capture_begin(fake_stream *s) {
	if (s->capture != NULL || s->context->capture != NULL) return ILLEGAL_STATE;
	fake_capture *c = calloc(1, sizeof *c);
	if (c == NULL) abort();
	c->graph = fake_new("graph", sizeof *c->graph);
	c->origin = s;
	c->thread = pthread_self();
	s->capture = s->context->capture = c;
	return 0;
}

static void leave(void *object, void *data) {
	if (((fake_stream *)object)->capture == data) ((fake_stream *)object)->capture = NULL;
}

static void forget(void *object, void *data) {
	if (((fake_event *)object)->capture == data) ((fake_event *)object)->capture = NULL;
}

int capture_end(fake_stream *s, fake_graph **graph) {
	fake_capture *c = s->capture;
	*graph = NULL;
	if (c == NULL || c->origin != s) return NV_CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
	if (!pthread_equal(c->thread, pthread_self())) return NV_CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
	fake_each("stream", leave, c);
	fake_each("event", forget, c);
	s->context->capture = NULL;
	int code = c->spoilt ? NV_CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : 0;
	if (code == 0) *graph = c->graph;
	else graph_destroy(c->graph);
	free(c);
	return code;
}

void graph_destroy(fake_graph *g) {
	work_clear(&g->work);
	fake_retire(g);
}
