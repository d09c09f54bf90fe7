//go:build cgo && linux

// Opening libraries and filling the table. Nothing is ever closed: the vendor's libraries keep threads and destructors.
#define _GNU_SOURCE
#include "binding.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *nv_open(const char *path, char **error) {
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	*error = NULL;
	if (library == NULL) {
		const char *why = dlerror();
		*error = strdup(why ? why : "dlopen failed");
	}
	return library;
}

const char *nv_path(void *library) {
	struct link_map *map = NULL;
	return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map != NULL ? map->l_name : "";
}

// A function to look up: its name and where its address goes.
typedef struct entry {
	const char *name;
	size_t offset;
} entry;

#define ENTRY(name, since, result, arguments) {#name, offsetof(nv_api, name)},
static const entry driver_entries[] = {NV_DRIVER_REQUIRED(ENTRY)};
static const entry driver_optional[] = {NV_DRIVER_OPTIONAL(ENTRY)};
static const entry nvrtc_entries[] = {NV_NVRTC_REQUIRED(ENTRY)};
static const entry cudnn_entries[] = {NV_CUDNN_REQUIRED(ENTRY)};
#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

// look_up fills the table and appends the names that are missing to the list, which it may move.
static char *look_up(nv_api *api, void *library, const entry *entries, size_t count, char *missing) {
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, entries[i].name);
		memcpy((char *)api + entries[i].offset, &function, sizeof function);
		if (function != NULL) continue;
		size_t had = missing ? strlen(missing) : 0;
		char *longer = realloc(missing, had + strlen(entries[i].name) + 2);
		if (longer == NULL) return missing;
		sprintf(longer + had, "%s%s", had ? " " : "", entries[i].name);
		missing = longer;
	}
	return missing;
}

char *nv_bind(nv_api *api, int which, void *library) {
	switch (which) {
	case NV_DRIVER:
		free(look_up(api, library, driver_optional, LENGTH(driver_optional), NULL));
		return look_up(api, library, driver_entries, LENGTH(driver_entries), NULL);
	case NV_NVRTC:
		return look_up(api, library, nvrtc_entries, LENGTH(nvrtc_entries), NULL);
	default:
		return look_up(api, library, cudnn_entries, LENGTH(cudnn_entries), NULL);
	}
}
