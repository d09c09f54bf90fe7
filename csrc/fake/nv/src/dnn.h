// What the parts of libcudnn share: descriptors (cudnn_graph.c), and convolutions (cudnn_conv.c).
#ifndef DNN_H
#define DNN_H

#include "fake.h"

enum { MAX_DIMS = 4, UIDS = 3 };

typedef struct dnn_tensor {
	int dtype;
	int64_t uid, alignment, dims[MAX_DIMS], strides[MAX_DIMS]; // dims are N, C, H, W, or K, C, R, S
} dnn_tensor;

enum { DNN_FORWARD, DNN_GRAD_INPUT, DNN_GRAD_WEIGHT };

// dnn_conv is all that a plan knows of its graph, so that the graph may go.
typedef struct dnn_conv {
	int pass;
	dnn_tensor x, w, y;
	int64_t stride[2], dilation[2], before[2], after[2];
	float alpha, beta;
} dnn_conv;

// dnn_engine is one that the heuristics propose.
typedef struct dnn_engine {
	int64_t number;
	int mode;             // of the heuristics that propose it
	int notes[3], count;  // numerical notes
	int unplannable;      // proposed, but its plan cannot be finalized
} dnn_engine;

size_t dnn_element(int dtype);                      // bytes, 0 for a type that is not known
size_t dnn_bytes(const dnn_tensor *t);              // from its first to its last element
int dnn_shapes_fit(const dnn_conv *v);              // whether y has the size that x, w and the rest say
int dnn_propose(const dnn_conv *v, int mode, const dnn_engine **engines); // at most DNN_PROPOSALS
enum { DNN_PROPOSALS = 8 };
int64_t dnn_workspace(const dnn_engine *engine, const dnn_conv *v);

// dnn_queue queues the convolution. addresses are those of x, w and y.
int dnn_queue(fake_stream *stream, const dnn_engine *engine, const dnn_conv *v, void *const addresses[UIDS], void *workspace);

#endif
