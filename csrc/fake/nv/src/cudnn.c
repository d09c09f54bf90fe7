// libcudnn: handles and descriptors. It has no engine: its heuristics find nothing for any convolution, and say so.
#include "fake.h"

#include <stdio.h>

#define DECLARE(name, since, result, arguments) EXPORT result name arguments;
NV_CUDNN_REQUIRED(DECLARE)
#undef DECLARE

#define FIND_OR(name, handle, kind)                        \
	fake_object *const name = fake_find((handle), (kind)); \
	if (name == NULL) return NV_CUDNN_STATUS_BAD_PARAM

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
	BEGIN(LIB_CUDNN, NEEDS_CONTEXT | ALLOCATES);
	*handle = fake_new("cuDNN handle", sizeof(fake_object));
	return 0;
}

int cudnnDestroy(cudnnHandle_t handle) {
	BEGIN_RELEASE(LIB_CUDNN, NEEDS_CONTEXT);
	FIND_OR(h, handle, "cuDNN handle");
	fake_retire(h);
	return begun;
}

int cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
	BEGIN(LIB_CUDNN, NEEDS_CONTEXT);
	FIND_OR(h, handle, "cuDNN handle");
	(void)h;
	return fake_find(stream, "stream") != NULL ? 0 : NV_CUDNN_STATUS_BAD_PARAM;
}

int cudnnBackendCreateDescriptor(int type, cudnnBackendDescriptor_t *descriptor) {
	BEGIN(LIB_CUDNN, ALLOCATES);
	(void)type;
	*descriptor = fake_new("descriptor", sizeof(fake_object));
	return 0;
}

int cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
	BEGIN_RELEASE(LIB_CUDNN, 0);
	FIND_OR(d, descriptor, "descriptor");
	fake_retire(d);
	return begun;
}

int cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
	BEGIN(LIB_CUDNN, 0);
	return fake_find(descriptor, "descriptor") != NULL ? 0 : NV_CUDNN_STATUS_BAD_PARAM;
}

int cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, int name, int type, int64_t count, const void *values) {
	BEGIN(LIB_CUDNN, 0);
	(void)name, (void)type;
	if (count > 0 && values == NULL) return NV_CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
	return fake_find(descriptor, "descriptor") != NULL ? 0 : NV_CUDNN_STATUS_BAD_PARAM;
}

int cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor, int name, int type, int64_t asked, int64_t *got, void *values) {
	BEGIN(LIB_CUDNN, 0);
	(void)type, (void)asked, (void)values;
	FIND_OR(d, descriptor, "descriptor");
	(void)d;
	if (name != NV_CUDNN_ATTR_ENGINEHEUR_RESULTS || got == NULL) return NV_CUDNN_STATUS_NOT_SUPPORTED;
	*got = 0; // no engine
	return 0;
}

int cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack) {
	BEGIN(LIB_CUDNN, NEEDS_CONTEXT);
	(void)handle, (void)plan, (void)pack;
	return NV_CUDNN_STATUS_NOT_SUPPORTED;
}
