// How an operator is written in the stand-in: its first phase describes operands,
// attributes and checks through a struct fk_op; the plan becomes an executor; the
// kernel runs when the stream gets there and sees operands with their addresses.
#ifndef PLAN_H
#define PLAN_H

#include "../core/fake.h"

enum { MAX_RANK = 8, MAX_OPERANDS = 12, MAX_ARGS = 8 };

// Data types as bits, for lists of what an operator takes.
enum {
  F32 = 1, F16 = 2, BF16 = 4, I32 = 8, U8 = 16, I64 = 32, BOOLEAN = 64, I8 = 128, F64 = 256,
  FLOATS = F32 | F16 | BF16, INTS = I32 | U8 | I64 | I8, ALL = FLOATS | INTS | BOOLEAN | F64
};
API unsigned fk_dtype_bit(int dtype);
API size_t fk_dtype_size(int dtype);
API const char *fk_dtype_name(int dtype);

struct fk_view {
  int dtype, format, rank;
  int64_t dims[MAX_RANK], strides[MAX_RANK];
  int64_t offset; // elements
  uintptr_t base; // storage address
};
API int64_t fk_elements(const struct fk_view *v);
API bool fk_same_shape(const struct fk_view *a, const struct fk_view *b);
API const char *fk_shape_text(const struct fk_view *v, char out[128]);

struct aclTensor {
  struct fk_view view;
  int64_t storage[MAX_RANK];
  int storage_rank;
};
struct aclScalar {
  int dtype;
  double value;
};
struct aclIntArray {
  uint64_t n;
  int64_t v[];
};
struct aclBoolArray {
  uint64_t n;
  bool v[];
};

enum fk_role { IN, OUT };
struct fk_operand {
  const char *name;
  const aclTensor *tensor; // NULL where an optional one was left out
  enum fk_role role;
  bool also_out; // selfRef of in-place operators, running statistics
  struct fk_view view;
};

struct fk_run; // what a kernel sees
typedef void (*fk_kernel)(const struct fk_run *run);

struct fk_run {
  const char *name;
  int n;
  struct fk_view view[MAX_OPERANDS]; // in the order of fk_in and fk_out
  bool given[MAX_OPERANDS];
  double d[4];
  int64_t i[24];
  bool deterministic;
  fk_kernel kernel;
  uintptr_t workspace;
  uint64_t workspace_size;
};

struct aclOpExecutor {
  char name[40];
  struct fk_operand operand[MAX_OPERANDS];
  int n;
  const void *args[MAX_ARGS]; // scalars and arrays: they must live until the second phase
  enum fk_kind arg_kind[MAX_ARGS];
  int nargs;
  struct fk_run run;
  bool may_repeat, repeatable;
  int runs;
};

struct fk_op {
  const char *name; // "Add"
  aclOpExecutor *e;
  int code; // first error
  uint64_t *workspace_size;
  aclOpExecutor **executor;
  unsigned dtypes; // of the operand added last, for fk_same
  const char *entry;
};

// Opens a plan: checks the environment, the chip and the two result pointers.
API void fk_op_open(struct fk_op *op, const char *entry, const char *name, unsigned chips, uint64_t *workspace_size,
                    aclOpExecutor **executor);
// Closes it: hands the executor out, or frees it and returns the first error.
API int fk_op_close(struct fk_op *op, fk_kernel kernel, uint64_t workspace);
API int fk_op_fail(struct fk_op *op, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

// Operands. NULL is refused (161001) unless optional; dtypes outside the list are
// refused (161002), BF16 always on chips without it. They return the view, never NULL.
API struct fk_view *fk_in(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes);
API struct fk_view *fk_out(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes);
API struct fk_view *fk_ref(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes); // read and written
API struct fk_view *fk_maybe(struct fk_op *op, const char *name, const aclTensor *t, unsigned dtypes, enum fk_role role);
API bool fk_given(const struct fk_op *op, int operand);

API double fk_scalar(struct fk_op *op, const char *name, const aclScalar *s);
API const int64_t *fk_ints(struct fk_op *op, const char *name, const aclIntArray *a, uint64_t *n);
API const bool *fk_bools(struct fk_op *op, const char *name, const aclBoolArray *a, uint64_t n);

// Checks, all answered with 161002.
API void fk_need_same_shape(struct fk_op *op, const struct fk_view *a, const struct fk_view *b, const char *what);
API void fk_need_rank(struct fk_op *op, const struct fk_view *v, int min, int max, const char *what);
API void fk_need_shape(struct fk_op *op, const struct fk_view *v, const char *what, int rank, const int64_t *dims);
API void fk_need_dtype(struct fk_op *op, const struct fk_view *v, int dtype, const char *what);

// First phase: FK_PLAN opens, the caller describes, FK_DONE closes and returns.
#define FK_PLAN(op_name, chips)                                                                                        \
  struct fk_op op_;                                                                                                    \
  struct fk_op *op = &op_;                                                                                             \
  fk_op_open(op, __func__, #op_name, chips, workspaceSize, executor)
#define FK_DONE(kernel, workspace) return fk_leave(op->entry, fk_op_close(op, kernel, workspace))

// Second phase, the same for all.
API int fk_launch(const char *name, void *workspace, uint64_t size, aclOpExecutor *e, aclrtStream stream);
API void fk_discard(aclOpExecutor *e);
API aclnnStatus fk_second_phase(const char *name, void *workspace, uint64_t size, aclOpExecutor *e, aclrtStream stream);
#define FK_PHASE2(name)                                                                                                \
  API aclnnStatus aclnn##name(void *workspace, uint64_t workspaceSize, aclOpExecutor *executor, aclrtStream stream) {   \
    return fk_second_phase("aclnn" #name, workspace, workspaceSize, executor, stream);                                  \
  }

#endif
