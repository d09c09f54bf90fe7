// fiber.h: stacks, and switching between them.
#pragma once
#include <cstddef>

struct Context { void *sp; };

// A stack with an inaccessible page below it. Stacks are kept for the next fiber of the same operating-system thread.
struct Stack {
	Context context;
	unsigned char *base;
	Stack *next;
};

constexpr size_t kStackSize = 128 << 10;

Stack *take_stack();
void give_stack(Stack *s);
inline bool holds(const Stack *s, const unsigned char *p) { return p >= s->base && p < s->base + kStackSize; }

// Lays out s so that the first switch to it calls f, which must not return.
void start_context(Stack *s, void (*f)());

// Saves what runs now in from and goes on with to.
extern "C" void cudahost_switch(Context *from, Context *to);
inline void switch_context(Context *from, Context *to) { cudahost_switch(from, to); }
