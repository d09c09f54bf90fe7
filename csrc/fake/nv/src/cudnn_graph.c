// libcudnn's descriptors, as strict as cuDNN's reference ("cudnn_graph library": cudnnBackendSetAttribute, ...GetAttribute,
// ...Finalize, ...Execute, and the section of each descriptor) says, or stricter:
//   - a finalized descriptor is not changed, one that is not finalized is not read or used (1001, 2004);
//   - an attribute belongs to the descriptor and is set with its own type and count (2000, 2005, 2010);
//   - what a descriptor needs is there when it is finalized (2000);
//   - a descriptor that is pointed to has the right kind (2012) and is still there;
//   - a variant pack names every tensor of the graph once, with memory of the device that is large enough and aligned as the
//     tensor says (2003, 2006), and a workspace where the plan needs one.
// All of these are mistakes of the program, so they are noted as misuse too.
#include "dnn.h"
#include "handle.h"

#include <string.h>

enum { VALUES = 8, ROOM = 64, ATTRIBUTES = 12 };

typedef struct attribute {
	int name;
	int64_t count;
	unsigned char bytes[ROOM];
} attribute;

typedef struct descriptor {
	fake_object object;
	int type, finalized, used;
	attribute attributes[ATTRIBUTES];
	dnn_conv conv;             // of an operation, a graph, heuristics, a configuration, a plan
	const dnn_engine *engine;  // of a configuration, an engine, a plan
} descriptor;

// ---- the rules of attributes

typedef struct rule {
	int descriptor, name, type;
	int64_t least, most; // values
	int points_to;       // kind of descriptor, of attributes that are descriptors
} rule;

#define OPERATION(pass, prefix, x, w, y)                                                                                           \
	{pass, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_##prefix##_ALPHA, NV_CUDNN_TYPE_FLOAT, 1, 1, 0},                                \
	{pass, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_##prefix##_BETA, NV_CUDNN_TYPE_FLOAT, 1, 1, 0},                                 \
	{pass, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_##prefix##_CONV_DESC, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1,                   \
	 NV_CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR},                                                                                 \
	{pass, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_##prefix##_##x, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, NV_CUDNN_BACKEND_TENSOR_DESCRIPTOR}, \
	{pass, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_##prefix##_##w, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, NV_CUDNN_BACKEND_TENSOR_DESCRIPTOR}, \
	{pass, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_##prefix##_##y, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, NV_CUDNN_BACKEND_TENSOR_DESCRIPTOR}

enum {
	TENSOR = NV_CUDNN_BACKEND_TENSOR_DESCRIPTOR,
	CONVOLUTION = NV_CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR,
	FORWARD = NV_CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
	GRAD_WEIGHT = NV_CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
	GRAD_INPUT = NV_CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
	GRAPH = NV_CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR,
	HEURISTICS = NV_CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR,
	ENGINE = NV_CUDNN_BACKEND_ENGINE_DESCRIPTOR,
	CONFIGURATION = NV_CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
	PLAN = NV_CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
	PACK = NV_CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR,
	ANY_OPERATION = -1,
};

static const rule rules[] = {
	{TENSOR, NV_CUDNN_ATTR_TENSOR_DATA_TYPE, NV_CUDNN_TYPE_DATA_TYPE, 1, 1, 0},
	{TENSOR, NV_CUDNN_ATTR_TENSOR_DIMENSIONS, NV_CUDNN_TYPE_INT64, MAX_DIMS, MAX_DIMS, 0},
	{TENSOR, NV_CUDNN_ATTR_TENSOR_STRIDES, NV_CUDNN_TYPE_INT64, MAX_DIMS, MAX_DIMS, 0},
	{TENSOR, NV_CUDNN_ATTR_TENSOR_UNIQUE_ID, NV_CUDNN_TYPE_INT64, 1, 1, 0},
	{TENSOR, NV_CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, NV_CUDNN_TYPE_INT64, 1, 1, 0},
	{CONVOLUTION, NV_CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, NV_CUDNN_TYPE_INT64, 1, 1, 0},
	{CONVOLUTION, NV_CUDNN_ATTR_CONVOLUTION_COMP_TYPE, NV_CUDNN_TYPE_DATA_TYPE, 1, 1, 0},
	{CONVOLUTION, NV_CUDNN_ATTR_CONVOLUTION_CONV_MODE, NV_CUDNN_TYPE_CONVOLUTION_MODE, 1, 1, 0},
	{CONVOLUTION, NV_CUDNN_ATTR_CONVOLUTION_DILATIONS, NV_CUDNN_TYPE_INT64, 2, 2, 0},
	{CONVOLUTION, NV_CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, NV_CUDNN_TYPE_INT64, 2, 2, 0},
	{CONVOLUTION, NV_CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, NV_CUDNN_TYPE_INT64, 2, 2, 0},
	{CONVOLUTION, NV_CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, NV_CUDNN_TYPE_INT64, 2, 2, 0},
	OPERATION(FORWARD, FORWARD, X, W, Y),
	OPERATION(GRAD_INPUT, BWD_DATA, DX, W, DY),
	OPERATION(GRAD_WEIGHT, BWD_FILTER, X, DW, DY),
	{GRAPH, NV_CUDNN_ATTR_OPERATIONGRAPH_HANDLE, NV_CUDNN_TYPE_HANDLE, 1, 1, 0},
	{GRAPH, NV_CUDNN_ATTR_OPERATIONGRAPH_OPS, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, ANY_OPERATION},
	{HEURISTICS, NV_CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, GRAPH},
	{HEURISTICS, NV_CUDNN_ATTR_ENGINEHEUR_MODE, NV_CUDNN_TYPE_HEUR_MODE, 1, 1, 0},
	{PLAN, NV_CUDNN_ATTR_EXECUTION_PLAN_HANDLE, NV_CUDNN_TYPE_HANDLE, 1, 1, 0},
	{PLAN, NV_CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, NV_CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, CONFIGURATION},
	{PACK, NV_CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, NV_CUDNN_TYPE_INT64, 1, VALUES, 0},
	{PACK, NV_CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, NV_CUDNN_TYPE_VOID_PTR, 1, VALUES, 0},
	{PACK, NV_CUDNN_ATTR_VARIANT_PACK_WORKSPACE, NV_CUDNN_TYPE_VOID_PTR, 1, 1, 0},
};
enum { RULES = sizeof rules / sizeof rules[0] };

static const rule *rule_of(int descriptor, int name) {
	for (int i = 0; i < RULES; i++)
		if (rules[i].descriptor == descriptor && rules[i].name == name) return &rules[i];
	return NULL;
}

static size_t value_size(int type) {
	switch (type) {
	case NV_CUDNN_TYPE_INT64:
	case NV_CUDNN_TYPE_HANDLE:
	case NV_CUDNN_TYPE_VOID_PTR:
	case NV_CUDNN_TYPE_BACKEND_DESCRIPTOR: return 8;
	default: return 4; // enumerations and float
	}
}

static int is_operation(int type) { return type == FORWARD || type == GRAD_INPUT || type == GRAD_WEIGHT; }

static descriptor *find(const void *handle) { return fake_find(handle, "descriptor"); }

// pointed_to returns a finalized descriptor of the right kind, or NULL and why not.
static descriptor *pointed_to(const void *handle, int kind, int *code) {
	descriptor *d = find(handle);
	*code = NV_CUDNN_STATUS_BAD_PARAM;
	if (d == NULL) return NULL;
	if (kind == ANY_OPERATION ? !is_operation(d->type) : d->type != kind) {
		*code = fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a descriptor of kind %d where kind %d is wanted", d->type, kind);
		return NULL;
	}
	if (!d->finalized) {
		*code = fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "a descriptor of kind %d was used before it was finalized", d->type);
		return NULL;
	}
	return d;
}

static const attribute *get(const descriptor *d, int name) {
	for (int i = 0; i < d->used; i++)
		if (d->attributes[i].name == name) return &d->attributes[i];
	return NULL;
}

static void *get_pointer(const descriptor *d, int name) {
	void *p;
	memcpy(&p, get(d, name)->bytes, sizeof p);
	return p;
}

static int64_t get_int(const descriptor *d, int name) {
	int64_t n;
	memcpy(&n, get(d, name)->bytes, sizeof n);
	return n;
}

static int get_enum(const descriptor *d, int name) {
	int n;
	memcpy(&n, get(d, name)->bytes, sizeof n);
	return n;
}

static float get_float(const descriptor *d, int name) {
	float f;
	memcpy(&f, get(d, name)->bytes, sizeof f);
	return f;
}

// missing names an attribute that was not set. The workspace and the mode of heuristics are all that may be left out; here none may.
static int missing(const descriptor *d) {
	for (int i = 0; i < RULES; i++)
		if (rules[i].descriptor == d->type && get(d, rules[i].name) == NULL) return rules[i].name;
	return -1;
}

// ---- entry points

int cudnnBackendCreateDescriptor(int type, cudnnBackendDescriptor_t *made) {
	BEGIN(LIB_CUDNN, ALLOCATES);
	int known = type == ENGINE || type == CONFIGURATION;
	for (int i = 0; i < RULES; i++) known |= rules[i].descriptor == type;
	if (!known) return NV_CUDNN_STATUS_NOT_SUPPORTED;
	descriptor *d = fake_new("descriptor", sizeof *d);
	d->type = type;
	*made = d;
	return 0;
}

int cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t handle) {
	BEGIN_RELEASE(LIB_CUDNN, 0);
	descriptor *d = find(handle);
	if (d == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	fake_retire(d);
	return begun;
}

int cudnnBackendSetAttribute(cudnnBackendDescriptor_t handle, int name, int type, int64_t count, const void *values) {
	BEGIN(LIB_CUDNN, 0);
	descriptor *d = find(handle);
	if (d == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	if (d->finalized) return fake_misuse(NV_CUDNN_STATUS_NOT_INITIALIZED, "attribute %d of a finalized descriptor was set", name);
	const rule *r = rule_of(d->type, name);
	if (r == NULL) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM, "a descriptor of kind %d has no attribute %d", d->type, name);
	if (r->type != type) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "attribute %d was set with type %d", name, type);
	if (count < r->least || count > r->most) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND, "attribute %d was set with %ld values", name, (long)count);
	if (values == NULL) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "attribute %d was set without values", name);
	if (r->points_to != 0) {
		int code;
		if (pointed_to(*(void *const *)values, r->points_to, &code) == NULL) return code;
	}
	if (type == NV_CUDNN_TYPE_HANDLE && fake_find(*(void *const *)values, HANDLE) == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	attribute *a = (attribute *)get(d, name);
	if (a == NULL) a = &d->attributes[d->used++];
	a->name = name;
	a->count = count;
	memcpy(a->bytes, values, (size_t)count * value_size(type));
	return 0;
}

// ---- finalizing

static int wrong(const char *why) { return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM, "cudnnBackendFinalize: %s", why); }

static void tensor_of(const descriptor *d, dnn_tensor *t) {
	t->dtype = get_enum(d, NV_CUDNN_ATTR_TENSOR_DATA_TYPE);
	t->uid = get_int(d, NV_CUDNN_ATTR_TENSOR_UNIQUE_ID);
	t->alignment = get_int(d, NV_CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
	memcpy(t->dims, get(d, NV_CUDNN_ATTR_TENSOR_DIMENSIONS)->bytes, sizeof t->dims);
	memcpy(t->strides, get(d, NV_CUDNN_ATTR_TENSOR_STRIDES)->bytes, sizeof t->strides);
}

static int finalize_tensor(const descriptor *d) {
	dnn_tensor t;
	tensor_of(d, &t);
	int64_t element = (int64_t)dnn_element(t.dtype);
	if (element == 0) return NV_CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE;
	if (t.alignment < element || (t.alignment & (t.alignment - 1)) != 0) return wrong("the alignment is no power of two, or less than an element");
	for (int i = 0; i < MAX_DIMS; i++)
		if (t.dims[i] < 1 || t.strides[i] < 1) return wrong("a size or a stride is not positive");
	return 0;
}

static int finalize_convolution(const descriptor *d) {
	int64_t least[4][2];
	const int names[4] = {NV_CUDNN_ATTR_CONVOLUTION_DILATIONS, NV_CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
			      NV_CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, NV_CUDNN_ATTR_CONVOLUTION_POST_PADDINGS};
	for (int i = 0; i < 4; i++) {
		memcpy(least[i], get(d, names[i])->bytes, sizeof least[i]);
		for (int j = 0; j < 2; j++)
			if (least[i][j] < (i < 2)) return wrong("a dilation or a stride is not positive, or a padding is negative");
	}
	if (get_int(d, NV_CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS) != 2) return wrong("spatial dimensions and the lists of two differ");
	if (get_enum(d, NV_CUDNN_ATTR_CONVOLUTION_CONV_MODE) != NV_CUDNN_CROSS_CORRELATION) return NV_CUDNN_STATUS_NOT_SUPPORTED;
	return get_enum(d, NV_CUDNN_ATTR_CONVOLUTION_COMP_TYPE) == NV_CUDNN_DATA_FLOAT ? 0 : NV_CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE;
}

static const struct { int type, alpha, beta, convolution, x, w, y, pass; } operations[] = {
	{FORWARD, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
	 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
	 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, DNN_FORWARD},
	{GRAD_INPUT, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
	 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
	 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, DNN_GRAD_INPUT},
	{GRAD_WEIGHT, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
	 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
	 NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, NV_CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, DNN_GRAD_WEIGHT},
};

static int finalize_operation(descriptor *d) {
	int i = 0, code;
	while (operations[i].type != d->type) i++;
	const descriptor *convolution = pointed_to(get_pointer(d, operations[i].convolution), CONVOLUTION, &code);
	if (convolution == NULL) return code;
	const struct { int name; dnn_tensor *to; } tensors[] = {{operations[i].x, &d->conv.x}, {operations[i].w, &d->conv.w}, {operations[i].y, &d->conv.y}};
	for (int j = 0; j < 3; j++) {
		const descriptor *t = pointed_to(get_pointer(d, tensors[j].name), TENSOR, &code);
		if (t == NULL) return code;
		tensor_of(t, tensors[j].to);
	}
	dnn_conv *v = &d->conv;
	v->pass = operations[i].pass;
	v->alpha = get_float(d, operations[i].alpha);
	v->beta = get_float(d, operations[i].beta);
	memcpy(v->dilation, get(convolution, NV_CUDNN_ATTR_CONVOLUTION_DILATIONS)->bytes, sizeof v->dilation);
	memcpy(v->stride, get(convolution, NV_CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES)->bytes, sizeof v->stride);
	memcpy(v->before, get(convolution, NV_CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS)->bytes, sizeof v->before);
	memcpy(v->after, get(convolution, NV_CUDNN_ATTR_CONVOLUTION_POST_PADDINGS)->bytes, sizeof v->after);
	if (!dnn_shapes_fit(v)) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, "the tensors of a convolution do not fit");
	return 0;
}

static int finalize_graph(descriptor *d) {
	int code;
	const descriptor *operation = pointed_to(get_pointer(d, NV_CUDNN_ATTR_OPERATIONGRAPH_OPS), ANY_OPERATION, &code);
	if (operation == NULL) return code;
	if (fake_find(get_pointer(d, NV_CUDNN_ATTR_OPERATIONGRAPH_HANDLE), HANDLE) == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	d->conv = operation->conv;
	const dnn_conv *v = &d->conv;
	if (v->x.uid == v->w.uid || v->w.uid == v->y.uid || v->x.uid == v->y.uid) return wrong("two tensors of a graph have one number");
	return 0;
}

static int finalize_heuristics(descriptor *d) {
	int code;
	const descriptor *graph = pointed_to(get_pointer(d, NV_CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH), GRAPH, &code);
	if (graph == NULL) return code;
	d->conv = graph->conv;
	return 0;
}

static int finalize_plan(descriptor *d) {
	int code;
	const descriptor *configuration = pointed_to(get_pointer(d, NV_CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG), CONFIGURATION, &code);
	if (configuration == NULL) return code;
	d->conv = configuration->conv;
	d->engine = configuration->engine;
	return d->engine->unplannable ? NV_CUDNN_STATUS_NOT_SUPPORTED : 0;
}

static int finalize_pack(const descriptor *d) {
	return get(d, NV_CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS)->count == get(d, NV_CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS)->count
		? 0 : wrong("a variant pack has more numbers than pointers, or fewer");
}

static int finalize(descriptor *d) {
	if (is_operation(d->type)) return finalize_operation(d);
	switch (d->type) {
	case TENSOR: return finalize_tensor(d);
	case CONVOLUTION: return finalize_convolution(d);
	case GRAPH: return finalize_graph(d);
	case HEURISTICS: return finalize_heuristics(d);
	case PLAN: return finalize_plan(d);
	case PACK: return finalize_pack(d);
	default: return wrong("engines and their configurations come from the heuristics here");
	}
}

int cudnnBackendFinalize(cudnnBackendDescriptor_t handle) {
	BEGIN(LIB_CUDNN, 0);
	descriptor *d = find(handle);
	if (d == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	if (d->finalized) return wrong("it was finalized already");
	int lacks = missing(d);
	if (lacks >= 0) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM, "a descriptor of kind %d was finalized without attribute %d", d->type, lacks);
	int code = finalize(d);
	d->finalized = code == 0;
	return code;
}

// ---- reading

// proposals fills the configurations that the caller made, as many as there is room for, and tells how many there are.
static int proposals(const descriptor *d, int64_t asked, int64_t *got, void *const *into) {
	const dnn_engine *engines[DNN_PROPOSALS];
	*got = dnn_propose(&d->conv, get_enum(d, NV_CUDNN_ATTR_ENGINEHEUR_MODE), engines);
	for (int64_t i = 0; i < asked && i < *got; i++) {
		descriptor *c = find(into[i]);
		if (c == NULL || c->type != CONFIGURATION || c->finalized)
			return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM, "results of heuristics go into new configurations");
		c->conv = d->conv;
		c->engine = engines[i];
		c->finalized = 1;
	}
	return 0;
}

static int read_engine(const descriptor *d, int name, int64_t asked, int64_t *got, void *values) {
	switch (name) {
	case NV_CUDNN_ATTR_ENGINE_GLOBAL_INDEX:
		*got = 1;
		if (asked > 0) *(int64_t *)values = d->engine->number;
		return 0;
	case NV_CUDNN_ATTR_ENGINE_NUMERICAL_NOTE:
		*got = d->engine->count;
		if (asked > 0) memcpy(values, d->engine->notes, sizeof(int) * (size_t)(asked < *got ? asked : *got));
		return 0;
	case NV_CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE: *got = 0; return 0;
	default: return NV_CUDNN_STATUS_BAD_PARAM;
	}
}

// types of what can be read, beside what was set.
static int type_read(int name) {
	switch (name) {
	case NV_CUDNN_ATTR_ENGINEHEUR_RESULTS:
	case NV_CUDNN_ATTR_ENGINECFG_ENGINE: return NV_CUDNN_TYPE_BACKEND_DESCRIPTOR;
	case NV_CUDNN_ATTR_ENGINE_NUMERICAL_NOTE: return NV_CUDNN_TYPE_NUMERICAL_NOTE;
	case NV_CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE: return NV_CUDNN_TYPE_BEHAVIOR_NOTE;
	default: return NV_CUDNN_TYPE_INT64;
	}
}

int cudnnBackendGetAttribute(cudnnBackendDescriptor_t const handle, int name, int type, int64_t asked, int64_t *got, void *values) {
	BEGIN(LIB_CUDNN, 0);
	const descriptor *d = find(handle);
	int64_t unused;
	if (d == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	if (got == NULL) got = &unused;
	if (!d->finalized) return fake_misuse(NV_CUDNN_STATUS_NOT_INITIALIZED, "attribute %d of a descriptor that is not finalized was read", name);
	if (type != type_read(name)) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "attribute %d was read with type %d", name, type);
	if (asked > 0 && values == NULL) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "attribute %d was read into nothing", name);
	if (d->type == HEURISTICS && name == NV_CUDNN_ATTR_ENGINEHEUR_RESULTS) return proposals(d, asked, got, values);
	if (d->type == ENGINE) return read_engine(d, name, asked, got, values);
	if (d->type == CONFIGURATION && name == NV_CUDNN_ATTR_ENGINECFG_ENGINE) {
		descriptor *e = asked == 1 ? find(*(void **)values) : NULL;
		if (e == NULL || e->type != ENGINE || e->finalized) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM, "an engine is read into a new one");
		*got = e->finalized = 1;
		e->engine = d->engine;
		return 0;
	}
	if (d->type == PLAN && name == NV_CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE) {
		*got = 1;
		if (asked > 0) *(int64_t *)values = dnn_workspace(d->engine, &d->conv);
		return 0;
	}
	return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM, "attribute %d of a descriptor of kind %d was read", name, d->type);
}

// ---- running

// address_of returns what the pack says of a tensor, or NULL.
static void *address_of(const descriptor *pack, int64_t uid) {
	const attribute *ids = get(pack, NV_CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS), *pointers = get(pack, NV_CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
	void *found = NULL;
	for (int64_t i = 0; i < ids->count; i++) {
		int64_t id;
		memcpy(&id, ids->bytes + 8 * i, sizeof id);
		if (id == uid) memcpy(&found, pointers->bytes + 8 * i, sizeof found);
	}
	return found;
}

static int check_address(const dnn_tensor *t, const void *address) {
	if (address == NULL) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "tensor %ld has no address", (long)t->uid);
	if ((uintptr_t)address % (uintptr_t)t->alignment != 0)
		return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, "tensor %ld is not aligned as its descriptor says", (long)t->uid);
	if (!fake_is_device(address, dnn_bytes(t))) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, "tensor %ld goes beyond its memory", (long)t->uid);
	return 0;
}

int cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack) {
	BEGIN(LIB_CUDNN, NEEDS_CONTEXT);
	int code;
	const dnn_handle *h = fake_find(handle, HANDLE);
	if (h == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	const descriptor *p = pointed_to(plan, PLAN, &code), *v = p != NULL ? pointed_to(pack, PACK, &code) : NULL;
	if (v == NULL) return code;
	if (get_pointer(p, NV_CUDNN_ATTR_EXECUTION_PLAN_HANDLE) != (const void *)h) return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM, "a plan ran under another handle");
	const dnn_tensor *tensors[UIDS] = {&p->conv.x, &p->conv.w, &p->conv.y};
	void *addresses[UIDS];
	for (int i = 0; i < UIDS; i++) {
		addresses[i] = address_of(v, tensors[i]->uid);
		if ((code = check_address(tensors[i], addresses[i])) != 0) return code;
	}
	void *workspace = get_pointer(v, NV_CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
	int64_t needed = dnn_workspace(p->engine, &p->conv);
	if (needed > 0 && (workspace == NULL || !fake_is_device(workspace, (size_t)needed)))
		return fake_misuse(NV_CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, "a workspace of %ld bytes is wanted", (long)needed);
	if (fake_configuration()->cudnn_broken) return NV_CUDNN_STATUS_EXECUTION_FAILED;
	fake_stream *stream = fake_stream_of(h->stream);
	if (stream == NULL) return NV_CUDNN_STATUS_BAD_PARAM;
	return dnn_queue(stream, p->engine, &p->conv, addresses, workspace) == 0 ? 0 : NV_CUDNN_STATUS_EXECUTION_FAILED;
}
