//go:build cgo && linux

// Streams and events. Streams never wait for the legacy default stream.
#include "binding.h"

#include <stdlib.h>

nv_result nv_stream_create(nv_context *c, int priority, CUstream *stream) {
	ENTER(c);
	return CALL(c->api, cuStreamCreateWithPriority, (stream, NV_CU_STREAM_NON_BLOCKING, priority));
}

nv_result nv_stream_destroy(nv_context *c, CUstream stream) {
	RELEASE(c, cuStreamDestroy_v2, (stream));
}

nv_result nv_stream_sync(nv_context *c, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuStreamSynchronize, (stream));
}

nv_result nv_stream_query(nv_context *c, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuStreamQuery, (stream));
}

nv_result nv_stream_wait(nv_context *c, CUstream stream, CUevent event) {
	ENTER(c);
	return CALL(c->api, cuStreamWaitEvent, (stream, event, 0));
}

nv_result nv_stream_priorities(nv_context *c, int *least, int *greatest) {
	ENTER(c);
	return CALL(c->api, cuCtxGetStreamPriorityRange, (least, greatest));
}

nv_result nv_event_create(nv_context *c, unsigned flags, CUevent *event) {
	ENTER(c);
	return CALL(c->api, cuEventCreate, (event, flags));
}

nv_result nv_event_destroy(nv_context *c, CUevent event) {
	RELEASE(c, cuEventDestroy_v2, (event));
}

nv_result nv_event_record(nv_context *c, CUevent event, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuEventRecord, (event, stream));
}

nv_result nv_event_sync(nv_context *c, CUevent event) {
	ENTER(c);
	return CALL(c->api, cuEventSynchronize, (event));
}

nv_result nv_event_query(nv_context *c, CUevent event) {
	ENTER(c);
	return CALL(c->api, cuEventQuery, (event));
}

nv_result nv_event_elapsed(nv_context *c, CUevent from, CUevent to, float *milliseconds) {
	ENTER(c);
	return CALL(c->api, cuEventElapsedTime, (milliseconds, from, to));
}
