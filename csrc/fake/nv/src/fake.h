// What the stand-ins share: faults, handles, memory, streams. One copy of it (libfakenv.so) serves all libraries of a process.
//
// Environment, read once and again by fakenv_reset:
//   MNV2_FAKE_DEVICES=1          how many devices
//   MNV2_FAKE_CC=9.0             compute capability
//   MNV2_FAKE_MEMORY=8589934592  bytes of memory of each device
//   MNV2_FAKE_DRIVER=12090       what cuDriverGetVersion says
//   MNV2_FAKE_STUB=1             be the toolkit's stub: every call answers 34
//   MNV2_FAKE_NVRTC=12.9         version of the compiler
//   MNV2_FAKE_CUDNN=91300        version of cuDNN; MNV2_FAKE_CUDNN_CUDA=12090 that of the runtime in it
//   MNV2_FAKE_CUDNN_BROKEN=1    every convolution of cuDNN's fails when it is to run
//   MNV2_FAKE_QUEUE=eager        run work when it is queued; "lazy" (the default) runs it when somebody waits for it
//   MNV2_FAKE_FAIL=N[:CODE]      the N-th call, of all libraries together, fails, with CODE or a likely one
//   MNV2_FAKE_LOG=FILE           a line for each call
//   MNV2_FAKE_MIG=1              the device has MIG enabled (management library only)
#ifndef FAKE_H
#define FAKE_H

#include "nv.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

typedef struct fake_config {
	int devices, major, minor, driver, stub, nvrtc_major, nvrtc_minor, cudnn, cudnn_cuda, cudnn_broken, eager, mig;
	size_t memory;
} fake_config;

const fake_config *fake_configuration(void);

// ---- calls

enum { LIB_DRIVER, LIB_NVRTC, LIB_CUDNN, LIB_NVML };
enum {
	NEEDS_CONTEXT = 1, // the thread must have one that is alive
	NOT_RECORDING = 2, // spoils a recording of this thread
	ALLOCATES = 4,     // fails with "out of memory" when made to fail
	QUERY = 8,         // texts and versions: cannot be made to fail
};

// fake_begin counts and logs a call and returns the code that it is to fail with, or 0. It takes the one lock there is.
int fake_begin(int library, const char *name, int flags);
void fake_end(const int *unused);
// BEGIN starts an entry point: the lock is held until it returns.
#define BEGIN(library, flags)                                                             \
	__attribute__((cleanup(fake_end))) const int begun = fake_begin(library, __func__, flags); \
	if (begun != 0) return begun
// BEGIN_RELEASE starts one that gives something back: even when made to fail it does so, as the vendor's do.
#define BEGIN_RELEASE(library, flags) \
	__attribute__((cleanup(fake_end))) const int begun = fake_begin(library, __func__, flags); \
	if (begun != 0 && !fake_was_injected()) return begun

int fake_was_injected(void); // whether the last fake_begin of this thread failed because it was told to

// fake_misuse notes that the program did something that no device would forgive, and returns code.
int fake_misuse(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

// ---- handles: every object of every library; an object that is gone is remembered, so that its handle is never mistaken

typedef struct fake_object {
	const char *kind; // "stream"
	int alive;
	struct fake_object *next, *chained;
} fake_object;

// fake_new makes a zeroed object of size bytes, of which the first are a fake_object.
void *fake_new(const char *kind, size_t size);
// fake_find returns the object if handle is a living one of that kind, else NULL, having noted the misuse.
void *fake_find(const void *handle, const char *kind);
void fake_retire(void *object);
void fake_retire_all(void);
void fake_each(const char *kind, void (*visit)(void *object, void *data), void *data);

// ---- contexts

typedef struct fake_context {
	fake_object object;
	int device, references;
	int lost; // the code that every call answers from now on
	char reason[256];
	struct fake_capture *capture; // of the thread that began it
} fake_context;

fake_context *fake_current(void);
void fake_set_current(fake_context *context);
void fake_lose(fake_context *context, int code, const char *reason);

// ---- memory.c

// fake_alloc returns device memory between two fences, full of NaNs, or NULL when the device has not that much left.
void *fake_alloc(fake_context *context, size_t bytes);
int fake_free(void *pointer);      // 0, or CUDA_ERROR_INVALID_VALUE when there is no such memory
int fake_is_block(const void *pointer);
void fake_free_on_stream(void *pointer); // marks memory whose release is queued
int fake_is_device(const void *pointer, size_t bytes); // all of it lies in one piece of memory that is in use
size_t fake_memory_used(int device);
void *fake_host_alloc(size_t bytes);
int fake_host_free(void *pointer);
int fake_is_pinned(const void *pointer, size_t bytes);
void fake_check_fences(void); // notes a misuse for every piece of memory that was written past its ends

// ---- queue.c

typedef struct fake_work {
	const char *name;
	int (*run)(const void *data, char *error, size_t size); // 0, or the code that the context dies of
	size_t bytes;                                           // of data, which is copied and aligned to 64
	const void *host; size_t host_bytes;                    // pinned memory that it touches
} fake_work;

typedef struct fake_stream fake_stream;
typedef struct fake_event fake_event;

// fake_queue queues or records work in a stream. It returns a driver's code.
int fake_queue(fake_stream *stream, const fake_work *work, const void *data);
fake_stream *fake_stream_of(CUstream handle); // NULL if it is not one
int fake_run_stream(fake_stream *stream);     // runs all its work; the code that the context died of, or 0
int fake_run_all(fake_context *context);
int fake_touches(const void *host, size_t bytes); // whether queued work uses that pinned memory
int fake_stream_recording(fake_stream *stream);
int fake_spoil_capture(fake_context *context); // after an illegal call: whether there was one of this thread

#endif
