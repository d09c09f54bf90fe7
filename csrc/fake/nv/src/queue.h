// What driver.c needs of queue.c.
#ifndef QUEUE_H
#define QUEUE_H

#include "fake.h"

#pragma GCC visibility push(default) // libcuda uses what libfakenv has

typedef struct work {
	fake_work what;
	void *data;
	struct work *next;
} work;

typedef struct work_list {
	work *first, *last; // last means nothing in an empty list
	size_t count;
} work_list;

void work_clear(work_list *list);
void work_copy(work_list *to, const work_list *from);
int work_same_shape(const work_list *a, const work_list *b);

// A graph and a graph made ready are the same thing here, of two kinds.
typedef struct fake_graph {
	fake_object object;
	work_list work;
} fake_graph;

typedef struct fake_capture {
	fake_graph *graph;
	fake_stream *origin;
	pthread_t thread;
	int spoilt;
} fake_capture;

struct fake_stream {
	fake_object object;
	fake_context *context;
	work_list queue;
	long queued, done; // how many pieces of work there were, and how many ran
	fake_capture *capture;
};

struct fake_event {
	fake_object object;
	fake_context *context;
	int timing;
	fake_stream *stream; // where it was recorded, NULL: nowhere yet
	long position;       // done when the stream has run so many pieces
	double time;         // milliseconds
	fake_capture *capture;
};

int stream_run_until(fake_stream *s, long position);
int stream_queue_list(fake_stream *s, const work_list *list);
int stream_wait_event(fake_stream *s, fake_event *e);
int event_record(fake_event *e, fake_stream *s);
int event_done(const fake_event *e);
int event_wait(fake_event *e);
int capture_begin(fake_stream *s);
// capture_end gives a graph, or a code and none; the recording is over unless it is not this stream's or thread's.
int capture_end(fake_stream *s, fake_graph **graph);
void graph_destroy(fake_graph *g);

#pragma GCC visibility pop

#endif
