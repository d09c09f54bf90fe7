// The layout of our own structures.
#include "nv.h"
#include "layout.h"
