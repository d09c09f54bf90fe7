// A table of all handles ever given out: alive ones by kind, dead ones kept in
// quarantine so that a second use is recognised instead of reading freed memory.
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define QUARANTINE 4096 // dead handles remembered

struct entry {
  void *handle;
  enum fk_kind kind;
  bool dead;
};
static struct entry *table;
static size_t slots, used;
static int64_t alive[H_KINDS];
static void *graves[QUARANTINE];
static size_t next_grave;

static size_t slot(const void *handle) {
  uintptr_t h = (uintptr_t)handle >> 4;
  h = (h ^ (h >> 21)) * (uintptr_t)0x9E3779B97F4A7C15ULL;
  size_t i = (size_t)(h >> 20) & (slots - 1);
  while (table[i].handle != NULL && table[i].handle != handle)
    i = (i + 1) & (slots - 1);
  return i;
}

static void grow(void) {
  struct entry *old = table;
  size_t n = slots;
  slots = n == 0 ? 8192 : n * 2;
  table = calloc(slots, sizeof *table);
  used = 0;
  for (size_t i = 0; i < n; i++)
    if (old[i].handle != NULL) {
      table[slot(old[i].handle)] = old[i];
      used++;
    }
  free(old);
}

void *fk_new(enum fk_kind kind, size_t size) {
  if (used * 2 >= slots)
    grow();
  void *handle = calloc(1, size);
  table[slot(handle)] = (struct entry){handle, kind, false};
  used++;
  alive[kind]++;
  return handle;
}

// Takes one entry out and closes the gap in its probe chain.
static void forget(void *handle) {
  size_t hole = slot(handle);
  free(table[hole].handle);
  table[hole].handle = NULL;
  used--;
  for (size_t i = (hole + 1) & (slots - 1); table[i].handle != NULL; i = (i + 1) & (slots - 1)) {
    struct entry moved = table[i];
    table[i].handle = NULL;
    table[slot(moved.handle)] = moved;
  }
}

void fk_delete(void *handle) {
  struct entry *e = &table[slot(handle)];
  alive[e->kind]--;
  e->dead = true;
  if (graves[next_grave] != NULL)
    forget(graves[next_grave]);
  graves[next_grave] = handle;
  next_grave = (next_grave + 1) % QUARANTINE;
}

static struct entry *find(const void *handle) {
  if (slots == 0 || handle == NULL)
    return NULL;
  struct entry *e = &table[slot(handle)];
  return e->handle == NULL ? NULL : e;
}

bool fk_alive(const void *handle, enum fk_kind kind) {
  struct entry *e = find(handle);
  return e != NULL && !e->dead && e->kind == kind;
}

bool fk_dead(const void *handle) {
  struct entry *e = find(handle);
  return e != NULL && e->dead;
}

int64_t fk_count(enum fk_kind kind) { return alive[kind]; }

// Visits a copy of the list, since a visitor may delete what it is shown.
void fk_each(enum fk_kind kind, void (*visit)(void *, void *), void *user) {
  void **list = calloc((size_t)alive[kind] + 1, sizeof *list);
  size_t n = 0;
  for (size_t i = 0; i < slots; i++)
    if (table[i].handle != NULL && !table[i].dead && table[i].kind == kind)
      list[n++] = table[i].handle;
  for (size_t i = 0; i < n; i++)
    visit(list[i], user);
  free(list);
}

void fk_reset_handles(void) {
  for (size_t i = 0; i < slots; i++)
    free(table[i].handle);
  free(table);
  table = NULL;
  slots = used = next_grave = 0;
  memset(alive, 0, sizeof alive);
  memset(graves, 0, sizeof graves);
}

__attribute__((destructor)) static void free_quarantine(void) {
  for (size_t i = 0; i < QUARANTINE; i++)
    if (graves[i] != NULL)
      forget(graves[i]);
  free(table);
  table = NULL;
  slots = 0;
}
