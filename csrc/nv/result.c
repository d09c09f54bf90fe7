//go:build cgo && linux

// Results: a code, who said it, and the vendor's own words while they can still be had.
#include "binding.h"

#include <stdlib.h>
#include <string.h>

const nv_result nv_ok = {0, 0, NULL, NULL, NULL};

nv_result nv_driver_result(const nv_api *api, int code, const char *call) {
	if (code == NV_CUDA_SUCCESS) return nv_ok;
	const char *name = NULL, *text = NULL;
	if (api->cuGetErrorName(code, &name) != 0) name = NULL; // a code that this driver does not know
	if (api->cuGetErrorString(code, &text) != 0) text = NULL;
	return (nv_result){code, NV_DRIVER, call, name, text ? strdup(text) : NULL};
}

nv_result nv_nvrtc_result(const nv_api *api, int code, const char *call) {
	if (code == NV_NVRTC_SUCCESS) return nv_ok;
	return (nv_result){code, NV_NVRTC, call, api->nvrtcGetErrorString(code), NULL};
}

nv_result nv_cudnn_result(const nv_api *api, int code, const char *call) {
	if (code == NV_CUDNN_STATUS_SUCCESS) return nv_ok;
	char text[1024] = "";
	api->cudnnGetLastErrorString(text, sizeof text); // of this thread, and only until the next call
	text[sizeof text - 1] = 0;
	return (nv_result){code, NV_CUDNN, call, api->cudnnGetErrorString(code), text[0] ? strdup(text) : NULL};
}

nv_result nv_no_memory(const char *what) {
	return (nv_result){NV_CUDA_ERROR_OUT_OF_MEMORY, 0, what, "ENOMEM", strdup("the host is out of memory")};
}
