// fiber.cc: stacks, and switching between them, for x86-64 and arm64.
#include "fiber.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr size_t kGuard = 4096 * 16; // a whole page wherever pages have up to 64 KiB

// The free stacks of a thread; they are unmapped with it.
struct Pool {
	Stack *free = nullptr;
	~Pool() {
		while (Stack *s = free) {
			free = s->next;
			munmap(s->base - kGuard, kGuard + kStackSize);
			delete s;
		}
	}
};
thread_local Pool pool;

} // namespace

Stack *take_stack() {
	if (Stack *s = pool.free) {
		pool.free = s->next;
		return s;
	}
	void *p = mmap(nullptr, kGuard + kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED || mprotect(p, kGuard, PROT_NONE)) {
		fprintf(stderr, "cudahost: no memory for the stack of a thread\n");
		abort();
	}
	return new Stack{{nullptr}, (unsigned char *)p + kGuard, nullptr};
}

void give_stack(Stack *s) {
	s->next = pool.free;
	pool.free = s;
}

#if defined(__x86_64__)

asm(R"(
	.text
	.globl cudahost_switch
	.hidden cudahost_switch
	.type cudahost_switch, @function
cudahost_switch:
	endbr64
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, (%rdi)
	mov (%rsi), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.size cudahost_switch, .-cudahost_switch
)");

void start_context(Stack *s, void (*f)()) {
	void **sp = (void **)(s->base + kStackSize) - 1; // a call leaves the stack 8 below a multiple of 16
	*sp = nullptr;                                   // where f would return to
	*--sp = (void *)f;
	sp -= 6;
	memset(sp, 0, 6 * sizeof(void *));
	s->context.sp = sp;
}

#elif defined(__aarch64__)

asm(R"(
	.text
	.globl cudahost_switch
	.hidden cudahost_switch
	.type cudahost_switch, %function
cudahost_switch:
	sub sp, sp, #160
	stp x19, x20, [sp, #0]
	stp x21, x22, [sp, #16]
	stp x23, x24, [sp, #32]
	stp x25, x26, [sp, #48]
	stp x27, x28, [sp, #64]
	stp x29, x30, [sp, #80]
	stp d8, d9, [sp, #96]
	stp d10, d11, [sp, #112]
	stp d12, d13, [sp, #128]
	stp d14, d15, [sp, #144]
	mov x9, sp
	str x9, [x0]
	ldr x9, [x1]
	mov sp, x9
	ldp x19, x20, [sp, #0]
	ldp x21, x22, [sp, #16]
	ldp x23, x24, [sp, #32]
	ldp x25, x26, [sp, #48]
	ldp x27, x28, [sp, #64]
	ldp x29, x30, [sp, #80]
	ldp d8, d9, [sp, #96]
	ldp d10, d11, [sp, #112]
	ldp d12, d13, [sp, #128]
	ldp d14, d15, [sp, #144]
	add sp, sp, #160
	ret
	.size cudahost_switch, .-cudahost_switch
)");

void start_context(Stack *s, void (*f)()) {
	unsigned char *sp = s->base + kStackSize - 160;
	memset(sp, 0, 160);
	memcpy(sp + 88, &f, sizeof f); // x30: where the switch returns to
	s->context.sp = sp;
}

#else
#error "cudahost knows x86-64 and arm64"
#endif
