// libcuda: streams, events, recordings and graphs.
#include "driver.h"

#include <stdio.h>

// NO_RECORDING returns when the stream is being recorded: what follows would wait for it.
#define NO_RECORDING(s)                                                   \
	do {                                                              \
		if ((s)->capture == NULL) break;                          \
		(s)->capture->spoilt = 1;                                 \
		return NV_CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;          \
	} while (0)

// ---- streams

int cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int priority) {
	DRIVER(ALLOCATES | NOT_RECORDING);
	(void)priority; // clamped by the driver; here there is nothing to hurry
	if (flags > NV_CU_STREAM_NON_BLOCKING) return NV_CUDA_ERROR_INVALID_VALUE;
	fake_stream *s = fake_new("stream", sizeof *s);
	s->context = fake_current();
	*stream = (CUstream)s;
	return 0;
}

int cuStreamDestroy_v2(CUstream stream) {
	DRIVER_RELEASE(0);
	FIND(fake_stream, s, stream, "stream");
	if (s->capture != NULL) fake_misuse(0, "a stream was destroyed while it was recorded");
	fake_run_stream(s); // queued work still runs
	fake_retire(s);
	return begun;
}

int cuStreamSynchronize(CUstream stream) {
	DRIVER(0);
	FIND(fake_stream, s, stream, "stream");
	NO_RECORDING(s);
	return fake_run_stream(s);
}

int cuStreamQuery(CUstream stream) {
	DRIVER(0);
	FIND(fake_stream, s, stream, "stream");
	NO_RECORDING(s);
	if (s->queue.first == NULL) return s->context->lost;
	stream_run_until(s, s->done + 1); // time passes
	return NV_CUDA_ERROR_NOT_READY;
}

int cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
	DRIVER(0);
	FIND(fake_stream, s, stream, "stream");
	FIND(fake_event, e, event, "event");
	return flags != 0 ? NV_CUDA_ERROR_INVALID_VALUE : stream_wait_event(s, e);
}

// ---- events

int cuEventCreate(CUevent *event, unsigned flags) {
	DRIVER(ALLOCATES);
	if (flags > (NV_CU_EVENT_BLOCKING_SYNC | NV_CU_EVENT_DISABLE_TIMING)) return NV_CUDA_ERROR_INVALID_VALUE;
	fake_event *e = fake_new("event", sizeof *e);
	e->context = fake_current();
	e->timing = !(flags & NV_CU_EVENT_DISABLE_TIMING);
	*event = (CUevent)e;
	return 0;
}

int cuEventDestroy_v2(CUevent event) {
	DRIVER_RELEASE(0);
	FIND(fake_event, e, event, "event");
	fake_retire(e);
	return begun;
}

int cuEventRecord(CUevent event, CUstream stream) {
	DRIVER(0);
	FIND(fake_event, e, event, "event");
	FIND(fake_stream, s, stream, "stream");
	return event_record(e, s);
}

int cuEventSynchronize(CUevent event) {
	DRIVER(0);
	FIND(fake_event, e, event, "event");
	return e->capture != NULL ? NV_CUDA_ERROR_CAPTURED_EVENT : event_wait(e);
}

int cuEventQuery(CUevent event) {
	DRIVER(0);
	FIND(fake_event, e, event, "event");
	if (e->capture != NULL) return NV_CUDA_ERROR_CAPTURED_EVENT;
	if (event_done(e)) return 0;
	stream_run_until(e->stream, e->stream->done + 1); // time passes
	return e->context->lost != 0 ? e->context->lost : NV_CUDA_ERROR_NOT_READY;
}

int cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
	DRIVER(0);
	FIND(fake_event, a, start, "event");
	FIND(fake_event, b, end, "event");
	if (!a->timing || !b->timing || a->stream == NULL || b->stream == NULL) return NV_CUDA_ERROR_INVALID_HANDLE;
	if (!event_done(a) || !event_done(b)) return NV_CUDA_ERROR_NOT_READY;
	*milliseconds = (float)(b->time - a->time);
	return 0;
}

// ---- recordings

int cuStreamBeginCapture_v2(CUstream stream, int mode) {
	DRIVER(0);
	FIND(fake_stream, s, stream, "stream");
	if (mode != NV_CU_STREAM_CAPTURE_MODE_THREAD_LOCAL) return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "capture mode %d", mode);
	return capture_begin(s);
}

int cuStreamEndCapture(CUstream stream, CUgraph *graph) {
	DRIVER_RELEASE(0);
	FIND(fake_stream, s, stream, "stream");
	fake_graph *g;
	int code = capture_end(s, &g);
	if (begun != 0 && g != NULL) { // made to fail: the recording is over and there is no graph
		graph_destroy(g);
		g = NULL;
	}
	*graph = (CUgraph)g;
	return begun != 0 ? begun : code;
}

int cuStreamIsCapturing(CUstream stream, int *status) {
	DRIVER(0);
	FIND(fake_stream, s, stream, "stream");
	*status = NV_CU_STREAM_CAPTURE_STATUS_NONE;
	if (s->capture != NULL)
		*status = s->capture->spoilt ? NV_CU_STREAM_CAPTURE_STATUS_INVALIDATED : NV_CU_STREAM_CAPTURE_STATUS_ACTIVE;
	return 0;
}

// ---- graphs

int cuGraphDestroy(CUgraph graph) {
	DRIVER_RELEASE(0);
	FIND(fake_graph, g, graph, "graph");
	graph_destroy(g);
	return begun;
}

int cuGraphInstantiateWithFlags(CUgraphExec *exec, CUgraph graph, unsigned long long flags) {
	DRIVER(ALLOCATES | NOT_RECORDING);
	FIND(fake_graph, g, graph, "graph");
	if (flags != 0) return NV_CUDA_ERROR_INVALID_VALUE;
	fake_graph *x = fake_new("graph made ready", sizeof *x);
	work_copy(&x->work, &g->work);
	*exec = (CUgraphExec)x;
	return 0;
}

int cuGraphLaunch(CUgraphExec exec, CUstream stream) {
	DRIVER(0);
	FIND(fake_graph, x, exec, "graph made ready");
	FIND(fake_stream, s, stream, "stream");
	return stream_queue_list(s, &x->work);
}

int cuGraphUpload(CUgraphExec exec, CUstream stream) {
	DRIVER(0);
	FIND(fake_graph, x, exec, "graph made ready");
	FIND(fake_stream, s, stream, "stream");
	(void)x;
	NO_RECORDING(s);
	return 0;
}

int cuGraphExecDestroy(CUgraphExec exec) {
	DRIVER_RELEASE(0);
	FIND(fake_graph, x, exec, "graph made ready");
	graph_destroy(x);
	return begun;
}

int cuGraphGetNodes(CUgraph graph, CUgraphNode *nodes, size_t *count) {
	DRIVER(0);
	FIND(fake_graph, g, graph, "graph");
	if (nodes != NULL) return fake_misuse(NV_CUDA_ERROR_INVALID_VALUE, "the stand-in only counts nodes");
	*count = g->work.count;
	return 0;
}

int cuGraphDebugDotPrint(CUgraph graph, const char *path, unsigned flags) {
	DRIVER(0);
	(void)flags;
	FIND(fake_graph, g, graph, "graph");
	FILE *f = fopen(path, "w");
	if (f == NULL) return NV_CUDA_ERROR_INVALID_VALUE;
	fprintf(f, "digraph {\n");
	int i = 0;
	for (const work *w = g->work.first; w != NULL; w = w->next, i++) {
		fprintf(f, "\tn%d [label=\"%s\"]\n", i, w->what.name);
		if (i > 0) fprintf(f, "\tn%d -> n%d\n", i - 1, i);
	}
	fprintf(f, "}\n");
	return fclose(f) == 0 ? 0 : NV_CUDA_ERROR_INVALID_VALUE;
}

int cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph, CUgraphExecUpdateResultInfo *info) {
	DRIVER(0);
	FIND(fake_graph, x, exec, "graph made ready");
	FIND(fake_graph, g, graph, "graph");
	info->result = 0;
	if (!work_same_shape(&x->work, &g->work)) {
		info->result = 2; // CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED
		return NV_CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
	}
	work_clear(&x->work);
	work_copy(&x->work, &g->work);
	return 0;
}
