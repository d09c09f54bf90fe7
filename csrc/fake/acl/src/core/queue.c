// Streams as queues. Nothing runs when it is queued: work is done when somebody
// waits for it, one stream at a time, so that every missing wait shows. Order
// between streams comes from events alone.
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static struct fk_task *running;
static struct fk_stream *running_on;

struct fk_task *fk_running(void) { return running; }

struct fk_stream *fk_running_stream(void) { return running_on; }

bool fk_saturating(void) { return running_on != NULL && running_on->saturate; }

struct fk_task *fk_task_new(const char *name, void (*run)(struct fk_task *), void (*drop)(struct fk_task *), void *payload) {
  struct fk_task *t = calloc(1, sizeof *t);
  snprintf(t->name, sizeof t->name, "%s", name);
  t->run = run;
  t->drop = drop;
  t->payload = payload;
  return t;
}

void fk_task_span(struct fk_task *t, uintptr_t at, size_t n, bool write) {
  if (n == 0)
    return;
  if ((t->nspans & (t->nspans - 1)) == 0)
    t->spans = realloc(t->spans, (size_t)(t->nspans == 0 ? 1 : t->nspans * 2) * sizeof *t->spans);
  struct fk_block *b = fk_is_device(at) ? fk_block_of(at) : NULL;
  uint64_t id = b != NULL && at + n <= b->at + b->capacity ? b->id : 0;
  t->spans[t->nspans++] = (struct fk_span){at, n, write, id};
}

void fk_task_free(struct fk_task *t) {
  if (t->drop != NULL)
    t->drop(t);
  free(t->spans);
  free(t);
}

static bool overlaps(const struct fk_span *s, uintptr_t at, size_t n) { return s->at < at + n && at < s->at + s->n; }

struct look {
  uintptr_t at;
  size_t n;
  bool writes_only;
  const char *who;
};

static void look_at(void *handle, void *user) {
  struct fk_stream *s = handle;
  struct look *l = user;
  for (struct fk_task *t = s->head; t != NULL && l->who == NULL; t = t->next)
    for (int i = 0; i < t->nspans; i++)
      if ((t->spans[i].write || !l->writes_only) && overlaps(&t->spans[i], l->at, l->n))
        l->who = t->name;
}

// Does a queued task use (or write) these bytes?
bool fk_pending(uintptr_t at, size_t n, bool writes_only, const char **who) {
  if (fk_stats.queued == 0)
    return false;
  struct look l = {at, n, writes_only, NULL};
  fk_each(H_STREAM, look_at, &l);
  if (who != NULL)
    *who = l.who;
  return l.who != NULL;
}

// The memory of a task must be the memory that was there when it was queued.
// A kernel that reads elsewhere ends with an AI core exception: ascend.md 1.5, 7.3.
static int check_spans(const struct fk_task *t) {
  for (int i = 0; i < t->nspans; i++) {
    const struct fk_span *s = &t->spans[i];
    if (!fk_is_device(s->at)) {
      if (s->block == 0 && t->run != NULL && strncmp(t->name, "aclnn", 5) == 0)
        return RT_AICORE_EXCEPTION; // a host address given to a kernel
      continue;
    }
    struct fk_block *b = fk_block_of(s->at);
    if (s->block == 0 || b == NULL || b->id != s->block)
      return RT_AICORE_EXCEPTION;
  }
  return OK;
}

static void poison_outputs(const struct fk_task *t) {
  for (int i = 0; i < t->nspans; i++) {
    struct fk_block *b = fk_block_of(t->spans[i].at);
    if (t->spans[i].write && b != NULL && b->id == t->spans[i].block)
      memset(fk_host(t->spans[i].at), POISON, t->spans[i].n);
  }
}

void fk_run_task(struct fk_stream *s, struct fk_task *t) {
  int fault = t->fault != 0 ? t->fault : check_spans(t);
  if (fault != OK) {
    if (s->ctx->broken == 0 || !s->stop_on_failure)
      s->ctx->broken = fault; // a later fault may replace the first: ascend.md 1.5
    poison_outputs(t);
    if (t->fault == 0)
      fk_misuse("%s: uses memory that is not, or no longer, allocated on the device", t->name);
    return;
  }
  struct fk_task *outer = running;
  struct fk_stream *outer_on = running_on;
  running = t;
  running_on = s;
  if (t->run != NULL)
    t->run(t);
  running = outer;
  running_on = outer_on;
}

void fk_event_done(struct fk_event *event, uint64_t ticket);

// Runs the head of a stream and whatever it waits for.
int fk_run_one(struct fk_stream *s) {
  struct fk_task *t = s->head;
  if (t == NULL)
    return OK;
  if (s->running) {
    fk_misuse("streams wait for each other: nothing can run");
    return fk_error(RT_STREAM_SYNC_TIMEOUT, "EE1002", "Stream synchronize timeout. Two streams wait for each other.");
  }
  s->running = true;
  int code = OK;
  if (t->wait_stream != NULL && fk_alive(t->wait_stream, H_STREAM))
    code = fk_run_until(t->wait_stream, t->wait_seq);
  s->running = false;
  if (code != OK)
    return code;
  s->head = t->next;
  if (s->head == NULL)
    s->tail = NULL;
  fk_stats.queued--;
  if (!(s->ctx->broken != 0 && s->stop_on_failure))
    fk_run_task(s, t);
  s->done_seq = t->seq;
  if (t->event != NULL)
    fk_event_done(t->event, t->ticket);
  fk_task_free(t);
  return OK;
}

int fk_run_until(struct fk_stream *s, uint64_t seq) {
  int code = OK;
  while (code == OK && s->head != NULL && s->head->seq <= seq)
    code = fk_run_one(s);
  return code;
}

void fk_drop_all(struct fk_stream *s) {
  while (s->head != NULL) {
    struct fk_task *t = s->head;
    s->head = t->next;
    fk_stats.queued--;
    fk_task_free(t);
  }
  s->tail = NULL;
}

void fk_graph_add(struct fk_graph *graph, struct fk_task *task);

int fk_queue(struct fk_stream *s, struct fk_task *t) {
  if (s->capture != NULL) {
    fk_graph_add(s->capture, t);
    return OK;
  }
  t->seq = ++s->next_seq;
  if (s->tail == NULL)
    s->head = t;
  else
    s->tail->next = t;
  s->tail = t;
  fk_stats.queued++;
  return OK;
}

// After a kernel fault the context answers everything with that code, until the
// device is reset: ascend.md 1.5 "Errors arrive late".
int fk_broken(struct fk_context *ctx) {
  if (ctx->broken == 0)
    return OK;
  return fk_error(ctx->broken, "EZ9999",
                  "The error from device(chipId:%d, dieId:0), serial number is 1, there is an aicore error exception, "
                  "core id is 0, error code = 0x800000, dump info: The DDR address of the MTE instruction is out of "
                  "range. runtime result = %d.",
                  ctx->device, ctx->broken);
}

// NULL is the default stream of the current context; a stream of another context
// is refused with 107003, a freed one with 107017: ascend.md 1.4, 1.5.
int fk_stream_of(aclrtStream handle, struct fk_stream **out) {
  struct fk_context *ctx = fk_current();
  if (handle == NULL) {
    *out = ctx->stream;
    return OK;
  }
  if (!fk_alive(handle, H_STREAM)) {
    fk_misuse("stream %p is %s", handle, fk_dead(handle) ? "destroyed" : "not a stream");
    return fk_error(RT_INVALID_HANDLE, "EE1001", "The argument is invalid. Reason: the stream handle %p is invalid.", handle);
  }
  struct fk_stream *s = handle;
  if (s->ctx != ctx)
    return fk_error(RT_STREAM_CONTEXT, "EE9999", "stream is not in current ctx, stream_id=%d.", s->number);
  *out = s;
  return OK;
}
