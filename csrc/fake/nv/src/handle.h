// The handle and the exported functions, of which cudnn.c and cudnn_graph.c know.
#ifndef HANDLE_H
#define HANDLE_H

#include "fake.h"

#define DECLARE(name, since, result, arguments) EXPORT result name arguments;
NV_CUDNN_REQUIRED(DECLARE)
#undef DECLARE

#define HANDLE "cuDNN handle"

typedef struct dnn_handle {
	fake_object object;
	CUstream stream;
} dnn_handle;

#endif
