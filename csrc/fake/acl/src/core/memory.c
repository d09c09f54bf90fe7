// Device and page-locked memory. Device addresses lie in a range without access
// rights, so that a host program that reads one is stopped at once; the bytes
// themselves lie in a second range of the same shape.
//
// Rules (ascend.md 1.5 "Memory"; [rt] src/acl/aclrt_impl/memory.cpp aclMallocMemInner,
// docs/zh/api_ref/11-01): size 0 and NULL are errors; the block is size rounded up
// to 32 plus 32 (no tail on 950); the start is 64-byte aligned, and here never more;
// content is undefined (here: NaN); freeing takes effect at once, whatever is queued.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fake.h"

#define MAX_DEVICES 8
#define GAP 512 // between blocks, so that a run over the end meets no neighbour

static uintptr_t device_base, backing_base;
static size_t device_size; // bytes of one device
static struct fk_block **blocks; // of all devices, by address
static size_t nblocks, room;
static uint64_t next_id = 1;

struct pinned {
  uintptr_t at;
  size_t size;
};
static struct pinned *pins;
static size_t npins, pin_room;

static bool reserve(void) {
  if (device_base != 0)
    return true;
  device_size = (size_t)fk_setting_int("MEMORY_MIB", 16384) << 20;
  size_t all = device_size * MAX_DEVICES;
  void *front = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  void *back = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (front == MAP_FAILED || back == MAP_FAILED)
    return false;
  device_base = (uintptr_t)front;
  backing_base = (uintptr_t)back;
  return true;
}

bool fk_is_device(uintptr_t at) {
  return device_base != 0 && at >= device_base && at < device_base + device_size * MAX_DEVICES;
}

void *fk_host(uintptr_t at) { return (void *)(backing_base + (at - device_base)); }

// The first block that begins after the address.
static size_t upper(uintptr_t at) {
  size_t lo = 0, hi = nblocks;
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (blocks[mid]->at <= at)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

struct fk_block *fk_block_of(uintptr_t at) {
  size_t i = upper(at);
  if (i == 0)
    return NULL;
  struct fk_block *b = blocks[i - 1];
  return at < b->at + b->capacity ? b : NULL;
}

static void insert(size_t i, struct fk_block *b) {
  if (nblocks == room) {
    room = room == 0 ? 64 : room * 2;
    blocks = realloc(blocks, room * sizeof *blocks);
  }
  memmove(&blocks[i + 1], &blocks[i], (nblocks - i) * sizeof *blocks);
  blocks[i] = b;
  nblocks++;
}

// First fit at the lowest address, so that freed memory is given out again at once.
static struct fk_block *place(int device, size_t size, size_t capacity) {
  uintptr_t start = device_base + (uintptr_t)device * device_size, end = start + device_size;
  uintptr_t at = start + 64; // 64-byte, not 512-byte aligned: the manual promises no more
  size_t i = upper(start);
  while (i < nblocks && blocks[i]->at < end && blocks[i]->at < at + capacity + GAP) { // at may lie beyond a block: it is rounded up
    at = (blocks[i]->at + blocks[i]->capacity + GAP + 511) / 512 * 512 + 64;
    i++;
  }
  if (at >= end || end - at < capacity + GAP)
    return NULL;
  struct fk_block *b = calloc(1, sizeof *b);
  *b = (struct fk_block){at, size, capacity, next_id++, device};
  insert(i, b);
  return b;
}

static int do_malloc(void **p, size_t size, int policy) {
  if (p == NULL)
    return fk_null("devPtr");
  if (size == 0) // [rt] memory.cpp: ACL_REQUIRES_POSITIVE_REPORT(size)
    return fk_error(INVALID_PARAM, "EH0001", "Value 0 for size is invalid. Reason: must be greater than zero.");
  (void)policy; // an unknown policy falls back to the default: [rt] memory.cpp
  size_t tail = fk_chip()->bit == C950 ? 0 : 32;
  size_t capacity = (size + 31) / 32 * 32 + tail;
  if (capacity < size)
    return fk_error(INVALID_PARAM, "EH9999", "[Check][Size]size too large: %zu", size);
  struct fk_block *b = reserve() ? place(fk_current()->device, size, capacity) : NULL;
  if (b == NULL)
    return fk_error(RT_MEMORY_ALLOCATION, "EL0004", "Failed to allocate memory. Alloc device memory of size %zu failed.",
                    size);
  memset(fk_host(b->at), POISON, capacity);
  *p = (void *)b->at;
  fk_stats.device_allocations++;
  fk_stats.live_device_blocks++;
  fk_stats.live_device_bytes += (int64_t)size;
  if (fk_stats.live_device_bytes > fk_stats.peak_device_bytes)
    fk_stats.peak_device_bytes = fk_stats.live_device_bytes;
  return OK;
}

API aclError aclrtMalloc(void **devPtr, size_t size, aclrtMemMallocPolicy policy) {
  FK_CALL(CTX, do_malloc(devPtr, size, policy));
}

static int do_free(void *p) {
  if (p == NULL) // [rt] docs 11-01 aclrtFree: a null pointer is an error
    return fk_null("devPtr");
  size_t i = upper((uintptr_t)p);
  if (i == 0 || blocks[i - 1]->at != (uintptr_t)p)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: free device memory failed, %p is not "
                    "the start of memory from aclrtMalloc, or was freed before.", p);
  struct fk_block *b = blocks[i - 1];
  const char *who = NULL;
  // [rt] docs 11-01 aclrtFree: frees at once, waits for nothing; the task that
  // still uses the block fails when it runs (queue.c compares block ids).
  if (fk_pending(b->at, b->capacity, false, &who))
    fk_misuse("aclrtFree(%p): %s is queued and still uses this memory", p, who);
  fk_stats.live_device_blocks--;
  fk_stats.live_device_bytes -= (int64_t)b->size;
  madvise(fk_host(b->at / 4096 * 4096 + 4096), b->capacity > 8192 ? (b->capacity - 8192) / 4096 * 4096 : 0, MADV_DONTNEED);
  memmove(&blocks[i - 1], &blocks[i], (nblocks - i) * sizeof *blocks);
  nblocks--;
  free(b);
  return OK;
}

API aclError aclrtFree(void *devPtr) { FK_RELEASE(CTX, do_free(devPtr)); }

bool fk_is_pinned(uintptr_t at, size_t n) {
  for (size_t i = 0; i < npins; i++)
    if (at >= pins[i].at && at + n <= pins[i].at + pins[i].size)
      return true;
  return false;
}

static int do_malloc_host(void **p, size_t size) {
  if (p == NULL)
    return fk_null("hostPtr");
  if (size == 0)
    return fk_error(INVALID_PARAM, "EH0001", "Value 0 for size is invalid. Reason: must be greater than zero.");
  void *m = size > (size_t)1 << 40 ? NULL : aligned_alloc(64, (size + 63) / 64 * 64);
  if (m == NULL)
    return fk_error(RT_MEMORY_ALLOCATION, "EL0004", "Failed to allocate memory. Alloc host memory of size %zu failed.", size);
  memset(m, POISON, size);
  if (npins == pin_room) {
    pin_room = pin_room == 0 ? 16 : pin_room * 2;
    pins = realloc(pins, pin_room * sizeof *pins);
  }
  pins[npins++] = (struct pinned){(uintptr_t)m, size};
  fk_stats.host_allocations++;
  fk_stats.live_host_blocks++;
  *p = m;
  return OK;
}

API aclError aclrtMallocHost(void **hostPtr, size_t size) { FK_CALL(CTX, do_malloc_host(hostPtr, size)); }

static int do_free_host(void *p) {
  if (p == NULL)
    return fk_null("hostPtr");
  size_t i = 0;
  while (i < npins && pins[i].at != (uintptr_t)p)
    i++;
  if (i == npins)
    return fk_error(RT_PARAM_INVALID, "EE1001", "The argument is invalid. Reason: %p is not memory from aclrtMallocHost.", p);
  const char *who = NULL;
  if (fk_pending((uintptr_t)p, pins[i].size, false, &who)) {
    // [rt] docs 11-02 aclrtFreeHost: frees at once. The bytes stay here, so that
    // the queued copy reads rubbish instead of ending the process.
    fk_misuse("aclrtFreeHost(%p): %s is queued and still uses this memory", p, who);
    memset(p, POISON, pins[i].size);
  } else {
    free(p);
  }
  pins[i] = pins[--npins];
  fk_stats.live_host_blocks--;
  return OK;
}

API aclError aclrtFreeHost(void *hostPtr) { FK_RELEASE(INIT, do_free_host(hostPtr)); }

static int do_mem_info(int attr, size_t *avail, size_t *total) {
  if (avail == NULL || total == NULL)
    return fk_null(avail == NULL ? "free" : "total");
  if (attr < 0 || attr > 17) // ascend.md 1.3
    return fk_error(INVALID_PARAM, "EH0001", "Value %d for attr is invalid. Reason: not a kind of memory.", attr);
  if (!reserve())
    return fk_error(RT_MEMORY_ALLOCATION, "EL0004", "Failed to reserve the device's address range.");
  *total = device_size;
  *avail = device_size - (size_t)fk_stats.live_device_bytes;
  return OK;
}

API aclError aclrtGetMemInfo(aclrtMemAttr attr, size_t *avail, size_t *total) {
  FK_CALL(CTX, do_mem_info(attr, avail, total));
}

void fk_reset_memory(void) {
  for (size_t i = 0; i < nblocks; i++)
    free(blocks[i]);
  free(blocks);
  free(pins); // the page-locked memory itself belongs to whoever forgot to free it
  blocks = NULL;
  pins = NULL;
  nblocks = room = npins = pin_room = 0;
  if (device_base != 0) {
    munmap((void *)device_base, device_size * MAX_DEVICES);
    munmap((void *)backing_base, device_size * MAX_DEVICES);
    device_base = 0;
  }
}
