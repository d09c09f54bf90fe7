#!/bin/sh
# Compares csrc/nv/nv.h with NVIDIA's headers: prototypes, values, and the layout of structures.
#
#   run.sh                                those of CUDA 11.8, 12 and 13 and of cuDNN 9, in NVIDIA's Python wheels, fetched with pip
#   CUDA_INCLUDE="DIR ..." run.sh         those of an installed toolkit, and of cuDNN if a folder has it
#
# Without headers it says so and succeeds, unless MNV2_REQUIRE contains "headers". Headers are kept in CACHE.
set -eu
cd "$(dirname "$0")/../../.."
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mnv2/headers}

skip() {
	case ",${MNV2_REQUIRE:-}," in
	*,headers,*) echo "check-headers: $1" >&2; exit 1 ;;
	esac
	echo "check-headers: skipped: $1"
	exit 0
}

# check NAME DIR... compares with the headers in the folders.
check() {
	name=$1
	shift
	includes=
	for dir in "$@"; do includes="$includes -isystem $dir"; done
	gcc -std=gnu11 -fsyntax-only -Icsrc/nv $includes build/check-headers/nv/check.c
	echo "check-headers: $name: prototypes, values and structures agree"
}

# lacking VERSION lists what nv.h has that came later: the program does without, or says what needs it.
lacking() {
	echo "check-headers: CUDA $1 lacks$(sed -n '/^#define NV_DRIVER_OPTIONAL/,/^$/s/^[[:space:]]*F(\([A-Za-z0-9_]*\), \([0-9]*\),.*/ \1 (\2)/p' csrc/nv/nv.h |
		tr '\n' ',' | sed 's/,$//'): without it a recorded step cannot be changed in place, and is recorded anew"
}

# fetch DIR PACKAGE... puts the headers of wheels into a folder.
fetch() {
	dir=$1
	shift
	[ ! -d "$dir" ] || return 0
	rm -rf "$dir.part"
	mkdir -p "$dir.part/wheels"
	python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$dir.part/wheels" "$@" >"$dir.part/log" 2>&1 ||
		skip "cannot fetch $*: $(tail -1 "$dir.part/log")"
	for wheel in "$dir.part"/wheels/*.whl; do python3 -m zipfile -e "$wheel" "$dir.part/all"; done
	mkdir -p "$dir.part/include"
	for include in "$dir.part"/all/nvidia/*/include; do cp -R "$include/." "$dir.part/include"; done
	mv "$dir.part/include" "$dir"
	rm -rf "$dir.part"
}

command -v gcc >/dev/null || skip "no gcc"
gcc -std=gnu11 -Wall -Wextra -Werror -fsyntax-only -Icsrc/nv build/check-headers/nv/ours.c
if [ -n "${CUDA_INCLUDE:-}" ]; then
	check "$CUDA_INCLUDE" $CUDA_INCLUDE
	exit 0
fi
command -v python3 >/dev/null || skip "no python3 to fetch NVIDIA's wheels with"
mkdir -p "$cache"
fetch "$cache/cuda-11" nvidia-cuda-runtime-cu11 nvidia-cuda-nvrtc-cu11 nvidia-cuda-nvcc-cu11
fetch "$cache/cuda-12" nvidia-cuda-runtime-cu12 nvidia-cuda-nvrtc-cu12 nvidia-cuda-nvcc-cu12
fetch "$cache/cuda-13" nvidia-cuda-runtime nvidia-cuda-nvrtc nvidia-cuda-crt
fetch "$cache/cudnn-9" nvidia-cudnn-cu12
fetch "$cache/nvml-12" nvidia-nvml-dev-cu12
fetch "$cache/nvml-13" nvidia-nvml-dev
check "CUDA 11.8, cuDNN 9" "$cache/cuda-11" "$cache/cudnn-9"
lacking 11.8
check "CUDA 12, cuDNN 9, NVML 12" "$cache/cuda-12" "$cache/cudnn-9" "$cache/nvml-12"
check "CUDA 13, cuDNN 9, NVML 13" "$cache/cuda-13" "$cache/cudnn-9" "$cache/nvml-13"
