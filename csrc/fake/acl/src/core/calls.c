// Counting, logging and failing of calls. One lock serves the whole stand-in.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fake.h"

struct fake_acl_stats fk_stats;

static pthread_mutex_t lock;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static __thread bool injected;
static FILE *log_file;
static char log_path[512];

bool fk_initialised(void); // runtime.c

static void make_lock(void) {
  pthread_mutexattr_t attr;
  pthread_mutexattr_init(&attr);
  pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&lock, &attr);
}

int64_t fk_now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// How often each name was called, for rules such as "aclrtMalloc:3".
#define NAMES 1024
static struct {
  const char *name;
  int64_t calls, launches;
} names[NAMES];

static int slot_of(const char *name) {
  unsigned hash = 5381;
  for (const char *p = name; *p != '\0'; p++)
    hash = hash * 33 + (unsigned char)*p;
  for (unsigned i = hash % NAMES;; i = (i + 1) % NAMES) {
    if (names[i].name == NULL)
      names[i].name = name;
    if (strcmp(names[i].name, name) == 0)
      return (int)i;
  }
}

// Looks for a rule "NAME:N=CODE" (N-th call of NAME), "N=CODE" (N-th call of all)
// or "NAME:*=CODE" (each call); "=CODE" may be missing. Rules are separated by commas.
static int rule_for(const char *rules, const char *name, int64_t nth, int64_t overall, int dflt) {
  while (rules != NULL && *rules != '\0') {
    size_t len = strcspn(rules, ",");
    char rule[160];
    snprintf(rule, sizeof rule, "%.*s", (int)(len < 159 ? len : 159), rules);
    rules += len + (rules[len] == ',');
    int code = dflt;
    char *equals = strchr(rule, '=');
    if (equals != NULL) {
      code = atoi(equals + 1);
      *equals = '\0';
    }
    char *colon = strchr(rule, ':');
    if (colon == NULL) {
      if (strtoll(rule, NULL, 10) == overall)
        return code;
      continue;
    }
    *colon = '\0';
    if (strcmp(rule, name) == 0 && (colon[1] == '*' || strtoll(colon + 1, NULL, 10) == nth))
      return code;
  }
  return 0;
}

static void write_log(const char *format, const char *name, int code) {
  const char *path = fk_setting("LOG");
  if (path == NULL)
    return;
  if (log_file == NULL || strcmp(log_path, path) != 0) {
    if (log_file != NULL)
      fclose(log_file);
    log_file = fopen(path, "ae");
    snprintf(log_path, sizeof log_path, "%s", path);
  }
  if (log_file != NULL) {
    fprintf(log_file, format, (long long)fk_stats.calls, name, code);
    fflush(log_file);
  }
}

static int dflt_code(const char *name) { return strncmp(name, "aclnn", 5) == 0 ? NN_INNER : INTERNAL_ERROR; }

int fk_enter(const char *name, unsigned flags) {
  pthread_once(&once, make_lock);
  pthread_mutex_lock(&lock);
  injected = false;
  fk_stats.calls++;
  int64_t nth = ++names[slot_of(name)].calls;
  int code = rule_for(fk_setting("FAIL"), name, nth, fk_stats.calls, dflt_code(name));
  if (code != OK) {
    injected = true;
    return fk_error(code, "EE9999", "%s failed at call %lld of all, %lld of its own: the failure was asked for.", name,
                    (long long)fk_stats.calls, (long long)nth);
  }
  // ascend.md 1.4: calls before aclInit are answered with 100001.
  if ((flags & INIT) != 0 && !fk_initialised())
    return fk_error(UNINITIALIZE, "EH9999", "%s was called before aclInit.", name);
  // ascend.md 1.5: the current context belongs to the thread; 107002 without one.
  if ((flags & CTX) == CTX && fk_current() == NULL)
    return fk_error(RT_CONTEXT_NULL, "EE9999",
                    "%s failed, the context of the current thread is a null pointer. Reason: rtSetDevice or "
                    "rtCtxSetCurrent was not called on this thread.",
                    name);
  return OK;
}

int fk_leave(const char *name, int code) {
  write_log("%lld %s %d\n", name, code);
  pthread_mutex_unlock(&lock);
  return code;
}

bool fk_injected(void) { return injected; }

int fk_late_fault(const char *name) {
  int64_t nth = ++names[slot_of(name)].launches;
  return rule_for(fk_setting("FAULT"), name, nth, fk_stats.launches, RT_AICORE_EXCEPTION);
}

static void count_live(void) {
  fk_stats.live_contexts = fk_count(H_CONTEXT);
  fk_stats.live_streams = fk_count(H_STREAM);
  fk_stats.live_events = fk_count(H_EVENT);
  fk_stats.live_graphs = fk_count(H_GRAPH);
  fk_stats.live_tensors = fk_count(H_TENSOR);
  fk_stats.live_scalars = fk_count(H_SCALAR);
  fk_stats.live_arrays = fk_count(H_ARRAY);
  fk_stats.live_lists = fk_count(H_LIST);
  fk_stats.live_executors = fk_count(H_EXECUTOR);
  fk_stats.live_data_buffers = fk_count(H_BUFFER);
}

API void fakeAclStats(struct fake_acl_stats *out) {
  pthread_once(&once, make_lock);
  pthread_mutex_lock(&lock);
  count_live();
  *out = fk_stats;
  pthread_mutex_unlock(&lock);
}

API void fakeAclReset(void) {
  pthread_once(&once, make_lock);
  pthread_mutex_lock(&lock);
  fk_reset_runtime();
  fk_reset_memory();
  fk_reset_handles();
  fk_reset_sysparams();
  fk_reset_config();
  fk_reset_calls();
  pthread_mutex_unlock(&lock);
}

void fk_reset_calls(void) {
  fk_stats = (struct fake_acl_stats){0};
  memset(names, 0, sizeof names);
  if (log_file != NULL)
    fclose(log_file);
  log_file = NULL;
}

// Fails the n-th call from now on, counted over all entry points; 0 switches it off.
API void mnv2_fake_acl_fail_nth(long n) {
  char rule[32];
  snprintf(rule, sizeof rule, "%lld", (long long)fk_stats.calls + n);
  fakeAclSet("FAIL", n > 0 ? rule : NULL);
}

// What is alive, as one line; "" when nothing is.
API const char *mnv2_fake_acl_leaks(void) {
  static char text[512];
  struct fake_acl_stats s;
  fakeAclStats(&s);
  const struct {
    const char *name;
    int64_t n;
  } kinds[] = {{"streams", s.live_streams}, {"events", s.live_events}, {"graphs", s.live_graphs}, {"tensors", s.live_tensors},
               {"scalars", s.live_scalars}, {"arrays", s.live_arrays}, {"lists", s.live_lists}, {"executors", s.live_executors},
               {"device blocks", s.live_device_blocks}, {"host blocks", s.live_host_blocks}, {"contexts", s.live_contexts}};
  text[0] = '\0';
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (kinds[i].n != 0) {
      size_t used = strlen(text);
      snprintf(text + used, sizeof text - used, "%s%lld %s", used > 0 ? ", " : "", (long long)kinds[i].n, kinds[i].name);
    }
  return text;
}

// Calls so far of one entry point, or of "launch", "sync", "malloc", "misuse", "call".
API long mnv2_fake_acl_count(const char *symbol) {
  if (strcmp(symbol, "launch") == 0)
    return (long)fk_stats.launches;
  if (strcmp(symbol, "sync") == 0)
    return (long)(fk_stats.synchronises + fk_stats.implicit_waits);
  if (strcmp(symbol, "malloc") == 0)
    return (long)(fk_stats.device_allocations + fk_stats.host_allocations);
  if (strcmp(symbol, "misuse") == 0)
    return (long)fk_stats.misuses;
  if (strcmp(symbol, "call") == 0)
    return (long)fk_stats.calls;
  for (int i = 0; i < NAMES; i++)
    if (names[i].name != NULL && strcmp(names[i].name, symbol) == 0)
      return (long)names[i].calls;
  return 0;
}

static void print_report(FILE *out) {
  count_live();
  const struct fake_acl_stats *s = &fk_stats;
  fprintf(out, "acl stand-in: calls=%lld launches=%lld synchronises=%lld implicit_waits=%lld copies=%lld\n",
          (long long)s->calls, (long long)s->launches, (long long)s->synchronises, (long long)s->implicit_waits,
          (long long)s->copies);
  fprintf(out, "acl stand-in: device_allocations=%lld host_allocations=%lld peak_device_bytes=%lld\n",
          (long long)s->device_allocations, (long long)s->host_allocations, (long long)s->peak_device_bytes);
  fprintf(out,
          "acl stand-in: live contexts=%lld streams=%lld events=%lld graphs=%lld tensors=%lld scalars=%lld arrays=%lld "
          "lists=%lld executors=%lld data_buffers=%lld device_blocks=%lld host_blocks=%lld device_bytes=%lld\n",
          (long long)s->live_contexts, (long long)s->live_streams, (long long)s->live_events,
          (long long)s->live_graphs, (long long)s->live_tensors, (long long)s->live_scalars, (long long)s->live_arrays,
          (long long)s->live_lists, (long long)s->live_executors, (long long)s->live_data_buffers,
          (long long)s->live_device_blocks, (long long)s->live_host_blocks, (long long)s->live_device_bytes);
  fprintf(out, "acl stand-in: misuses=%lld warnings=%lld queued=%lld\n", (long long)s->misuses, (long long)s->warnings,
          (long long)s->queued);
}

// MNV2_FAKE_ACL_REPORT=- prints the counters when the process ends, or writes them to a file.
__attribute__((destructor)) static void report_at_exit(void) {
  const char *path = fk_setting("REPORT");
  if (path == NULL)
    return;
  if (strcmp(path, "-") == 0) {
    print_report(stderr);
    return;
  }
  FILE *out = fopen(path, "we");
  if (out != NULL) {
    print_report(out);
    fclose(out);
  }
}
