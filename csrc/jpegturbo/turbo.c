//go:build cgo && linux

#define _GNU_SOURCE
#include "turbo.h"

#include <dlfcn.h>
#include <link.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// error_mgr is struct jpeg_error_mgr: functions that the library calls, then a message, then counters.
typedef struct error_mgr {
	void (*error_exit)(void *);
	void (*emit_message)(void *, int);
	void (*output_message)(void *);
	void (*format_message)(void *, char *);
	void (*reset_error_mgr)(void *);
	int msg_code;
	char msg_parm[80];
	int trace_level;
	long num_warnings;
	char rest[128]; // tables of messages; the library needs 32 bytes
} error_mgr;

// decompress is the beginning of struct jpeg_decompress_struct, which is the same in all versions, with room for the longest.
typedef struct decompress {
	error_mgr *err;
	char before_size[40];
	unsigned image_width, image_height;
	int num_components, jpeg_color_space, out_color_space;
	char before_output[68];
	unsigned output_width, output_height;
	char before_components[4];
	int output_components;
	char before_scanline[16];
	unsigned output_scanline;
	char rest[852];
} decompress;

_Static_assert(sizeof(void *) != 8 || (offsetof(error_mgr, num_warnings) == 128 && offsetof(decompress, image_width) == 48 &&
	offsetof(decompress, out_color_space) == 64 && offsetof(decompress, output_width) == 136 && offsetof(decompress, output_components) == 148 &&
	offsetof(decompress, output_scanline) == 168), "layout of libjpeg's structures");

enum { COLOR_RGB = 2 }; // JCS_RGB

struct turbo_library {
	void *handle;
	int version;
	size_t size;
	error_mgr *(*std_error)(error_mgr *);
	void (*create)(decompress *, int, size_t);
	void (*mem_src)(decompress *, const unsigned char *, unsigned long);
	int (*read_header)(decompress *, int);
	int (*start)(decompress *);
	void (*crop_scanline)(decompress *, unsigned *, unsigned *);
	unsigned (*skip_scanlines)(decompress *, unsigned);
	unsigned (*read_scanlines)(decompress *, uint8_t **, unsigned);
	void (*abort)(decompress *);
	void (*destroy)(decompress *);
};

struct turbo_decoder {
	decompress info; // first, so that the library's pointer to it is one to the decoder
	const turbo_library *library;
	error_mgr error;
	jmp_buf back;
	uint8_t *row;
	size_t row_size;
};

static void error_exit(void *info) { longjmp(((turbo_decoder *)info)->back, 1); }
static void silent(void *info) { (void)info; }

// prepare makes d's structure. It returns 0 if the library does not take it.
static int prepare(turbo_decoder *d) {
	const turbo_library *l = d->library;
	d->info.err = l->std_error(&d->error);
	d->error.error_exit = error_exit;
	d->error.output_message = silent;
	if (setjmp(d->back)) return 0;
	l->create(&d->info, l->version, l->size);
	return 1;
}

turbo_decoder *turbo_new(const turbo_library *library) {
	turbo_decoder *d = calloc(1, sizeof *d);
	if (d == NULL) return NULL;
	d->library = library;
	if (prepare(d)) return d;
	free(d);
	return NULL;
}

// settle finds out which version of the interface the library has: it refuses all others.
static int settle(turbo_library *l) {
	static const struct { int version; size_t size; } known[] = {{62, 632}, {80, 656}, {70, 640}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		l->version = known[i].version;
		l->size = known[i].size;
		turbo_decoder *d = turbo_new(l);
		if (d == NULL) continue;
		l->destroy(&d->info);
		free(d);
		return 1;
	}
	return 0;
}

turbo_library *turbo_open(const char *path, char **error) {
	*error = NULL;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		const char *why = dlerror();
		*error = strdup(why ? why : "dlopen failed");
		return NULL;
	}
	turbo_library *l = calloc(1, sizeof *l);
	if (l == NULL) return NULL;
	l->handle = handle;
	const struct { const char *name; void *at; } functions[] = {
		{"jpeg_std_error", &l->std_error}, {"jpeg_CreateDecompress", &l->create}, {"jpeg_mem_src", &l->mem_src},
		{"jpeg_read_header", &l->read_header}, {"jpeg_start_decompress", &l->start}, {"jpeg_crop_scanline", &l->crop_scanline},
		{"jpeg_skip_scanlines", &l->skip_scanlines}, {"jpeg_read_scanlines", &l->read_scanlines},
		{"jpeg_abort_decompress", &l->abort}, {"jpeg_destroy_decompress", &l->destroy},
	};
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		void *function = dlsym(handle, functions[i].name);
		if (function == NULL) {
			if (asprintf(error, "%s has no function %s: not libjpeg-turbo 1.5 or newer", path, functions[i].name) < 0) *error = NULL;
			goto failed;
		}
		memcpy(functions[i].at, &function, sizeof function);
	}
	if (settle(l)) return l;
	if (asprintf(error, "%s has an interface that is not known", path) < 0) *error = NULL;
failed:
	free(l);
	dlclose(handle);
	return NULL;
}

const char *turbo_path(const turbo_library *library) {
	struct link_map *map = NULL;
	return dlinfo(library->handle, RTLD_DI_LINKMAP, &map) == 0 && map != NULL ? map->l_name : "";
}

int turbo_version(const turbo_library *library) { return library->version; }

// read does turbo_region's work; errors of the library leave it by longjmp.
static int read(turbo_decoder *d, const uint8_t *file, size_t size, unsigned x, unsigned y, unsigned w, unsigned h, uint8_t *out) {
	const turbo_library *l = d->library;
	decompress *info = &d->info;
	l->mem_src(info, file, size);
	if (l->read_header(info, 1) != 1) return TURBO_FAILED;
	if (info->image_width < x || info->image_height < y || info->image_width - x < w || info->image_height - y < h) return TURBO_FAILED;
	info->out_color_space = COLOR_RGB;
	if (!l->start(info) || info->output_components != 3 || info->output_width != info->image_width) return TURBO_FAILED;

	// The columns at the borders of a crop are made without their neighbours: two more on either side keep the wanted ones right.
	unsigned left = x < 2 ? 0 : x - 2, right = info->output_width - x - w < 2 ? info->output_width : x + w + 2, width = right - left;
	if (left > 0 || width < info->output_width) l->crop_scanline(info, &left, &width);
	if (left > x || left + width < x + w) return TURBO_FAILED;
	size_t need = 3 * (size_t)info->output_width;
	if (d->row_size < need) {
		free(d->row);
		d->row = malloc(need);
		d->row_size = d->row ? need : 0;
		if (d->row == NULL) return TURBO_FAILED;
	}
	if (y > 0 && l->skip_scanlines(info, y) != y) return TURBO_FAILED;
	for (unsigned i = 0; i < h; i++, out += 3 * (size_t)w) {
		if (l->read_scanlines(info, &d->row, 1) != 1) return TURBO_FAILED;
		memcpy(out, d->row + 3 * (size_t)(x - left), 3 * (size_t)w);
	}
	return d->error.num_warnings ? TURBO_DAMAGED : TURBO_OK;
}

int turbo_region(turbo_decoder *d, const uint8_t *file, size_t size, unsigned x, unsigned y, unsigned w, unsigned h, uint8_t *out) {
	if (setjmp(d->back)) {
		d->library->abort(&d->info);
		return TURBO_FAILED;
	}
	d->error.num_warnings = 0;
	int result = read(d, file, size, x, y, w, h, out);
	d->library->abort(&d->info);
	return result;
}
