//go:build cgo && linux

// Convolutions through cuDNN's graph API: tensors, an operation, a graph of it alone, engines, plans.
#include "binding.h"

#include <stdlib.h>
#include <string.h>

typedef void *descriptor;

#define CUDNN(function, arguments) nv_cudnn_result(api, api->function arguments, #function)

// Everything below fails early through these two: the first error wins and goes to the caller.
#define TRY(expression)                                \
	do {                                           \
		nv_result tried = (expression);        \
		if (tried.code != 0) return tried;     \
	} while (0)
#define TRY_OR(cleanup, expression)                    \
	do {                                           \
		r = (expression);                      \
		if (r.code != 0) goto cleanup;         \
	} while (0)

static nv_result create(const nv_api *api, int type, descriptor *d) { return CUDNN(cudnnBackendCreateDescriptor, (type, d)); }

// destroy cannot fail in a way that anybody could act on; NULL is allowed.
static void destroy(const nv_api *api, descriptor d) {
	if (d != NULL) api->cudnnBackendDestroyDescriptor(d);
}

static nv_result set(const nv_api *api, descriptor d, int name, int type, int64_t count, const void *values) {
	return CUDNN(cudnnBackendSetAttribute, (d, name, type, count, values));
}

static nv_result set_int(const nv_api *api, descriptor d, int name, int64_t value) {
	return set(api, d, name, NV_CUDNN_TYPE_INT64, 1, &value);
}

static nv_result set_descriptor(const nv_api *api, descriptor d, int name, descriptor value) {
	return set(api, d, name, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

static nv_result finalize(const nv_api *api, descriptor d) { return CUDNN(cudnnBackendFinalize, (d)); }

// ---- the convolution as a graph

enum { UID_X = 1, UID_W = 2, UID_Y = 3 };

// make_tensor describes packed memory with the channels innermost. The library numbers dimensions N, C, H, W.
static nv_result make_tensor(const nv_api *api, int64_t uid, int dtype, int64_t n, int64_t c, int64_t h, int64_t w, descriptor *d) {
	const int64_t dims[4] = {n, c, h, w}, strides[4] = {h * w * c, 1, w * c, c};
	TRY(create(api, NV_CUDNN_BACKEND_TENSOR_DESCRIPTOR, d));
	TRY(set(api, *d, NV_CUDNN_ATTR_TENSOR_DATA_TYPE, NV_CUDNN_TYPE_DATA_TYPE, 1, &dtype));
	TRY(set(api, *d, NV_CUDNN_ATTR_TENSOR_DIMENSIONS, NV_CUDNN_TYPE_INT64, 4, dims));
	TRY(set(api, *d, NV_CUDNN_ATTR_TENSOR_STRIDES, NV_CUDNN_TYPE_INT64, 4, strides));
	TRY(set_int(api, *d, NV_CUDNN_ATTR_TENSOR_UNIQUE_ID, uid));
	TRY(set_int(api, *d, NV_CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 16));
	return finalize(api, *d);
}

static nv_result make_convolution(const nv_api *api, const nv_conv *v, descriptor *d) {
	const int compute = NV_CUDNN_DATA_FLOAT, mode = NV_CUDNN_CROSS_CORRELATION;
	const int64_t dilation[2] = {v->dilation_h, v->dilation_w}, stride[2] = {v->stride_h, v->stride_w};
	const int64_t before[2] = {v->pad_top, v->pad_left}, after[2] = {v->pad_bottom, v->pad_right};
	TRY(create(api, NV_CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, d));
	TRY(set_int(api, *d, NV_CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2));
	TRY(set(api, *d, NV_CUDNN_ATTR_CONVOLUTION_COMP_TYPE, NV_CUDNN_TYPE_DATA_TYPE, 1, &compute));
	TRY(set(api, *d, NV_CUDNN_ATTR_CONVOLUTION_CONV_MODE, NV_CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode));
	TRY(set(api, *d, NV_CUDNN_ATTR_CONVOLUTION_DILATIONS, NV_CUDNN_TYPE_INT64, 2, dilation));
	TRY(set(api, *d, NV_CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, NV_CUDNN_TYPE_INT64, 2, stride));
	TRY(set(api, *d, NV_CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, NV_CUDNN_TYPE_INT64, 2, before));
	TRY(set(api, *d, NV_CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, NV_CUDNN_TYPE_INT64, 2, after));
	return finalize(api, *d);
}

// The three passes are three kinds of operation with attributes of their own.
static const struct { int type, alpha, beta, convolution, x, w, y; } passes[] = {
	[NV_CONV_FORWARD] = {NV_CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
			     NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
			     NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
			     NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y},
	[NV_CONV_GRAD_INPUT] = {NV_CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
				NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
				NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
				NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY},
	[NV_CONV_GRAD_WEIGHT] = {NV_CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
				 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
				 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
				 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY},
};

// A graph and what it is made of. All of it may go once plans have been made.
typedef struct graph {
	descriptor x, w, y, convolution, operation, graph;
} graph;

static void free_graph(const nv_api *api, graph *g) {
	destroy(api, g->graph);
	destroy(api, g->operation);
	destroy(api, g->convolution);
	destroy(api, g->y);
	destroy(api, g->w);
	destroy(api, g->x);
}

static nv_result make_graph(nv_dnn *dnn, const nv_conv *v, graph *g) {
	const nv_api *api = dnn->context->api;
	const float one = 1, zero = 0;
	TRY(make_tensor(api, UID_X, v->dtype, v->n, v->c, v->h, v->w, &g->x));
	TRY(make_tensor(api, UID_W, v->w_dtype, v->k, v->c / v->groups, v->r, v->s, &g->w));
	TRY(make_tensor(api, UID_Y, v->dtype, v->n, v->k, v->p, v->q, &g->y));
	TRY(make_convolution(api, v, &g->convolution));

	TRY(create(api, passes[v->pass].type, &g->operation));
	TRY(set_descriptor(api, g->operation, passes[v->pass].convolution, g->convolution));
	TRY(set_descriptor(api, g->operation, passes[v->pass].x, g->x));
	TRY(set_descriptor(api, g->operation, passes[v->pass].w, g->w));
	TRY(set_descriptor(api, g->operation, passes[v->pass].y, g->y));
	TRY(set(api, g->operation, passes[v->pass].alpha, NV_CUDNN_TYPE_FLOAT, 1, &one));
	TRY(set(api, g->operation, passes[v->pass].beta, NV_CUDNN_TYPE_FLOAT, 1, &zero));
	TRY(finalize(api, g->operation));

	TRY(create(api, NV_CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, &g->graph));
	TRY(set(api, g->graph, NV_CUDNN_ATTR_OPERATIONGRAPH_HANDLE, NV_CUDNN_TYPE_HANDLE, 1, &dnn->handle));
	TRY(set_descriptor(api, g->graph, NV_CUDNN_ATTR_OPERATIONGRAPH_OPS, g->operation));
	return finalize(api, g->graph);
}

// ---- engines and plans

// engine_notes reads the engine of a configuration: its number, and sets of notes as bits.
static nv_result engine_notes(const nv_api *api, descriptor configuration, int64_t *number, unsigned *numeric, unsigned *behaviour) {
	enum { ROOM = 32 };
	int notes[ROOM];
	int64_t got = 0;
	descriptor engine = NULL;
	nv_result r;
	*numeric = *behaviour = 0;
	TRY_OR(out, create(api, NV_CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine));
	TRY_OR(out, CUDNN(cudnnBackendGetAttribute, (configuration, NV_CUDNN_ATTR_ENGINECFG_ENGINE,
						     NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &got, &engine)));
	TRY_OR(out, CUDNN(cudnnBackendGetAttribute, (engine, NV_CUDNN_ATTR_ENGINE_GLOBAL_INDEX, NV_CUDNN_TYPE_INT64, 1, &got, number)));
	TRY_OR(out, CUDNN(cudnnBackendGetAttribute, (engine, NV_CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, NV_CUDNN_TYPE_NUMERICAL_NOTE,
						     ROOM, &got, notes)));
	for (int64_t i = 0; i < got && i < ROOM; i++) *numeric |= 1u << notes[i];
	TRY_OR(out, CUDNN(cudnnBackendGetAttribute, (engine, NV_CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, NV_CUDNN_TYPE_BEHAVIOR_NOTE,
						     ROOM, &got, notes)));
	for (int64_t i = 0; i < got && i < ROOM; i++) *behaviour |= 1u << notes[i];
out:
	destroy(api, engine);
	return r;
}

// acceptable says whether results with these notes repeat to the bit and keep the precision that was asked for.
static int acceptable(const nv_conv *v, unsigned numeric) {
	unsigned unwanted = 1u << NV_CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC | 1u << NV_CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION;
	if (v->dtype == NV_CUDNN_DATA_FLOAT) unwanted |= 1u << NV_CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS;
	if (v->dtype == NV_CUDNN_DATA_FLOAT && !v->tf32) unwanted |= 1u << NV_CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
	return (numeric & unwanted) == 0;
}

// passed_over says whether a plan that could not be made only means that another engine must be tried.
static int passed_over(nv_result r) {
	return r.source == NV_CUDNN && (r.code / 1000 == 3 || r.code == 4001 /* compilation failed */);
}

static nv_result build_plan(nv_dnn *dnn, descriptor configuration, nv_plan *plan) {
	const nv_api *api = dnn->context->api;
	int64_t got = 0;
	TRY(create(api, NV_CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &plan->plan));
	TRY(set(api, plan->plan, NV_CUDNN_ATTR_EXECUTION_PLAN_HANDLE, NV_CUDNN_TYPE_HANDLE, 1, &dnn->handle));
	TRY(set_descriptor(api, plan->plan, NV_CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration));
	TRY(finalize(api, plan->plan));
	return CUDNN(cudnnBackendGetAttribute, (plan->plan, NV_CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, NV_CUDNN_TYPE_INT64, 1,
						&got, &plan->workspace));
}

static void drop_plan(nv_plan *plan) {
	const nv_api *api = plan->dnn->context->api;
	destroy(api, plan->pack);
	destroy(api, plan->plan);
	free(plan);
}

// make_plan leaves *made NULL, without an error, when the engine is not wanted or does not take the convolution.
static nv_result make_plan(nv_dnn *dnn, const nv_conv *v, descriptor configuration, nv_plan **made) {
	unsigned numeric, behaviour;
	int64_t engine = 0;
	TRY(engine_notes(dnn->context->api, configuration, &engine, &numeric, &behaviour));
	if (!acceptable(v, numeric)) return nv_ok;
	nv_plan *plan = calloc(1, sizeof *plan);
	if (plan == NULL) return nv_no_memory("make_plan");
	plan->dnn = dnn;
	plan->engine = engine;
	plan->tensor_cores = numeric >> NV_CUDNN_NUMERICAL_NOTE_TENSOR_CORE & 1;
	plan->compiled_at_run_time = behaviour >> NV_CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION & 1;
	nv_result r = build_plan(dnn, configuration, plan);
	if (r.code == 0) {
		*made = plan;
		return r;
	}
	drop_plan(plan);
	if (!passed_over(r)) return r;
	free(r.text);
	return nv_ok;
}

enum { MAX_CONFIGURATIONS = 64 };

// ask makes the configurations that one mode of the heuristics proposes, as many as there is room for; the caller destroys them all,
// also after a failure.
static nv_result ask(const nv_api *api, const graph *g, int mode, descriptor heuristics, descriptor *configurations, int64_t *count) {
	int64_t there = 0;
	TRY(set_descriptor(api, heuristics, NV_CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, g->graph));
	TRY(set(api, heuristics, NV_CUDNN_ATTR_ENGINEHEUR_MODE, NV_CUDNN_TYPE_HEUR_MODE, 1, &mode));
	TRY(finalize(api, heuristics));
	TRY(CUDNN(cudnnBackendGetAttribute, (heuristics, NV_CUDNN_ATTR_ENGINEHEUR_RESULTS, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &there, NULL)));
	if (there > MAX_CONFIGURATIONS) there = MAX_CONFIGURATIONS;
	if (there == 0) return nv_ok;
	for (int64_t i = 0; i < there; i++) TRY(create(api, NV_CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &configurations[i]));
	TRY(CUDNN(cudnnBackendGetAttribute, (heuristics, NV_CUDNN_ATTR_ENGINEHEUR_RESULTS, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, there, count,
					     configurations)));
	if (*count > there) *count = there; // it may tell how many there are
	return nv_ok;
}

static nv_result plans_of_mode(nv_dnn *dnn, const nv_conv *v, const graph *g, int mode, int *rank, nv_plan **plans, int room, int *count) {
	const nv_api *api = dnn->context->api;
	descriptor heuristics = NULL, configurations[MAX_CONFIGURATIONS] = {NULL};
	int64_t proposed = 0;
	nv_result r = create(api, NV_CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, &heuristics);
	if (r.code == 0) r = ask(api, g, mode, heuristics, configurations, &proposed);
	if (passed_over(r)) { // this mode has no answer for such a graph
		free(r.text);
		r = nv_ok;
		proposed = 0;
	}
	for (int64_t i = 0; r.code == 0 && i < proposed && *count < room; i++, ++*rank) {
		plans[*count] = NULL;
		r = make_plan(dnn, v, configurations[i], &plans[*count]);
		if (r.code == 0 && plans[*count] != NULL) plans[(*count)++]->rank = *rank;
	}
	for (int i = 0; i < MAX_CONFIGURATIONS; i++) destroy(api, configurations[i]);
	destroy(api, heuristics);
	return r;
}

nv_result nv_conv_plans(nv_dnn *dnn, const nv_conv *conv, nv_plan **plans, int room, int *count) {
	const nv_api *api = dnn->context->api;
	graph g = {NULL, NULL, NULL, NULL, NULL, NULL};
	int rank = 0;
	*count = 0;
	ENTER(dnn->context);
	nv_result r = make_graph(dnn, conv, &g);
	if (r.code == 0) r = plans_of_mode(dnn, conv, &g, NV_CUDNN_HEUR_MODE_A, &rank, plans, room, count);
	if (r.code == 0) r = plans_of_mode(dnn, conv, &g, NV_CUDNN_HEUR_MODE_FALLBACK, &rank, plans, room, count);
	if (passed_over(r)) { // the graph itself is refused
		free(r.text);
		r = nv_ok;
	}
	free_graph(api, &g);
	while (r.code != 0 && *count > 0) drop_plan(plans[--*count]);
	return r;
}

// ---- running

// bind_addresses makes the variant pack anew when an address differs from the last run's: rarely, in a planned program.
static nv_result bind_addresses(nv_plan *plan, void *const addresses[4]) {
	const nv_api *api = plan->dnn->context->api;
	const int64_t uids[3] = {UID_X, UID_W, UID_Y};
	if (plan->pack != NULL && memcmp(plan->addresses, addresses, sizeof plan->addresses) == 0) return nv_ok;
	destroy(api, plan->pack);
	plan->pack = NULL;
	descriptor pack = NULL;
	nv_result r;
	TRY_OR(failed, create(api, NV_CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack));
	TRY_OR(failed, set(api, pack, NV_CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, NV_CUDNN_TYPE_INT64, 3, uids));
	TRY_OR(failed, set(api, pack, NV_CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, NV_CUDNN_TYPE_VOID_PTR, 3, addresses));
	TRY_OR(failed, set(api, pack, NV_CUDNN_ATTR_VARIANT_PACK_WORKSPACE, NV_CUDNN_TYPE_VOID_PTR, 1, &addresses[3]));
	TRY_OR(failed, finalize(api, pack));
	memcpy(plan->addresses, addresses, sizeof plan->addresses);
	plan->pack = pack;
	return nv_ok;
failed:
	destroy(api, pack);
	return r;
}

nv_result nv_plan_run(nv_plan *plan, CUdeviceptr x, CUdeviceptr w, CUdeviceptr y, CUdeviceptr workspace) {
	const nv_api *api = plan->dnn->context->api;
	void *const addresses[4] = {(void *)(uintptr_t)x, (void *)(uintptr_t)w, (void *)(uintptr_t)y, (void *)(uintptr_t)workspace};
	ENTER(plan->dnn->context);
	TRY(bind_addresses(plan, addresses));
	return CUDNN(cudnnBackendExecute, (plan->dnn->handle, plan->plan, plan->pack));
}

nv_result nv_plan_free(nv_plan *plan) {
	nv_context *c = plan->dnn->context;
	nv_result r = CALL(c->api, cuCtxSetCurrent, (c->context));
	drop_plan(plan); // in any case
	return r;
}

// ---- handles

size_t nv_dnn_version(const nv_api *api) { return api->cudnnGetVersion(); }

size_t nv_dnn_runtime_version(const nv_api *api) { return api->cudnnGetCudartVersion(); }

nv_result nv_dnn_open(nv_context *c, CUstream stream, nv_dnn **opened) {
	const nv_api *api = c->api;
	ENTER(c);
	nv_dnn *dnn = calloc(1, sizeof *dnn);
	if (dnn == NULL) return nv_no_memory("nv_dnn_open");
	dnn->context = c;
	nv_result r = CUDNN(cudnnCreate, (&dnn->handle));
	if (r.code == 0) {
		r = CUDNN(cudnnSetStream, (dnn->handle, stream));
		if (r.code != 0) api->cudnnDestroy(dnn->handle);
	}
	if (r.code != 0) {
		free(dnn);
		return r;
	}
	*opened = dnn;
	return nv_ok;
}

nv_result nv_dnn_set_stream(nv_dnn *dnn, CUstream stream) {
	const nv_api *api = dnn->context->api;
	ENTER(dnn->context);
	return CUDNN(cudnnSetStream, (dnn->handle, stream));
}

nv_result nv_dnn_close(nv_dnn *dnn) {
	const nv_api *api = dnn->context->api;
	nv_result entered = CALL(api, cuCtxSetCurrent, (dnn->context->context));
	nv_result r = CUDNN(cudnnDestroy, (dnn->handle)); // in any case
	free(dnn);
	if (entered.code == 0) return r;
	free(r.text);
	return entered;
}
