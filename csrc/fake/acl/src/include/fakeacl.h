// The stand-in's own door: settings, counters and a reset, for tests. The
// functions live in libascendcl.so (libacl_rt.so in the split layout).
#ifndef FAKEACL_H
#define FAKEACL_H

#include <stdint.h>

// What happened since the library was loaded or reset, and what is still alive.
// Counts, except where a unit is named.
struct fake_acl_stats {
  int64_t calls;              // vendor entry points called, over all libraries
  int64_t launches;           // second phases that queued an operation, and graph replays
  int64_t synchronises;       // stream, event and device synchronisations asked for
  int64_t implicit_waits;     // calls that had to wait although nobody asked (copies of pageable memory)
  int64_t device_allocations; // aclrtMalloc and its variants
  int64_t host_allocations;   // aclrtMallocHost
  int64_t copies;             // copies and fills, synchronous and queued
  int64_t misuses;            // what the real library answers with undefined behaviour
  int64_t warnings;           // allowed, but doubtful on real devices
  int64_t queued;             // tasks not yet run
  int64_t live_contexts, live_streams, live_events, live_graphs;
  int64_t live_tensors, live_scalars, live_arrays, live_lists, live_executors;
  int64_t live_device_blocks, live_host_blocks, live_data_buffers;
  int64_t live_device_bytes, peak_device_bytes;
};

// Reads the counters.
void fakeAclStats(struct fake_acl_stats *out);

// Overrides one setting for this process: the name of the environment variable
// without MNV2_FAKE_ACL_, and its value (NULL: back to the environment).
void fakeAclSet(const char *key, const char *value);

// Forgets everything (contexts, memory, queues, counters) and reads the settings
// anew, as if the library had just been loaded. Handles from before are invalid.
void fakeAclReset(void);

// Short forms for tests that look one function up.
void mnv2_fake_acl_fail_nth(long n);           // fails the n-th call from now; 0: none
const char *mnv2_fake_acl_leaks(void);         // "2 tensors, 1 streams", or ""
long mnv2_fake_acl_count(const char *symbol);  // calls of an entry point, or "launch", "sync", "malloc", "misuse", "call"

// The text of the last misuse, or "".
const char *fakeAclLastMisuse(void);

#endif
