// The builtins of the stand-in for NVRTC: only that the library is open matters.
typedef int not_empty;
