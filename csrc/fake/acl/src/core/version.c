// Versions, read from the files of an installation as the real library reads them
// ([rt] src/acl/aclrt_impl/acl.cpp aclsysGetCANNVersion, GetCANNVersionInternal; ascend.md 6.1).
#include <stdlib.h>
#include <string.h>

#include "fake.h"

// Folder below share/info for each aclCANNPackageName but the driver. The names
// changed with the split packages.
#ifdef SPLIT
static const char *const folders[] = {"runtime", "runtime", "bisheng-compiler", "hccl", "oam-tools", "ops-legacy", "ops-legacy"};
enum { API_MINOR = 17 };
#else
static const char *const folders[] = {"runtime", "runtime", "compiler", "hccl", "toolkit", "opp", "opp_kernel"};
enum { API_MINOR = 13 };
#endif

static int do_version(int32_t *major, int32_t *minor, int32_t *patch) {
  if (major == NULL || minor == NULL || patch == NULL)
    return fk_null("version");
  *major = 1;
  *minor = (int32_t)fk_setting_int("API_MINOR", API_MINOR);
  *patch = 0;
  return OK;
}

API aclError aclrtGetVersion(int32_t *majorVersion, int32_t *minorVersion, int32_t *patchVersion) {
  FK_CALL(FREE, do_version(majorVersion, minorVersion, patchVersion));
}

API const char *aclrtGetSocName(void) {
  int code = fk_enter(__func__, FREE);
  const char *name = code == OK && fk_setting_int("DEVICES", 1) > 0 ? fk_soc_name() : NULL;
  fk_leave(__func__, code);
  return name;
}

static void part(char *out, size_t size, const char **at) {
  size_t n = strcspn(*at, ".");
  snprintf(out, size, "%.*s", (int)n, *at);
  *at += n + ((*at)[n] == '.');
}

static int read_version(const char *path, aclCANNPackageVersion *v) {
  FILE *f = fopen(path, "re");
  if (f == NULL)
    return fk_error(INVALID_FILE, "EH0004", "File %s is invalid. Reason: it does not exist.", path);
  char line[256];
  int code = INVALID_FILE;
  while (code != OK && fgets(line, sizeof line, f) != NULL)
    if (strncmp(line, "Version=", 8) == 0) {
      line[strcspn(line, "\r\n")] = '\0';
      memset(v, 0, sizeof *v);
      snprintf(v->version, sizeof v->version, "%.127s", line + 8);
      const char *at = v->version;
      part(v->majorVersion, sizeof v->majorVersion, &at);
      part(v->minorVersion, sizeof v->minorVersion, &at);
      part(v->releaseVersion, sizeof v->releaseVersion, &at);
      part(v->patchVersion, sizeof v->patchVersion, &at);
      code = OK;
    }
  fclose(f);
  return code == OK ? OK : fk_error(code, "EH0004", "File %s is invalid. Reason: it has no Version.", path);
}

static int do_cann_version(int name, aclCANNPackageVersion *version) {
  if (version == NULL)
    return fk_null("version");
  if (name < 0 || name > 7)
    return fk_error(INVALID_PARAM, "EH0001", "Value %d for name is invalid. Reason: not a package.", name);
  // The driver's folder comes from /etc/ascend_install.info in reality.
  const char *home = name == 7 ? fk_setting("DRIVER_HOME") : getenv("ASCEND_HOME_PATH");
  if (home == NULL)
    return fk_error(INVALID_FILE, "EH0004", "File version.info is invalid. Reason: ASCEND_HOME_PATH is not set, or no driver is installed.");
  char path[1024];
  if (name == 7)
    snprintf(path, sizeof path, "%s/version.info", home);
  else
    snprintf(path, sizeof path, "%s/share/info/%s/version.info", home, folders[name]);
  return read_version(path, version);
}

API aclError aclsysGetCANNVersion(aclCANNPackageName name, aclCANNPackageVersion *version) {
  FK_CALL(FREE, do_cann_version(name, version));
}
