//go:build cgo && linux

// The run-time compiler. It needs no device and no context.
#include "binding.h"

#include <stdlib.h>

#define NVRTC(function, arguments) nv_nvrtc_result(api, api->function arguments, #function)

nv_result nv_compiler_version(const nv_api *api, int *major, int *minor) { return NVRTC(nvrtcVersion, (major, minor)); }

nv_result nv_compiler_architectures(const nv_api *api, int *architectures, int room, int *count) {
	nv_result r = NVRTC(nvrtcGetNumSupportedArchs, (count));
	if (r.code != 0 || *count > room) return r;
	return NVRTC(nvrtcGetSupportedArchs, (architectures));
}

// fetch_log copies the compiler's log. It exists after success too: warnings and, if asked for, the use of registers.
static nv_result fetch_log(const nv_api *api, nvrtcProgram program, nv_image *image) {
	size_t size = 0;
	nv_result r = NVRTC(nvrtcGetProgramLogSize, (program, &size));
	if (r.code != 0) return r;
	image->log = calloc(1, size + 1);
	if (image->log == NULL) return nv_no_memory("nvrtcGetProgramLog");
	return NVRTC(nvrtcGetProgramLog, (program, image->log));
}

static nv_result fetch_cubin(const nv_api *api, nvrtcProgram program, nv_image *image) {
	nv_result r = NVRTC(nvrtcGetCUBINSize, (program, &image->size));
	if (r.code != 0) return r;
	image->data = malloc(image->size > 0 ? image->size : 1);
	if (image->data == NULL) return nv_no_memory("nvrtcGetCUBIN");
	return NVRTC(nvrtcGetCUBIN, (program, image->data));
}

nv_result nv_compile(const nv_api *api, const nv_source *source, nv_image *image) {
	nvrtcProgram program = NULL;
	*image = (nv_image){NULL, 0, NULL};
	nv_result r = NVRTC(nvrtcCreateProgram, (&program, source->text, source->name, source->headers, source->header_texts,
						 source->header_names));
	if (r.code != 0) return r;
	r = NVRTC(nvrtcCompileProgram, (program, source->options, source->option_texts));
	nv_result logged = fetch_log(api, program, image);
	if (r.code == 0) r = logged;
	else free(logged.text); // the failed compilation is the better message
	if (r.code == 0) r = fetch_cubin(api, program, image);
	nv_result destroyed = NVRTC(nvrtcDestroyProgram, (&program));
	if (r.code == 0) return destroyed;
	free(destroyed.text);
	return r;
}
