// libcudnn: versions and handles. Descriptors are in cudnn_graph.c, what engines compute in cudnn_conv.c.
#include "fake.h"
#include "handle.h"

#include <stdio.h>

size_t cudnnGetVersion(void) { return (size_t)fake_configuration()->cudnn; }

size_t cudnnGetCudartVersion(void) { return (size_t)fake_configuration()->cudnn_cuda; }

const char *cudnnGetErrorString(int code) {
	static const struct { int code; const char *name; } names[] = {
#define NAME(name, value) {value, #name},
		NV_CUDNN_VALUES(NAME)
#undef NAME
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].code == code) return names[i].name;
	return "CUDNN_STATUS unknown";
}

void cudnnGetLastErrorString(char *text, size_t length) { snprintf(text, length, "the stand-in has no sentence for it"); }

int cudnnCreate(cudnnHandle_t *handle) {
	BEGIN(LIB_CUDNN, NEEDS_CONTEXT | NOT_RECORDING | ALLOCATES);
	*handle = fake_new(HANDLE, sizeof(dnn_handle));
	return 0;
}

int cudnnDestroy(cudnnHandle_t handle) {
	BEGIN_RELEASE(LIB_CUDNN, NEEDS_CONTEXT);
	dnn_handle *h = fake_find(handle, HANDLE);
	if (h == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	fake_retire(h);
	return begun;
}

int cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
	BEGIN(LIB_CUDNN, NEEDS_CONTEXT);
	dnn_handle *h = fake_find(handle, HANDLE);
	if (h == NULL || fake_find(stream, "stream") == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	h->stream = stream;
	return 0;
}
