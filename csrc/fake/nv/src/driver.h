// What the files of the driver share.
#ifndef DRIVER_H
#define DRIVER_H

#include "queue.h"

#define DECLARE(name, since, result, arguments) EXPORT result name arguments;
NV_DRIVER_REQUIRED(DECLARE)
NV_DRIVER_OPTIONAL(DECLARE)
#undef DECLARE

enum { SHARED_PER_BLOCK = 232448, SHARED_DEFAULT = 49152, SHARED_PER_MULTIPROCESSOR = 233472, THREADS_PER_MULTIPROCESSOR = 2048 };

// DRIVER starts an entry point that works in the current context, DRIVER_RELEASE one that gives something back.
#define DRIVER(flags) BEGIN(LIB_DRIVER, NEEDS_CONTEXT | (flags))
#define DRIVER_RELEASE(flags) BEGIN_RELEASE(LIB_DRIVER, NEEDS_CONTEXT | (flags))

// FIND defines a pointer to the object behind a handle, or returns from the entry point.
#define FIND(type, name, handle, kind)                 \
	type *const name = fake_find((handle), (kind)); \
	if (name == NULL) return NV_CUDA_ERROR_INVALID_HANDLE

#endif
