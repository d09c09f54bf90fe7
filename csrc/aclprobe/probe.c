//go:build cgo && linux

#define _GNU_SOURCE
#include "probe.h"

#include <dlfcn.h>
#include <stdio.h>

void *mnv2_probe_find(mnv2_probe_notes *notes, const char *name) {
  void *symbol = dlsym(RTLD_DEFAULT, name); /* package acl opens the libraries globally */
  if (symbol == NULL) {
    mnv2_probe_note(notes, name, -1, 0);
    longjmp(notes->missing, 1);
  }
  return symbol;
}

void mnv2_probe_note(mnv2_probe_notes *notes, const char *what, long long got, long long assumed) {
  size_t room = sizeof notes->text - notes->used;
  int n = snprintf(notes->text + notes->used, room, "%s\t%lld\t%lld\n", what, got, assumed);
  if (n > 0 && (size_t)n < room) {
    notes->used += (size_t)n;
  } else {
    notes->text[notes->used] = 0;
  }
}

void mnv2_probe_run(int i, mnv2_probe_notes *notes) {
  notes->used = 0;
  notes->text[0] = 0;
  if (setjmp(notes->missing) == 0) {
    mnv2_probes[i].run(notes);
  }
}

void mnv2_probe_start(mnv2_probe_notes *t) {
  int rc = F(aclrtSetDevice)(0);
  rc = rc != 0 ? rc : F(aclrtCreateStream)(&t->stream);
  if (rc != 0) {
    mnv2_probe_note(t, "opening the device and a stream", rc, 0);
    longjmp(t->missing, 1);
  }
}

void *mnv2_probe_memory(mnv2_probe_notes *t, size_t n) {
  void *p = NULL;
  int rc = F(aclrtMalloc)(&p, n, ACL_MEM_MALLOC_HUGE_FIRST);
  if (rc != 0) {
    mnv2_probe_note(t, "aclrtMalloc", rc, 0);
    longjmp(t->missing, 1);
  }
  return p;
}

aclTensor *mnv2_probe_tensor(mnv2_probe_notes *t, void *data, int dtype, int format, int rank, const int64_t *dims) {
  return F(aclCreateTensor)(dims, (uint64_t)rank, dtype, NULL, 0, format, dims, (uint64_t)rank, data);
}

aclTensor *mnv2_probe_vector(mnv2_probe_notes *t, void *data, int dtype, int64_t n) {
  return mnv2_probe_tensor(t, data, dtype, ACL_FORMAT_ND, 1, &n);
}

aclScalar *mnv2_probe_scalar(mnv2_probe_notes *t, double x) { return F(aclCreateScalar)(&x, ACL_DOUBLE); }

aclIntArray *mnv2_probe_two(mnv2_probe_notes *t, int64_t a, int64_t b) {
  int64_t v[2] = {a, b};
  return F(aclCreateIntArray)(v, 2);
}
