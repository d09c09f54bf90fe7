// libnvrtc: compiles for the host, with cudahost.
#define _GNU_SOURCE
#include "fake.h"

#include "cudahost.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE(name, since, result, arguments) EXPORT result name arguments;
NV_NVRTC_REQUIRED(DECLARE)
#undef DECLARE

typedef struct program {
	fake_object object;
	char *source, *name, *log;
	int headers;
	char **texts, **names;
	void *image;
	size_t size;
} program;

#define FIND_PROGRAM(p, handle)                        \
	program *const p = fake_find((handle), "program"); \
	if (p == NULL) return NV_NVRTC_ERROR_INVALID_PROGRAM

int nvrtcVersion(int *major, int *minor) {
	BEGIN(LIB_NVRTC, 0);
	*major = fake_configuration()->nvrtc_major;
	*minor = fake_configuration()->nvrtc_minor;
	return 0;
}

const char *nvrtcGetErrorString(int code) {
	static const struct { int code; const char *name; } names[] = {
#define NAME(name, value) {value, #name},
		NV_NVRTC_VALUES(NAME)
#undef NAME
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].code == code) return names[i].name;
	return "NVRTC_ERROR unknown";
}

static const int architectures[] = {75, 80, 86, 89, 90, 100, 120};
enum { ARCHITECTURES = sizeof architectures / sizeof architectures[0] };

int nvrtcGetNumSupportedArchs(int *count) {
	BEGIN(LIB_NVRTC, 0);
	*count = ARCHITECTURES;
	return 0;
}

int nvrtcGetSupportedArchs(int *list) {
	BEGIN(LIB_NVRTC, 0);
	memcpy(list, architectures, sizeof architectures);
	return 0;
}

static char **copies(int n, const char *const *list) {
	char **all = calloc((size_t)n + 1, sizeof *all);
	for (int i = 0; i < n; i++) all[i] = strdup(list[i]);
	return all;
}

int nvrtcCreateProgram(nvrtcProgram *handle, const char *source, const char *name, int headers, const char *const *texts, const char *const *names) {
	BEGIN(LIB_NVRTC, ALLOCATES);
	if (source == NULL || headers < 0) return NV_NVRTC_ERROR_INVALID_INPUT;
	program *p = fake_new("program", sizeof *p);
	p->source = strdup(source);
	p->name = strdup(name != NULL ? name : "default_program");
	p->log = strdup("");
	p->headers = headers;
	p->texts = copies(headers, texts);
	p->names = copies(headers, names);
	*handle = (nvrtcProgram)p;
	return 0;
}

int nvrtcDestroyProgram(nvrtcProgram *handle) {
	BEGIN_RELEASE(LIB_NVRTC, 0);
	FIND_PROGRAM(p, *handle);
	for (int i = 0; i < p->headers; i++) {
		free(p->texts[i]);
		free(p->names[i]);
	}
	free(p->texts);
	free(p->names);
	free(p->source);
	free(p->name);
	free(p->log);
	free(p->image);
	fake_retire(p);
	*handle = NULL;
	return begun;
}

// builtins_are_open: the vendor's compiler opens them by their bare name, which works if that name is open already.
static int builtins_are_open(void) {
	char name[64];
	const fake_config *c = fake_configuration();
	snprintf(name, sizeof name, "libnvrtc-builtins.so.%d.%d", c->nvrtc_major, c->nvrtc_minor);
	void *library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
	if (library != NULL) dlclose(library);
	return library != NULL;
}

static int refuse(program *p, int code, const char *format, const char *what) {
	free(p->log);
	if (asprintf(&p->log, format, what) < 0) abort();
	return code;
}

// machine_code_for says whether the options ask for machine code of an architecture there is; compute_NN makes none.
static int machine_code_for(program *p, int count, const char *const *options, int *code) {
	static const char key[] = "--gpu-architecture=";
	*code = 0;
	for (int i = 0; i < count; i++) {
		if (strncmp(options[i], key, sizeof key - 1) != 0) continue;
		const char *name = options[i] + sizeof key - 1;
		if (strncmp(name, "compute_", 8) == 0) return 0;
		for (int a = 0; a < ARCHITECTURES; a++)
			if (strncmp(name, "sm_", 3) == 0 && atoi(name + 3) == architectures[a]) return 1;
		*code = refuse(p, NV_NVRTC_ERROR_INVALID_OPTION, "nvrtc: error: invalid value for --gpu-architecture (%s)", name);
	}
	return 0;
}

int nvrtcCompileProgram(nvrtcProgram handle, int count, const char *const *options) {
	BEGIN(LIB_NVRTC, 0);
	FIND_PROGRAM(p, handle);
	if (!builtins_are_open()) return refuse(p, NV_NVRTC_ERROR_BUILTIN_OPERATION_FAILURE, "nvrtc: error: failed to open %s", "the builtins");
	int code, wanted = machine_code_for(p, count, options, &code);
	if (code != 0) return code;
	free(p->log);
	code = cudahost_compile(p->source, p->name, p->headers, (const char *const *)p->texts, (const char *const *)p->names, count, options,
				&p->image, &p->size, &p->log);
	if (!wanted) p->size = 0;
	return code;
}

int nvrtcGetCUBINSize(nvrtcProgram handle, size_t *bytes) {
	BEGIN(LIB_NVRTC, 0);
	FIND_PROGRAM(p, handle);
	*bytes = p->size;
	return 0;
}

int nvrtcGetCUBIN(nvrtcProgram handle, char *cubin) {
	BEGIN(LIB_NVRTC, 0);
	FIND_PROGRAM(p, handle);
	if (p->size > 0) memcpy(cubin, p->image, p->size);
	return 0;
}

int nvrtcGetProgramLogSize(nvrtcProgram handle, size_t *bytes) {
	BEGIN(LIB_NVRTC, 0);
	FIND_PROGRAM(p, handle);
	*bytes = strlen(p->log) + 1;
	return 0;
}

int nvrtcGetProgramLog(nvrtcProgram handle, char *log) {
	BEGIN(LIB_NVRTC, 0);
	FIND_PROGRAM(p, handle);
	strcpy(log, p->log);
	return 0;
}
