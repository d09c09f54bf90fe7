// What is used of libjpeg's interface, as libjpeg.txt of libjpeg-turbo describes it, for systems with 64-bit pointers.
#ifndef MNV2_JPEGTURBO_H
#define MNV2_JPEGTURBO_H

#include <stddef.h>
#include <stdint.h>

enum { TURBO_OK = 0, TURBO_DAMAGED = 1, TURBO_FAILED = 2 };

// turbo_library is the functions of an opened library and what its version of the interface is.
typedef struct turbo_library turbo_library;

// turbo_open opens the library at path. On failure it returns NULL and puts the reason, to be freed, into error.
turbo_library *turbo_open(const char *path, char **error);
// turbo_path returns where the library was found.
const char *turbo_path(const turbo_library *library);
// turbo_version returns the version of the interface: 62, 70 or 80.
int turbo_version(const turbo_library *library);

// turbo_decoder is one decoder with its memory; it serves one caller at a time.
typedef struct turbo_decoder turbo_decoder;

turbo_decoder *turbo_new(const turbo_library *library);
// turbo_region writes w x h pixels from (x, y) on, 3 bytes each, to out. It leaves nothing behind that belongs to the file.
int turbo_region(turbo_decoder *decoder, const uint8_t *file, size_t size, unsigned x, unsigned y, unsigned w, unsigned h, uint8_t *out);

#endif
