// The layout of our own structures.
#include "nv.h"
#include "management.h"
#include "layout.h"
