/*
 * What the probes share: finding the vendor's functions, and noting what they answer.
 */
#ifndef MNV2_ACLPROBE_H
#define MNV2_ACLPROBE_H

#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include "../acl/acl.h"

/* Answers, one a line: expression, tab, what it gave, tab, what the stand-in assumes. */
typedef struct mnv2_probe_notes {
  char text[16384];
  size_t used;
  jmp_buf missing; /* taken when a function is not there */
  aclrtStream stream;
} mnv2_probe_notes;

typedef struct mnv2_probe {
  const char *name;  /* what is done, for people */
  const char *about; /* why it matters, or where the rule is from */
  void (*run)(mnv2_probe_notes *);
} mnv2_probe;

extern const mnv2_probe mnv2_probes[];
extern const int mnv2_probe_count;

/* Runs probe number i. */
void mnv2_probe_run(int i, mnv2_probe_notes *notes);

/* Returns a function of the vendor, or leaves the probe after noting that it is missing. */
void *mnv2_probe_find(mnv2_probe_notes *notes, const char *name);
/* Notes an answer. */
void mnv2_probe_note(mnv2_probe_notes *notes, const char *what, long long got, long long assumed);

/* The vendor's function of that name. */
#define F(name) ((__typeof__(&name))mnv2_probe_find(t, #name))
/* Notes what an expression gives beside what the stand-in assumes. */
#define SAYS(assumed, what, expression) mnv2_probe_note(t, what, (long long)(expression), assumed)

/* Opens device 0 and a stream. */
void mnv2_probe_start(mnv2_probe_notes *t);
/* Device memory, or leaves the probe. */
void *mnv2_probe_memory(mnv2_probe_notes *t, size_t n);
/* Contiguous tensors, scalars and lists. */
aclTensor *mnv2_probe_tensor(mnv2_probe_notes *t, void *data, int dtype, int format, int rank, const int64_t *dims);
aclTensor *mnv2_probe_vector(mnv2_probe_notes *t, void *data, int dtype, int64_t n);
aclScalar *mnv2_probe_scalar(mnv2_probe_notes *t, double x);
aclIntArray *mnv2_probe_two(mnv2_probe_notes *t, int64_t a, int64_t b);

#endif
