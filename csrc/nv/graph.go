//go:build cgo && linux

package nv

/*
#include <stdlib.h>
#include "binding.h"
#cgo nocallback nv_graph_launch
*/
import "C"

import "unsafe"

// BeginCapture starts to record what is queued in s instead of running it. Until [Context.EndCapture] the goroutine must
// stay on its thread (runtime.LockOSThread), and nothing may be allocated or waited for on it.
func (c *Context) BeginCapture(s Stream) error {
	return failure(C.nv_capture_begin(c.c, s.c()), "begin to record a stream")
}

// EndCapture ends a recording. After an error there is no graph, and [Context.AbandonCapture] makes sure that s is as before.
func (c *Context) EndCapture(s Stream) (Graph, error) {
	var g C.CUgraph
	err := failure(C.nv_capture_end(c.c, s.c(), &g), "end the recording of a stream")
	return Graph(unsafe.Pointer(g)), err
}

// AbandonCapture ends a recording whose result nobody wants. It does nothing when s is not being recorded.
func (c *Context) AbandonCapture(s Stream) error {
	recording, err := c.Capturing(s)
	if err != nil || !recording {
		return err
	}
	g, err := c.EndCapture(s)
	if g != 0 {
		return c.DestroyGraph(g)
	}
	if recording, asked := c.Capturing(s); asked == nil && !recording {
		return nil // it had been spoilt, and is over
	}
	return err
}

// Capturing says whether s is being recorded; a recording that was spoilt counts until it is ended.
func (c *Context) Capturing(s Stream) (bool, error) {
	var status C.int
	err := failure(C.nv_capture_status(c.c, s.c(), &status), "ask whether a stream is recorded")
	return status != C.NV_CU_STREAM_CAPTURE_STATUS_NONE, err
}

// Instantiate makes a graph ready to be launched. The graph itself may then be destroyed.
func (c *Context) Instantiate(g Graph) (GraphExec, error) {
	var x C.CUgraphExec
	err := failure(C.nv_graph_instantiate(c.c, g.c(), &x), "make a graph ready")
	return GraphExec(unsafe.Pointer(x)), err
}

// LaunchGraph queues all the work of a graph in s.
func (c *Context) LaunchGraph(x GraphExec, s Stream) error {
	return failure(C.nv_graph_launch(c.c, x.c(), s.c()), "launch a graph")
}

// UploadGraph prepares the first launch, which then takes no longer than the others.
func (c *Context) UploadGraph(x GraphExec, s Stream) error {
	return failure(C.nv_graph_upload(c.c, x.c(), s.c()), "upload a graph")
}

// UpdateGraph gives x the arguments of g, a graph of the same shape. It needs a driver for CUDA 12.
func (c *Context) UpdateGraph(x GraphExec, g Graph) error {
	var reason C.int
	r := C.nv_graph_update(c.c, x.c(), g.c(), &reason)
	if r.code == 0 {
		return nil
	}
	return failure(r, "update a graph (reason %d)", int(reason))
}

// DestroyGraph gives a graph back.
func (c *Context) DestroyGraph(g Graph) error {
	return failure(C.nv_graph_destroy(c.c, g.c()), "destroy a graph")
}

// DestroyGraphExec gives a graph that was made ready back. Launches that are queued still run.
func (c *Context) DestroyGraphExec(x GraphExec) error {
	return failure(C.nv_graph_exec_destroy(c.c, x.c()), "destroy a graph that was made ready")
}

// GraphNodes returns how many pieces of work a graph has.
func (c *Context) GraphNodes(g Graph) (int, error) {
	var n C.size_t
	err := failure(C.nv_graph_nodes(c.c, g.c(), &n), "count the nodes of a graph")
	return int(n), err
}

// PrintGraph writes a graph to a file, in the language of Graphviz.
func (c *Context) PrintGraph(g Graph, path string) error {
	text := C.CString(path)
	defer C.free(unsafe.Pointer(text))
	return failure(C.nv_graph_print(c.c, g.c(), text), "print a graph to %s", path)
}
