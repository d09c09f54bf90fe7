//go:build cgo && linux

#include "probes.h"

const mnv2_probe mnv2_probes[] = {
#define ENTRY(name, what, about) {what, about, mnv2_probe_##name},
    MNV2_PROBES(ENTRY)
#undef ENTRY
};

const int mnv2_probe_count = (int)(sizeof mnv2_probes / sizeof *mnv2_probes);
