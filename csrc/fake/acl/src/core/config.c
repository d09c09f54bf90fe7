// Settings: environment variables MNV2_FAKE_ACL_*, overridden by fakeAclSet, and the
// chips that can be imitated.
#include <stdlib.h>
#include <string.h>

#include "fake.h"

// Names, limits and abilities: ascend.md 0.1 (chips), 1.5 (streams, events,
// overflow modes, capture), 3.3 (cube arithmetic).
static const struct fk_chip chips[] = {
    {"910A", "Ascend910A", "ascend910", C910A, 2048, 65535, 32, 0, false, false, false, false, false},
    {"910B", "Ascend910B3", "ascend910b", CA2, 1984, 65536, 20, 40, true, true, true, true, true},
    {"910_93", "Ascend910_9382", "ascend910_93", CA3, 1984, 65536, 24, 48, true, true, true, true, true},
    {"310P", "Ascend310P3", "ascend310p", C310P, 1024, 1023, 8, 7, false, false, false, false, false},
    {"310B", "Ascend310B1", "ascend310b", C310B, 512, 1023, 1, 1, false, false, false, false, false},
    {"950", "Ascend950PR_9589", "ascend950", C950, 1984, 65536, 32, 64, true, true, false, true, true},
};

#define MAX_SETTINGS 32
static struct {
  char key[32];
  char value[512];
} settings[MAX_SETTINGS];
static int nsettings;

const char *fk_setting(const char *key) {
  for (int i = 0; i < nsettings; i++)
    if (strcmp(settings[i].key, key) == 0)
      return settings[i].value;
  char name[64];
  snprintf(name, sizeof name, "MNV2_FAKE_ACL_%s", key);
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : NULL;
}

int64_t fk_setting_int(const char *key, int64_t dflt) {
  const char *value = fk_setting(key);
  return value == NULL ? dflt : strtoll(value, NULL, 10);
}

API void fakeAclSet(const char *key, const char *value) {
  int i = 0;
  while (i < nsettings && strcmp(settings[i].key, key) != 0)
    i++;
  if (value == NULL) {
    if (i < nsettings)
      settings[i] = settings[--nsettings];
    return;
  }
  if (i == MAX_SETTINGS)
    return;
  if (i == nsettings)
    nsettings++;
  snprintf(settings[i].key, sizeof settings[i].key, "%s", key);
  snprintf(settings[i].value, sizeof settings[i].value, "%s", value);
}

// MNV2_FAKE_ACL_SOC is a key of the table ("910A") or a full name ("Ascend910B1");
// of the names, the longest prefix counts, so that Ascend910B is not an Ascend910.
static const char *const prefixes[] = {"Ascend910", "Ascend910B", "Ascend910_93", "Ascend310P", "Ascend310B", "Ascend950"};

const struct fk_chip *fk_chip(void) {
  const char *want = fk_setting("SOC");
  const struct fk_chip *best = NULL;
  size_t longest = 0;
  for (size_t i = 0; want != NULL && i < sizeof chips / sizeof chips[0]; i++) {
    size_t n = strlen(prefixes[i]);
    if (strcmp(chips[i].key, want) == 0)
      return &chips[i];
    if (strncmp(want, prefixes[i], n) == 0 && n > longest) {
      best = &chips[i];
      longest = n;
    }
  }
  return best != NULL ? best : &chips[1]; // the commonest: Atlas A2
}

const char *fk_soc_name(void) {
  const char *want = fk_setting("SOC");
  return want != NULL && strncmp(want, "Ascend", 6) == 0 ? want : fk_chip()->soc;
}

void fk_reset_config(void) { nsettings = 0; }
