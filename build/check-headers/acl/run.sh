#!/bin/sh
# Compares csrc/acl/acl.h with the vendor's headers.
#
#   run.sh                      those in the torch_npu wheels for x86-64 and arm64, fetched with pip
#   CANN_INCLUDE=DIR run.sh     those of an installed toolkit: DIR holds acl/, aclnn/ and aclnnop/
#
# Without headers it says so and succeeds, unless MNV2_REQUIRE contains "headers". Wheels are kept in CACHE.
set -eu
cd "$(dirname "$0")/../../.."
version=${TORCH_NPU_VERSION:-2.14.0}
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mnv2/headers}
lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT

skip() {
	case ",${MNV2_REQUIRE:-}," in
	*,headers,*) echo "check-headers: $1" >&2; exit 1 ;;
	esac
	echo "check-headers: skipped: $1"
	exit 0
}

# The lists of what acl.h declares.
make_lists() {
	header=csrc/acl/acl.h
	sed -n 's/^  \(ACL[A-Z0-9_]*\) = .*/VALUE(\1)/p' $header >"$lists/values.inc"
	# what CANN keeps out of the runtime's headers: results and modes of operators, and capture modes, whose header moved
	grep -v 'ACLNN_\|ACL_MODEL_RI' "$lists/values.inc" >"$lists/runtime-values.inc"
	functions() { sed -n "/^\/\* ---- $1/,/^\/\* ---- $2/s/^[a-zA-Z][a-zA-Z_ ]*[ *]\(acl[A-Za-z]*\)(.*/FUNCTION(\1)/p" $header; }
	functions Runtime 'aclnn objects' | grep -v aclmdlRI >"$lists/runtime-functions.inc"
	functions 'aclnn objects' Operators >"$lists/object-functions.inc"
	sed -n 's/^ACLNN_OP(\([A-Za-z0-9]*\),.*/OP(\1)/p' $header >"$lists/ops.inc"
	for f in values runtime-values runtime-functions object-functions ops; do
		test -s "$lists/$f.inc" || { echo "check-headers: found no $f in $header" >&2; exit 1; }
	done
}

# check NAME INCLUDE compares with the headers in INCLUDE.
check() {
	: >"$lists/operators.inc"
	if [ -d "$2/aclnnop" ]; then
		sed -n 's/^OP(\(.*\))/aclnn\1GetWorkspaceSize(/p' "$lists/ops.inc" >"$lists/wanted" # the headers that declare them
		grep -lF -f "$lists/wanted" "$2"/aclnnop/aclnn_*.h | sed 's/.*/#include "&"/' >"$lists/operators.inc"
	fi
	g++ -std=c++17 -fsyntax-only -w -DMNV2_ACL_NO_LINKAGE -Icsrc/acl -I"$lists" -I"$2" -I"$2/aclnnop" build/check-headers/acl/check.cc
	parts="$(wc -l <"$lists/runtime-functions.inc") functions and $(wc -l <"$lists/runtime-values.inc") values of the runtime"
	[ ! -f "$2/aclnn/acl_meta.h" ] || parts="$parts, $(wc -l <"$lists/object-functions.inc") of the objects"
	[ ! -d "$2/aclnnop" ] || parts="$parts, $(wc -l <"$lists/ops.inc") operators"
	echo "check-headers: $1: $parts agree"
}

command -v g++ >/dev/null || skip "no g++"
make_lists
if [ -n "${CANN_INCLUDE:-}" ]; then
	check "$CANN_INCLUDE" "$CANN_INCLUDE"
	exit 0
fi
command -v python3 >/dev/null || skip "no python3 to fetch the torch_npu wheel with"
for arch in x86_64 aarch64; do
	dir=$cache/torch_npu-$version-$arch
	if [ ! -d "$dir" ]; then
		mkdir -p "$cache/wheel-$arch"
		python3 -m pip download --quiet --no-deps --only-binary :all: --platform "manylinux_2_28_$arch" --python-version 311 \
			--dest "$cache/wheel-$arch" "torch_npu==$version" >/dev/null 2>"$lists/pip" || skip "cannot fetch torch_npu $version: $(tail -1 "$lists/pip")"
		python3 -m zipfile -e "$cache/wheel-$arch/torch_npu-$version"-*.whl "$dir.part"
		mkdir -p "$dir"
		cp -R "$dir.part/torch_npu/include/third_party/acl/inc/." "$dir"
		rm -rf "$dir.part" "$cache/wheel-$arch"
	fi
	check "torch_npu $version $arch" "$dir"
done
