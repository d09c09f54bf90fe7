//go:build cgo && linux

// Stream capture and graphs. Capture is per thread: other goroutines may allocate meanwhile.
#include "binding.h"

#include <stdlib.h>

nv_result nv_capture_begin(nv_context *c, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuStreamBeginCapture_v2, (stream, NV_CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
}

nv_result nv_capture_end(nv_context *c, CUstream stream, CUgraph *graph) {
	ENTER(c);
	return CALL(c->api, cuStreamEndCapture, (stream, graph));
}

nv_result nv_capture_status(nv_context *c, CUstream stream, int *status) {
	ENTER(c);
	return CALL(c->api, cuStreamIsCapturing, (stream, status));
}

nv_result nv_graph_destroy(nv_context *c, CUgraph graph) {
	RELEASE(c, cuGraphDestroy, (graph));
}

nv_result nv_graph_instantiate(nv_context *c, CUgraph graph, CUgraphExec *exec) {
	ENTER(c);
	return CALL(c->api, cuGraphInstantiateWithFlags, (exec, graph, 0));
}

nv_result nv_graph_launch(nv_context *c, CUgraphExec exec, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuGraphLaunch, (exec, stream));
}

nv_result nv_graph_upload(nv_context *c, CUgraphExec exec, CUstream stream) {
	ENTER(c);
	return CALL(c->api, cuGraphUpload, (exec, stream));
}

nv_result nv_graph_update(nv_context *c, CUgraphExec exec, CUgraph graph, int *reason) {
	CUgraphExecUpdateResultInfo info = {0};
	*reason = 0;
	ENTER(c);
	if (c->api->cuGraphExecUpdate_v2 == NULL)
		return nv_driver_result(c->api, NV_CUDA_ERROR_NOT_FOUND, "cuGraphExecUpdate_v2 (needs a driver for CUDA 12)");
	nv_result r = CALL(c->api, cuGraphExecUpdate_v2, (exec, graph, &info));
	*reason = info.result;
	return r;
}

nv_result nv_graph_exec_destroy(nv_context *c, CUgraphExec exec) {
	RELEASE(c, cuGraphExecDestroy, (exec));
}

nv_result nv_graph_nodes(nv_context *c, CUgraph graph, size_t *count) {
	ENTER(c);
	*count = 0;
	return CALL(c->api, cuGraphGetNodes, (graph, NULL, count));
}

nv_result nv_graph_print(nv_context *c, CUgraph graph, const char *path) {
	ENTER(c);
	return CALL(c->api, cuGraphDebugDotPrint, (graph, path, 0));
}
