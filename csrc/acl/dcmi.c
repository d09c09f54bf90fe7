//go:build cgo && linux

#include "binding.h"

#include <dlfcn.h>
#include <string.h>

/* The driver's monitoring library. Its devices are counted as the driver sees them, whatever the process may see. */
static struct {
  __typeof__(dcmi_init) *init;
  __typeof__(dcmi_get_card_id_device_id_from_logicid) *place;
  __typeof__(dcmi_get_device_health) *health;
  __typeof__(dcmi_get_device_temperature) *temperature;
  __typeof__(dcmi_get_device_power_info) *power;
  __typeof__(dcmi_get_device_hbm_info) *hbm;
} dcmi;

int mnv2_dcmi_open(void *handle) {
  void *symbol;
#define LOOK(field, name)                             \
  symbol = dlsym(handle, #name);                      \
  memcpy(&dcmi.field, &symbol, sizeof symbol)
  LOOK(init, dcmi_init);
  LOOK(place, dcmi_get_card_id_device_id_from_logicid);
  LOOK(health, dcmi_get_device_health);
  LOOK(temperature, dcmi_get_device_temperature);
  LOOK(power, dcmi_get_device_power_info);
  LOOK(hbm, dcmi_get_device_hbm_info);
#undef LOOK
  return dcmi.init == NULL || dcmi.place == NULL ? -1 : dcmi.init();
}

/* A query that the chip or the driver does not have is no failure: half of them are not there on some chips. */
int mnv2_dcmi_read(uint32_t logic, mnv2_dcmi_state *state) {
  enum { NO_READING = 0x7FFD, NO_READING_EITHER = 0x7FFF, ABSENT = 0xFFFFFFFF };
  int card = 0, device = 0, code = dcmi.place(&card, &device, logic);
  memset(state, 0, sizeof *state);
  if (code != 0) {
    return code;
  }
  unsigned int health = 0;
  struct dcmi_hbm_info hbm;
  memset(&hbm, 0, sizeof hbm);
  state->has_health = dcmi.health != NULL && dcmi.health(card, device, &health) == 0 && health != (unsigned int)ABSENT;
  state->health = (int32_t)health;
  int value = 0;
  state->has_temperature = dcmi.temperature != NULL && dcmi.temperature(card, device, &value) == 0 && value != NO_READING && value != NO_READING_EITHER;
  state->celsius = value;
  value = 0;
  state->has_power = dcmi.power != NULL && dcmi.power(card, device, &value) == 0;
  state->deciwatt = value;
  state->has_memory = dcmi.hbm != NULL && dcmi.hbm(card, device, &hbm) == 0 && hbm.memory_size > 0;
  state->memory_mb = (int64_t)hbm.memory_size;
  state->used_mb = (int64_t)hbm.memory_usage;
  return 0;
}
