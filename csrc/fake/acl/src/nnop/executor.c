// Plans and their second phase (ascend.md 2.2, 2.3; [opb] src/nnopbase/composite_op/
// aclnn_engine/op_executor.cpp CommonOpExecutorRun, SetRepeatable; docs aclSet*TensorAddr,
// aclSetAclOpExecutorRepeatable, aclDestroyAclOpExecutor).
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plan.h"

int fk_op_fail(struct fk_op *op, int code, const char *format, ...) {
  if (op->code != OK)
    return op->code;
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  bool param = code == NN_NULLPTR || code == NN_INVALID;
  return op->code = fk_error(code, param ? "EZ1001" : "EZ9999", "aclnn%s: %s", op->name, text);
}

// ascend.md 0.2, 2.4: the operators read ASCEND_OPP_PATH themselves.
static void check_packages(struct fk_op *op) {
  const char *opp = getenv("ASCEND_OPP_PATH");
  if (opp == NULL || *opp == '\0') {
    fk_op_fail(op, NN_OPP_PATH, "Get opp kernel path failed: the environment variable ASCEND_OPP_PATH is not set.");
    return;
  }
  char path[1024];
  struct stat st;
  snprintf(path, sizeof path, "%s/built-in/op_impl/ai_core/tbe/kernel/%s", opp, fk_chip()->kernels);
  if (stat(path, &st) != 0)
    fk_op_fail(op, NN_NO_KERNEL_PACKAGE, "Kernel package of %s is not installed: %s does not exist.", fk_soc_name(), path);
}

void fk_op_open(struct fk_op *op, const char *entry, const char *name, unsigned chips, uint64_t *workspace_size,
                aclOpExecutor **executor) {
  *op = (struct fk_op){.name = name, .workspace_size = workspace_size, .executor = executor, .entry = entry};
  op->code = fk_enter(entry, INIT);
  op->e = fk_new(H_EXECUTOR, sizeof *op->e);
  snprintf(op->e->name, sizeof op->e->name, "aclnn%s", name);
  op->e->may_repeat = true;
  if (op->code != OK)
    return;
  // Phase 1 needs a device: the runtime calls inside fail with 107002, which the
  // operator library passes on as 361001 (ascend.md 2.2, 2.4).
  if (fk_current() == NULL) {
    fk_op_fail(op, NN_RUNTIME, "the context of the current thread is a null pointer, runtime error 107002.");
    return;
  }
  if (workspace_size == NULL || executor == NULL) // [nn] OP_CHECK_COMM_INPUT
    fk_op_fail(op, NN_NULLPTR, "workspaceSize and executor must not be null.");
  check_packages(op);
  if ((chips & fk_chip()->bit) == 0) // ascend.md 3.2 and 2.4: 561003, no kernel for this chip
    fk_op_fail(op, NN_KERNEL_NOT_FOUND, "Kernel of %s is not found for %s.", name, fk_soc_name());
}

int fk_op_close(struct fk_op *op, fk_kernel kernel, uint64_t workspace) {
  aclOpExecutor *e = op->e;
  if (op->code != OK) {
    fk_delete(e);
    return op->code;
  }
  e->run.name = e->name;
  e->run.n = e->n;
  e->run.kernel = kernel;
  // ascend.md 1.5 "Determinism": phase 1 reads the process-wide parameter.
  e->run.deterministic = fk_sysparam(0) != 0;
  e->run.workspace_size = (workspace + 511) / 512 * 512 + 512; // never 0, so that a missing one shows
  *op->workspace_size = e->run.workspace_size;
  *op->executor = e;
  return OK;
}

static struct fk_view *add(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes, enum fk_role role,
                           bool optional) {
  static struct fk_view none[MAX_OPERANDS];
  aclOpExecutor *e = op->e;
  int at = e->n++;
  e->operand[at] = (struct fk_operand){.name = name, .tensor = t, .role = role};
  none[at] = (struct fk_view){0};
  if (t == NULL) {
    if (!optional)
      fk_op_fail(op, NN_NULLPTR, "expected a proper Tensor but got null for argument %s.", name);
    return &none[at];
  }
  if (!fk_alive(t, H_TENSOR)) {
    fk_misuse("%s: argument %s is %s", e->name, name, fk_dead(t) ? "a destroyed tensor" : "not a tensor");
    fk_op_fail(op, NN_INNER_NULLPTR, "argument %s is not a tensor.", name);
    e->operand[at].tensor = NULL;
    return &none[at];
  }
  e->operand[at].view = t->view;
  e->run.given[at] = true;
  unsigned have = fk_dtype_bit(t->view.dtype);
  if (t->view.dtype == ACL_BF16 && !fk_chip()->bf16)
    fk_op_fail(op, NN_INVALID, "%s dtype DT_BFLOAT16 is unsupported by the current SOC version [%s].", name, fk_soc_name());
  else if ((have & dtypes) == 0)
    fk_op_fail(op, NN_INVALID, "Tensor %s of %s is not in the dtype support list.", name,
               fk_dtype_name(t->view.dtype));
  for (int i = 0; i < t->view.rank; i++)
    if (t->view.dims[i] < 0)
      fk_op_fail(op, NN_INVALID, "%s has a negative dimension.", name);
  return &e->operand[at].view;
}

struct fk_view *fk_in(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes) {
  return add(op, name, t, dtypes, IN, false);
}

struct fk_view *fk_out(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes) {
  return add(op, name, t, dtypes, OUT, false);
}

struct fk_view *fk_ref(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes) {
  struct fk_view *v = add(op, name, t, dtypes, IN, false);
  op->e->operand[op->e->n - 1].also_out = true;
  return v;
}

struct fk_view *fk_maybe(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes, enum fk_role role) {
  return add(op, name, t, dtypes, role, true);
}

bool fk_given(const struct fk_op *op, int operand) { return op->e->run.given[operand]; }

static bool keep(struct fk_op *op, const char *name, const void *arg, enum fk_kind kind) {
  if (arg == NULL) {
    fk_op_fail(op, NN_NULLPTR, "expected a proper argument but got null for %s.", name);
    return false;
  }
  if (!fk_alive(arg, kind)) {
    fk_misuse("aclnn%s: argument %s is %s", op->name, name, fk_dead(arg) ? "destroyed" : "not of its kind");
    fk_op_fail(op, NN_INNER_NULLPTR, "argument %s is invalid.", name);
    return false;
  }
  op->e->args[op->e->nargs] = arg;
  op->e->arg_kind[op->e->nargs++] = kind;
  return true;
}

double fk_scalar(struct fk_op *op, const char *name, const aclScalar *s) {
  return keep(op, name, s, H_SCALAR) ? s->value : 0;
}

const int64_t *fk_ints(struct fk_op *op, const char *name, const aclIntArray *a, uint64_t *n) {
  static const int64_t none[MAX_RANK];
  *n = 0;
  if (!keep(op, name, a, H_ARRAY))
    return none;
  *n = a->n;
  return a->v;
}

const bool *fk_bools(struct fk_op *op, const char *name, const aclBoolArray *a, uint64_t n) {
  static const bool none[8];
  if (!keep(op, name, a, H_ARRAY))
    return none;
  if (a->n != n) {
    fk_op_fail(op, NN_INVALID, "%s has %llu elements, expected %llu.", name, (unsigned long long)a->n, (unsigned long long)n);
    return none;
  }
  return a->v;
}

void fk_need_same_shape(struct fk_op *op, const struct fk_view *a, const struct fk_view *b, const char *what) {
  char x[128], y[128];
  if (!fk_same_shape(a, b))
    fk_op_fail(op, NN_INVALID, "expected %s to have the same size, but got %s and %s.", what, fk_shape_text(a, x),
               fk_shape_text(b, y));
}

void fk_need_rank(struct fk_op *op, const struct fk_view *v, int min, int max, const char *what) {
  if (v->rank < min || v->rank > max)
    fk_op_fail(op, NN_INVALID, "the dimension of %s is %d, expected %d to %d.", what, v->rank, min, max);
}

void fk_need_shape(struct fk_op *op, const struct fk_view *v, const char *what, int rank, const int64_t *dims) {
  struct fk_view want = {.rank = rank};
  memcpy(want.dims, dims, (size_t)rank * sizeof *dims);
  char x[128], y[128];
  if (!fk_same_shape(v, &want))
    fk_op_fail(op, NN_INVALID, "shape of %s should be %s, but current is %s.", what, fk_shape_text(&want, y), fk_shape_text(v, x));
}

void fk_need_dtype(struct fk_op *op, const struct fk_view *v, int dtype, const char *what) {
  if (v->dtype != dtype)
    fk_op_fail(op, NN_INVALID, "dtype of %s is %s, expected %s.", what, fk_dtype_name(v->dtype), fk_dtype_name(dtype));
}

// ---- second phase

void fk_discard(aclOpExecutor *e) {
  if (fk_alive(e, H_EXECUTOR) && !e->repeatable)
    fk_delete(e);
}

static void run_kernel(struct fk_task *t) {
  struct fk_run *run = t->payload;
  run->kernel(run);
  memset(fk_host(run->workspace), POISON, run->workspace_size); // nobody may find results there
}

static void drop_run(struct fk_task *t) { free(t->payload); }

// Elements reached by a view, as a range of elements from its base.
static bool reach(const struct fk_view *v, int64_t *first, int64_t *count) {
  int64_t lo = v->offset, hi = v->offset;
  for (int i = 0; i < v->rank; i++) {
    if (v->dims[i] == 0)
      return false;
    int64_t far = (v->dims[i] - 1) * v->strides[i];
    lo += far < 0 ? far : 0;
    hi += far > 0 ? far : 0;
  }
  *first = lo;
  *count = hi - lo + 1;
  return true;
}

// Every argument of phase 1 must still be there (ascend.md 2.2, 5.), addresses must
// be 32-byte aligned (2.1; [opb] docs aclSetInputTensorAddr).
static int resolve(aclOpExecutor *e, struct fk_run *run, struct fk_task *t) {
  for (int i = 0; i < e->nargs; i++)
    if (!fk_alive(e->args[i], e->arg_kind[i])) {
      fk_misuse("%s: an argument of the first phase was destroyed before the second", e->name);
      return fk_error(NN_INNER_NULLPTR, "EZ9999", "%s: an argument was destroyed before the second phase.", e->name);
    }
  for (int i = 0; i < e->n; i++) {
    const struct fk_operand *o = &e->operand[i];
    if (o->tensor == NULL)
      continue;
    if (!fk_alive(o->tensor, H_TENSOR)) {
      fk_misuse("%s: tensor %s was destroyed before the second phase", e->name, o->name);
      return fk_error(NN_INNER_NULLPTR, "EZ9999", "%s: tensor %s was destroyed before the second phase.", e->name, o->name);
    }
    run->view[i] = o->view;
    run->view[i].base = o->tensor->view.base;
    int64_t first, count;
    if (!reach(&run->view[i], &first, &count))
      continue;
    size_t size = fk_dtype_size(o->view.dtype);
    uintptr_t at = run->view[i].base + (uintptr_t)(first * (int64_t)size);
    if (run->view[i].base % 32 != 0)
      fk_misuse("%s: the address of %s is not 32-byte aligned", e->name, o->name);
    fk_task_span(t, at, (size_t)count * size, o->role == OUT || o->also_out);
    if (o->also_out)
      fk_task_span(t, at, (size_t)count * size, false);
  }
  return OK;
}

static bool overlap(const struct fk_span *a, const struct fk_span *b) { return a->at < b->at + b->n && b->at < a->at + a->n; }

// The workspace belongs to the operation alone while it runs.
static void check_workspace(const aclOpExecutor *e, const struct fk_task *t, const struct fk_span *ws) {
  for (int i = 0; i < t->nspans; i++)
    if (overlap(&t->spans[i], ws))
      fk_misuse("%s: the workspace overlaps an operand", e->name);
}

int fk_launch(const char *name, void *workspace, uint64_t size, aclOpExecutor *e, aclrtStream stream) {
  if (e == NULL) // [opb] CommonOpExecutorRun
    return fk_error(NN_NULLPTR, "EZ9999", "executor is nullptr.");
  if (!fk_alive(e, H_EXECUTOR)) {
    fk_misuse("%s: executor %p %s", name, (void *)e, fk_dead(e) ? "was used or destroyed before" : "is not an executor");
    return fk_error(NN_INNER, "EZ9999", "%s: executor %p is invalid.", name, (void *)e);
  }
  if (strcmp(e->name, name) != 0) {
    fk_misuse("%s: the executor belongs to %s", name, e->name);
    return fk_error(NN_INNER, "EZ9999", "%s: the executor was made by %sGetWorkspaceSize.", name, e->name);
  }
  if (workspace == NULL && (size > 0 || e->run.workspace_size > 0)) // [opb] CommonOpExecutorRun: size > 0 and NULL
    return fk_error(NN_NULLPTR, "EZ9999", "%s: workspace is nullptr.", name);
  if (size < e->run.workspace_size) { // the real library writes over the end
    fk_misuse("%s: workspace of %llu bytes, %llu are needed", name, (unsigned long long)size,
              (unsigned long long)e->run.workspace_size);
    return fk_error(NN_INVALID, "EZ1001", "%s: workspaceSize %llu is less than %llu.", name, (unsigned long long)size,
                    (unsigned long long)e->run.workspace_size);
  }
  struct fk_stream *s;
  int code = fk_stream_of(stream, &s);
  if (code == OK)
    code = fk_broken(s->ctx);
  if (code != OK) // runtime errors inside the second phase come out as 361001: ascend.md 2.4
    return NN_RUNTIME;
  struct fk_run *run = malloc(sizeof *run);
  *run = e->run;
  run->workspace = (uintptr_t)workspace;
  struct fk_task *t = fk_task_new(name, run_kernel, drop_run, run);
  run->name = t->name; // the executor may be gone by then
  code = resolve(e, run, t);
  if (code != OK) {
    free(t->spans);
    free(t);
    free(run);
    return code;
  }
  struct fk_span ws = {.at = (uintptr_t)workspace, .n = e->run.workspace_size};
  check_workspace(e, t, &ws);
  fk_task_span(t, ws.at, ws.n, true);
  fk_stats.launches++;
  t->fault = fk_late_fault(name);
  e->runs++;
  return fk_queue(s, t);
}

// The executor is gone afterwards, on success and on failure, unless it is
// repeatable: [opb] CommonOpExecutorRun, DeleteExecutorForError.
aclnnStatus fk_second_phase(const char *name, void *workspace, uint64_t size, aclOpExecutor *e, aclrtStream stream) {
  int code = fk_enter(name, CTX);
  if (code == OK)
    code = fk_launch(name, workspace, size, e, stream);
  fk_discard(e);
  return fk_leave(name, code);
}

static int executor_of(aclOpExecutor *e, const char *what) {
  if (e == NULL) // [opb] docs: 561103, executor is a null pointer
    return fk_error(NN_INNER_NULLPTR, "EZ9999", "%s: executor is nullptr.", what);
  if (!fk_alive(e, H_EXECUTOR)) {
    fk_misuse("%s(%p): %s", what, (void *)e, fk_dead(e) ? "the executor was used or destroyed before" : "not an executor");
    return fk_error(NN_INNER, "EZ9999", "%s: executor %p is invalid.", what, (void *)e);
  }
  return OK;
}

static int set_repeatable(aclOpExecutor *e) {
  int code = executor_of(e, "aclSetAclOpExecutorRepeatable");
  if (code != OK)
    return code;
  // [opb] SetRepeatable: plans with host-to-device copies, AI CPU kernels or a view
  // copy onto itself are refused with 561000.
  if (!e->may_repeat || fk_setting("NO_REPEAT") != NULL)
    return fk_error(NN_INNER, "EZ9999", "%s: unrepeatable executor.", e->name);
  e->repeatable = true;
  return OK;
}

API aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor *executor) { FK_CALL(FREE, set_repeatable(executor)); }

static int destroy_executor(aclOpExecutor *e) {
  int code = executor_of(e, "aclDestroyAclOpExecutor");
  if (code == OK)
    fk_delete(e);
  return code;
}

API aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor *executor) { FK_RELEASE(FREE, destroy_executor(executor)); }

// Input or output number index, in the order of the prototype, those left out
// included. Running statistics are inputs ([nn] L2_DFX_PHASE_1 of aclnnBatchNorm); selfRef
// of an in-place operator, which has no other output, is both.
static const struct fk_operand *operand_at(const aclOpExecutor *e, size_t index, bool outputs) {
  bool has_out = false;
  for (int i = 0; i < e->n; i++)
    has_out |= e->operand[i].role == OUT;
  size_t position = 0;
  for (int i = 0; i < e->n; i++) {
    const struct fk_operand *o = &e->operand[i];
    bool counts = outputs ? o->role == OUT || (!has_out && o->also_out) : o->role == IN;
    if (counts && position++ == index)
      return o;
  }
  return NULL;
}

// The tensor must be the one of phase 1, since the real library
// changes the tensor's storage and lets the executor find it there ([opb] aclSetInputTensorAddr).
static int set_address(aclOpExecutor *e, size_t index, aclTensor *t, void *addr, bool outputs, const char *what) {
  if (t == NULL)
    return fk_error(NN_INNER_NULLPTR, "EZ9999", "%s: tensor is nullptr.", what);
  if (!fk_alive(t, H_TENSOR)) {
    fk_misuse("%s: tensor %p is %s", what, (void *)t, fk_dead(t) ? "destroyed" : "not a tensor");
    return fk_error(NN_INNER, "EZ9999", "%s: tensor is invalid.", what);
  }
  int code = executor_of(e, what);
  if (code != OK)
    return code;
  const struct fk_operand *found = operand_at(e, index, outputs);
  if (found == NULL) // [opb] docs aclSetInputTensorAddr: 161002, index out of range
    return fk_error(NN_INVALID, "EZ1001", "%s: index %zu is out of range for %s.", what, index, e->name);
  if (found->tensor == NULL) // same: 161002, the tensor was nullptr in the first phase
    return fk_error(NN_INVALID, "EZ1001", "%s: tensor %zu of %s was null in the first phase.", what, index, e->name);
  if (found->tensor != t) {
    fk_misuse("%s: tensor %zu (%s) of %s is another one", what, index, found->name, e->name);
    return fk_error(NN_INVALID, "EZ1001", "%s: the tensor is not the one of the first phase.", what);
  }
  if (!e->repeatable)
    fk_warn("%s on %s, which is not repeatable", what, e->name);
  t->view.base = (uintptr_t)addr;
  return OK;
}

API aclnnStatus aclSetInputTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr) {
  FK_CALL(FREE, set_address(executor, index, tensor, addr, false, __func__));
}

API aclnnStatus aclSetOutputTensorAddr(aclOpExecutor *executor, const size_t index, aclTensor *tensor, void *addr) {
  FK_CALL(FREE, set_address(executor, index, tensor, addr, true, __func__));
}
