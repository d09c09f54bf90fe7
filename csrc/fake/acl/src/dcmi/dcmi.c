// libdcmi: what npu-smi shows (ascend.md 6.2; [drv] src/custom/include/dcmi_interface_api.h).
// One card per device, device 0 of each card. Chips without HBM answer -8255.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acl.h"

#define API __attribute__((visibility("default")))

enum { BAD_PARAMETER = -8001, BAD_DEVICE = -8007, NOT_READY = -8012, NOT_SUPPORTED = -8255 };

static bool ready;

static const char *setting(const char *name, const char *dflt) {
  const char *v = getenv(name);
  return v != NULL && *v != '\0' ? v : dflt;
}

static int check(int card, int device, const void *out) {
  if (!ready)
    return NOT_READY;
  if (out == NULL)
    return BAD_PARAMETER;
  return card < 0 || card >= atoi(setting("MNV2_FAKE_ACL_DEVICES", "1")) || device != 0 ? BAD_DEVICE : 0;
}

API int dcmi_init(void) {
  ready = true;
  return 0;
}

API int dcmi_get_driver_version(char *driver_ver, unsigned int len) {
  const char *version = setting("MNV2_FAKE_ACL_DRIVER", "24.1.rc2");
  if (!ready)
    return NOT_READY;
  if (driver_ver == NULL || len <= strlen(version))
    return BAD_PARAMETER;
  memcpy(driver_ver, version, strlen(version) + 1);
  return 0;
}

API int dcmi_get_card_id_device_id_from_logicid(int *card_id, int *device_id, unsigned int device_logic_id) {
  int code = check((int)device_logic_id, 0, card_id);
  if (code != 0 || device_id == NULL)
    return code != 0 ? code : BAD_PARAMETER;
  *card_id = (int)device_logic_id;
  *device_id = 0;
  return 0;
}

API int dcmi_get_device_temperature(int card_id, int device_id, int *temperature) {
  int code = check(card_id, device_id, temperature);
  if (code == 0)
    *temperature = 41;
  return code;
}

API int dcmi_get_device_power_info(int card_id, int device_id, int *power) {
  int code = check(card_id, device_id, power);
  if (code == 0)
    *power = 915;
  return code;
}

API int dcmi_get_device_health(int card_id, int device_id, unsigned int *health) {
  int code = check(card_id, device_id, health);
  if (code == 0)
    *health = 0;
  return code;
}

API int dcmi_get_device_hbm_info(int card_id, int device_id, struct dcmi_hbm_info *hbm_info) {
  int code = check(card_id, device_id, hbm_info);
  if (code != 0)
    return code;
  if (strstr(setting("MNV2_FAKE_ACL_SOC", "910B"), "310") != NULL)
    return NOT_SUPPORTED;
  *hbm_info = (struct dcmi_hbm_info){.memory_size = 65536, .freq = 1600, .memory_usage = 3300, .temp = 43, .bandwith_util_rate = 0};
  return 0;
}
