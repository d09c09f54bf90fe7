//go:build cgo && linux

#define _GNU_SOURCE
#include "binding.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *mnv2_acl_open(const char *path, char *text, size_t size) {
  text[0] = 0;
  /* Global, as if the program were linked with them: some of the libraries leave symbols of their neighbours weak. */
  void *handle = dlopen(path, RTLD_LAZY | RTLD_GLOBAL);
  if (handle == NULL) {
    const char *why = dlerror();
    snprintf(text, size, "%s", why != NULL ? why : "dlopen failed");
  }
  return handle;
}

void mnv2_acl_origin(void *handle, char *path, size_t size) {
  struct link_map *map = NULL;
  path[0] = 0;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map != NULL) {
    snprintf(path, size, "%s", map->l_name);
  }
}

static void *find(void **handles, int n, const char *name) {
  for (int i = 0; i < n; i++) {
    void *symbol = dlsym(handles[i], name);
    if (symbol != NULL) {
      return symbol;
    }
  }
  return NULL;
}

static void append(char *list, size_t size, const char *name, const char *since) {
  size_t used = strlen(list);
  snprintf(list + used, size - used, "%s%s (CANN %s)", used == 0 ? "" : ", ", name, since);
}

mnv2_acl_api *mnv2_acl_resolve(void **runtime, int runtimes, void *objects, void **ops, int n_ops, char *missing, size_t size) {
  mnv2_acl_api *api = calloc(1, sizeof *api);
  missing[0] = 0;
  if (api == NULL) {
    return NULL;
  }
  int fatal = 0;
  void *symbol;
#define LOOK(handles, n, name, since, must)           \
  symbol = find(handles, n, #name);                   \
  memcpy(&api->name, &symbol, sizeof symbol);         \
  if (symbol == NULL) {                               \
    append(missing, size, #name, since);              \
    fatal += must;                                    \
  }
#define MUST(name, since) LOOK(runtime, runtimes, name, since, 1)
#define MAY(name, since) LOOK(runtime, runtimes, name, since, 0)
  MNV2_RUNTIME_SYMBOLS(MUST, MAY)
#undef MUST
#undef MAY
#define MUST(name, since) LOOK(&objects, 1, name, since, 1)
#define MAY(name, since) LOOK(&objects, 1, name, since, 0)
  MNV2_OBJECT_SYMBOLS(MUST, MAY)
#undef MUST
#undef MAY
#undef LOOK
#define OP(op_name, op_since)                                                   \
  {                                                                             \
    mnv2_acl_op_api *o = &api->op[MNV2_OP_##op_name];                           \
    o->name = "aclnn" #op_name;                                                 \
    o->since = op_since;                                                        \
    o->plan = find(ops, n_ops, "aclnn" #op_name "GetWorkspaceSize");            \
    symbol = find(ops, n_ops, "aclnn" #op_name);                                \
    memcpy(&o->run, &symbol, sizeof symbol);                                    \
    if (o->plan == NULL || symbol == NULL) {                                    \
      o->plan = NULL;                                                           \
      append(missing, size, o->name, o->since);                                 \
    }                                                                           \
  }
  MNV2_OPERATORS(OP)
#undef OP
  if (fatal > 0) {
    free(api);
    return NULL;
  }
  return api;
}

int mnv2_acl_fail(mnv2_acl_api *api, mnv2_acl_error *err, const char *function, int code) {
  err->code = code;
  err->function = function;
  err->text[0] = 0;
  if (code == ACL_ERROR_COMPILING_STUB_MODE) {
    return code; /* every function of a link stub returns this number, also the one that should return a text */
  }
  const char *text = api->aclGetRecentErrMsg();
  if (text != NULL) {
    snprintf(err->text, sizeof err->text, "%s", text);
  }
  return code;
}

int mnv2_acl_init(mnv2_acl_api *api, mnv2_acl_error *err) {
  int rc = api->aclInit(NULL);
  if (rc != ACL_SUCCESS && rc != ACL_ERROR_REPEAT_INITIALIZE) {
    return mnv2_acl_fail(api, err, "aclInit", rc);
  }
  return 0;
}

int mnv2_acl_device_count(mnv2_acl_api *api, uint32_t *count, mnv2_acl_error *err) {
  int rc = api->aclrtGetDeviceCount(count);
  return rc == 0 ? 0 : mnv2_acl_fail(api, err, "aclrtGetDeviceCount", rc);
}

int mnv2_acl_api_version(mnv2_acl_api *api, int32_t version[3], mnv2_acl_error *err) {
  int rc = api->aclrtGetVersion(&version[0], &version[1], &version[2]);
  return rc == 0 ? 0 : mnv2_acl_fail(api, err, "aclrtGetVersion", rc);
}

int mnv2_acl_package_version(mnv2_acl_api *api, int package, char *version, size_t size) {
  aclCANNPackageVersion v;
  memset(&v, 0, sizeof v);
  version[0] = 0;
  if (api->aclsysGetCANNVersion == NULL) {
    return -1;
  }
  if (api->aclsysGetCANNVersion(package, &v) != 0) {
    api->aclGetRecentErrMsg(); /* not knowing is no failure: nobody should find its text later */
    return -1;
  }
  snprintf(version, size, "%.*s", (int)sizeof v.version, v.version);
  return 0;
}

/* A name is all there is: where there is none, no code says why. */
int mnv2_acl_soc_name(mnv2_acl_api *api, char *name, size_t size, mnv2_acl_error *err) {
  const char *soc = api->aclrtGetSocName();
  snprintf(name, size, "%s", soc != NULL ? soc : "");
  return soc != NULL ? 0 : mnv2_acl_fail(api, err, "aclrtGetSocName", ACL_ERROR_INTERNAL_ERROR);
}

int mnv2_acl_set_deterministic(mnv2_acl_api *api, int on, mnv2_acl_error *err) {
  if (api->aclrtSetSysParamOpt == NULL) {
    return -1;
  }
  int rc = api->aclrtSetSysParamOpt(ACL_OPT_DETERMINISTIC, on);
  return rc == 0 ? 0 : mnv2_acl_fail(api, err, "aclrtSetSysParamOpt", rc);
}
