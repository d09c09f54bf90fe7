// Streams, events and capture (ascend.md 1.5 "Streams, events", "Capture";
// [rt] src/acl/aclrt_impl/{stream,event,model_ri}.cpp, docs/zh/api_ref/06, 07, 15).
#include <pthread.h>
#include <stdlib.h>

#include "fake.h"

struct fk_event {
  struct fk_context *ctx;
  uint32_t flags;
  uint64_t ticket;          // of the last record queued
  uint64_t done;            // of the last record that ran
  struct fk_stream *stream; // where the last record was queued
  uint64_t seq;
  int64_t at_us;
};

struct fk_graph {
  struct fk_context *ctx;
  struct fk_task **tasks;
  int n, room;
  int replays; // queued and not yet run
  bool destroyed;
};

static int next_number;
static pthread_t capturing_thread;

int fk_device_satmode(void);
void fk_task_free(struct fk_task *task);
struct fk_stream *fk_running_stream(void);
void fk_run_task(struct fk_stream *stream, struct fk_task *task);

struct fk_stream *fk_stream_create(struct fk_context *ctx, bool fallback) {
  struct fk_stream *s = fk_new(H_STREAM, sizeof *s);
  s->ctx = ctx;
  s->fallback = fallback;
  s->number = next_number++;
  s->saturate = fk_device_satmode() == 0; // ascend.md 1.5: the mode holds for streams created afterwards
  return s;
}

void fk_stream_delete(struct fk_stream *s) {
  fk_drop_all(s);
  if (s->capture != NULL) {
    fk_misuse("stream %d was destroyed while it was being captured", s->number);
    fk_delete(s->capture);
  }
  fk_delete(s);
}

static int do_create_stream(aclrtStream *out) {
  if (out == NULL)
    return fk_null("stream");
  if (fk_count(H_STREAM) >= fk_chip()->streams)
    return fk_error(RT_RESOURCE_ALLOC_FAIL, "EE9999", "Alloc stream id failed: the device has %d streams.", fk_chip()->streams);
  *out = fk_stream_create(fk_current(), false);
  return OK;
}

API aclError aclrtCreateStream(aclrtStream *stream) { FK_CALL(CTX, do_create_stream(stream)); }

static int do_destroy_stream(aclrtStream handle) {
  if (handle == NULL) // ascend.md 1.5; [rt] stream.cpp: not null
    return fk_null("stream");
  struct fk_stream *s;
  int code = fk_stream_of(handle, &s);
  if (code != OK)
    return code;
  if (s->fallback)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: the default stream cannot be destroyed.");
  code = fk_run_until(s, UINT64_MAX); // [rt] docs 06: waits for unfinished tasks
  fk_stream_delete(s);
  return code;
}

API aclError aclrtDestroyStream(aclrtStream stream) { FK_RELEASE(CTX, do_destroy_stream(stream)); }

static int no_capture(struct fk_stream *s, const char *what) {
  if (s->capture == NULL)
    return OK;
  return fk_error(RT_STREAM_CAPTURED, "EE9999", "%s is not allowed while stream %d is being captured.", what, s->number);
}

static int do_sync(aclrtStream handle) {
  struct fk_stream *s;
  fk_stats.synchronises++;
  int code = fk_stream_of(handle, &s);
  if (code == OK)
    code = no_capture(s, "aclrtSynchronizeStream");
  if (code == OK)
    code = fk_run_until(s, UINT64_MAX);
  return code != OK ? code : fk_broken(s->ctx);
}

// A wait that fails on request has waited all the same, as one that reports a fault of
// the device has: what follows may free the memory.
API aclError aclrtSynchronizeStream(aclrtStream stream) { FK_RELEASE(CTX, do_sync(stream)); }

// ---- events

static int do_create_event(aclrtEvent *out, uint32_t flag) {
  if (out == NULL)
    return fk_null("event");
  if (flag == 0 || (flag & ~0x7Bu) != 0) // ascend.md 1.3: SYNC, CAPTURE_STREAM_PROGRESS, TIME_LINE, ...
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: the event flag %u is not supported.", flag);
  if (fk_count(H_EVENT) >= fk_chip()->events)
    return fk_error(RT_RESOURCE_ALLOC_FAIL, "EE9999", "Alloc event id failed: the device has %d events.", fk_chip()->events);
  struct fk_event *e = fk_new(H_EVENT, sizeof *e);
  e->ctx = fk_current();
  e->flags = flag;
  *out = e;
  return OK;
}

API aclError aclrtCreateEventExWithFlag(aclrtEvent *event, uint32_t flag) { FK_CALL(CTX, do_create_event(event, flag)); }

static int event_of(aclrtEvent handle, struct fk_event **out) {
  if (handle == NULL)
    return fk_null("event");
  if (!fk_alive(handle, H_EVENT)) {
    fk_misuse("event %p is %s", handle, fk_dead(handle) ? "destroyed" : "not an event");
    return fk_error(RT_INVALID_HANDLE, "EE1001", "The argument is invalid. Reason: the event handle %p is invalid.", handle);
  }
  *out = handle;
  return OK;
}

static int do_destroy_event(aclrtEvent handle) {
  struct fk_event *e = NULL;
  int code = event_of(handle, &e);
  if (code == OK)
    fk_delete(e); // [rt] docs 07: allowed before the record has run; it is released then
  return code;
}

API aclError aclrtDestroyEvent(aclrtEvent event) { FK_RELEASE(CTX, do_destroy_event(event)); }

void fk_event_done(struct fk_event *e, uint64_t ticket) {
  if (!fk_alive(e, H_EVENT))
    return;
  e->done = ticket;
  e->at_us = fk_now_us();
}

static int do_record(aclrtEvent handle, aclrtStream stream) {
  struct fk_event *e = NULL;
  struct fk_stream *s;
  int code = event_of(handle, &e);
  if (code == OK)
    code = fk_stream_of(stream, &s);
  if (code == OK && e->ctx->device != s->ctx->device)
    code = fk_error(RT_STREAM_CONTEXT, "EE9999", "the event belongs to device %d.", e->ctx->device);
  if (code != OK)
    return code;
  struct fk_task *t = fk_task_new("aclrtRecordEvent", NULL, NULL, NULL);
  t->event = e;
  t->ticket = ++e->ticket;
  code = fk_queue(s, t);
  e->stream = s;
  e->seq = s->next_seq;
  return code;
}

API aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream) { FK_CALL(CTX, do_record(event, stream)); }

static int do_sync_event(aclrtEvent handle) {
  struct fk_event *e = NULL;
  fk_stats.synchronises++;
  int code = event_of(handle, &e);
  if (code != OK)
    return code;
  // ascend.md 1.5: an event of CreateEventExWithFlag counts as complete before its first record.
  if (e->ticket > e->done && fk_alive(e->stream, H_STREAM)) {
    code = no_capture(e->stream, "aclrtSynchronizeEvent");
    if (code == OK)
      code = fk_run_until(e->stream, e->seq);
  }
  return code != OK ? code : fk_broken(e->ctx);
}

API aclError aclrtSynchronizeEvent(aclrtEvent event) { FK_RELEASE(CTX, do_sync_event(event)); }

static int do_elapsed(float *ms, aclrtEvent start, aclrtEvent end) {
  struct fk_event *a = NULL, *b = NULL;
  if (ms == NULL)
    return fk_null("ms");
  int code = event_of(start, &a);
  if (code == OK)
    code = event_of(end, &b);
  if (code != OK)
    return code;
  // ascend.md 1.5: TIME_LINE in the flags, both recorded, and a synchronise before.
  if ((a->flags & b->flags & 0x8) == 0)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: the events were created without ACL_EVENT_TIME_LINE.");
  if (a->ticket == 0 || b->ticket == 0 || a->done < a->ticket || b->done < b->ticket)
    return fk_error(RT_EVENT_TIMESTAMP_INVALID, "EE9999", "the event has no time: it was not recorded, or has not run.");
  if (b->at_us < a->at_us)
    return fk_error(RT_EVENT_TIMESTAMP_REVERSAL, "EE9999", "the end was recorded before the start.");
  *ms = (float)(b->at_us - a->at_us) / 1000;
  return OK;
}

API aclError aclrtEventElapsedTime(float *ms, aclrtEvent startEvent, aclrtEvent endEvent) {
  FK_CALL(CTX, do_elapsed(ms, startEvent, endEvent));
}

// ---- capture

void fk_graph_add(struct fk_graph *g, struct fk_task *t) {
  if (g->n == g->room) {
    g->room = g->room == 0 ? 64 : g->room * 2;
    g->tasks = realloc(g->tasks, (size_t)g->room * sizeof *g->tasks);
  }
  g->tasks[g->n++] = t;
}

static void graph_free(struct fk_graph *g) {
  for (int i = 0; i < g->n; i++)
    fk_task_free(g->tasks[i]);
  free(g->tasks);
  g->tasks = NULL;
  g->n = 0;
}

static int do_capture_begin(aclrtStream handle, int mode) {
  struct fk_stream *s;
  int code = fk_stream_of(handle, &s);
  if (code != OK)
    return code;
  if (!fk_chip()->capture) // ascend.md 1.5: not on 910A, 310B, 310P
    return fk_error(RT_FEATURE_NOT_SUPPORT, "EE9999", "stream capture is not supported on %s.", fk_chip()->soc);
  if (mode < 0 || mode > 2)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: capture mode %d.", mode);
  if (s->fallback) // [rt] docs 15 aclmdlRICaptureBegin: not the default stream
    return fk_error(RT_CAPTURE_MODE_NOT_SUPPORT, "EE9999", "the default stream cannot be captured.");
  code = no_capture(s, "aclmdlRICaptureBegin");
  if (code != OK)
    return code;
  s->capture = fk_new(H_GRAPH, sizeof *s->capture);
  s->capture->ctx = s->ctx;
  capturing_thread = pthread_self();
  return OK;
}

API aclError aclmdlRICaptureBegin(aclrtStream stream, aclmdlRICaptureMode mode) { FK_CALL(CTX, do_capture_begin(stream, mode)); }

static int do_capture_end(aclrtStream handle, aclmdlRI *out) {
  struct fk_stream *s;
  if (out == NULL)
    return fk_null("modelRI");
  int code = fk_stream_of(handle, &s);
  if (code != OK)
    return code;
  if (s->capture == NULL)
    return fk_error(RT_STREAM_NOT_CAPTURED, "EE9999", "stream %d is not being captured.", s->number);
  if (!pthread_equal(capturing_thread, pthread_self()))
    return fk_error(RT_CAPTURE_WRONG_THREAD, "EE9999", "the capture was begun on another thread.");
  *out = s->capture;
  s->capture = NULL;
  return OK;
}

// A failure that was asked for still ends the capture, as an invalidated capture does.
API aclError aclmdlRICaptureEnd(aclrtStream stream, aclmdlRI *modelRI) {
  int code = fk_enter(__func__, CTX);
  if (code == OK) {
    code = do_capture_end(stream, modelRI);
  } else if (fk_injected()) {
    struct fk_stream *s;
    if (fk_current() != NULL && fk_stream_of(stream, &s) == OK && s->capture != NULL) {
      graph_free(s->capture);
      fk_delete(s->capture);
      s->capture = NULL;
    }
  }
  return fk_leave(__func__, code);
}

static void replay_done(struct fk_task *t) {
  struct fk_graph *g = t->payload;
  g->replays--;
  if (g->destroyed && g->replays == 0) {
    graph_free(g);
    fk_delete(g);
  }
}

static void replay(struct fk_task *t) {
  struct fk_graph *g = t->payload;
  for (int i = 0; i < g->n; i++) {
    fk_run_task(fk_running_stream(), g->tasks[i]);
    if (g->tasks[i]->event != NULL)
      fk_event_done(g->tasks[i]->event, g->tasks[i]->ticket);
  }
}

static int do_execute(aclmdlRI handle, aclrtStream stream) {
  struct fk_stream *s;
  if (handle == NULL)
    return fk_null("modelRI");
  if (!fk_alive(handle, H_GRAPH)) {
    fk_misuse("graph %p is %s", handle, fk_dead(handle) ? "destroyed" : "not a graph");
    return fk_error(RT_INVALID_HANDLE, "EE1001", "The argument is invalid. Reason: the model handle %p is invalid.", handle);
  }
  int code = fk_stream_of(stream, &s);
  if (code == OK)
    code = no_capture(s, "aclmdlRIExecuteAsync");
  if (code == OK)
    code = fk_broken(s->ctx);
  if (code != OK)
    return code;
  struct fk_graph *g = handle;
  struct fk_task *t = fk_task_new("aclmdlRIExecuteAsync", replay, replay_done, g);
  for (int i = 0; i < g->n; i++)
    for (int k = 0; k < g->tasks[i]->nspans; k++) {
      fk_task_span(t, g->tasks[i]->spans[k].at, g->tasks[i]->spans[k].n, g->tasks[i]->spans[k].write);
      t->spans[t->nspans - 1].block = g->tasks[i]->spans[k].block; // the memory that was captured
    }
  g->replays++;
  fk_stats.launches++;
  t->fault = fk_late_fault("aclmdlRIExecuteAsync");
  return fk_queue(s, t);
}

API aclError aclmdlRIExecuteAsync(aclmdlRI modelRI, aclrtStream stream) { FK_CALL(CTX, do_execute(modelRI, stream)); }

static int do_destroy_graph(aclmdlRI handle) {
  if (handle == NULL)
    return fk_null("modelRI");
  if (!fk_alive(handle, H_GRAPH))
    return fk_error(RT_INVALID_HANDLE, "EE1001", "The argument is invalid. Reason: the model handle %p is invalid.", handle);
  struct fk_graph *g = handle;
  if (g->replays > 0) {
    fk_misuse("aclmdlRIDestroy: the graph is queued and has not run yet");
    g->destroyed = true;
    return OK;
  }
  graph_free(g);
  fk_delete(g);
  return OK;
}

API aclError aclmdlRIDestroy(aclmdlRI modelRI) { FK_RELEASE(CTX, do_destroy_graph(modelRI)); }
