#!/bin/sh
# Compiles every kernel of csrc/kernels with NVIDIA's NVRTC, which needs no GPU, for sm_80, sm_90 and sm_100: none may spill.
#
#   run.sh                             NVRTC of CUDA 12 and 13, in NVIDIA's Python wheels, fetched with pip
#   MNV2_CUDA_LIBS=only:DIR run.sh     the one in DIR
#   UPDATE=1 run.sh                    writes docs/cuda-resources.md anew as well, with the older one
#
# Without an NVRTC it says so and succeeds, unless MNV2_REQUIRE contains "nvrtc". Libraries are kept in CACHE.
set -eu
cd "$(dirname "$0")/../.."
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mnv2/nvrtc}

skip() {
	case ",${MNV2_REQUIRE:-}," in
	*,nvrtc,*) echo "check-kernels: $1" >&2; exit 1 ;;
	esac
	echo "check-kernels: skipped: $1"
	exit 0
}

# check NAME DIR [FLAG] compiles with the libraries below a folder.
check() {
	MNV2_CUDA_LIBS=only:$2 MNV2_REQUIRE=nvrtc CGO_ENABLED=1 go test -count=1 -run TestKernelsCompile ./cuda ${3:-} >"$cache/log" 2>&1 ||
		{ cat "$cache/log" >&2; exit 1; }
	echo "check-kernels: $1: every kernel compiles for every type and architecture, and none spills"
}

# fetch DIR PACKAGE puts a wheel's libraries into a folder.
fetch() {
	[ ! -d "$1" ] || return 0
	rm -rf "$1.part"
	mkdir -p "$1.part/wheels"
	python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$1.part/wheels" "$2" >"$1.part/log" 2>&1 ||
		skip "cannot fetch $2: $(tail -1 "$1.part/log")"
	for wheel in "$1.part"/wheels/*.whl; do python3 -m zipfile -e "$wheel" "$1.part/all"; done
	mv "$1.part/all" "$1"
	rm -rf "$1.part"
}

flag=${UPDATE:+-update}
mkdir -p "$cache"
command -v gcc >/dev/null || skip "no gcc"
if [ -n "${MNV2_CUDA_LIBS:-}" ]; then
	check "${MNV2_CUDA_LIBS#only:}" "${MNV2_CUDA_LIBS#only:}" "$flag"
	exit 0
fi
command -v python3 >/dev/null || skip "no python3 to fetch NVIDIA's wheels with"
fetch "$cache/cuda-12" nvidia-cuda-nvrtc-cu12
fetch "$cache/cuda-13" nvidia-cuda-nvrtc
check "NVRTC 12" "$cache/cuda-12" "$flag"
check "NVRTC 13" "$cache/cuda-13"
