#!/bin/sh
# Builds the stand-in as an installed toolkit:
#   build.sh OUT old|split|stub [hidden symbol ...]
# OUT becomes the value for ASCEND_HOME_PATH; OUT/opp the one for ASCEND_OPP_PATH.
# CC and CFLAGS may be given (cross compiler, sanitizers).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1 layout=$2
shift 2
: "${CC:=gcc}" "${CFLAGS:=-O3 -g}"
src=$here/src lib=$out/lib64
mkdir -p "$lib"
flags="-std=gnu11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -fvisibility=hidden -fPIC -I$src/core -I$here/../../acl"

# Symbols that this installation is to lack, as an older one would.
hide=
if [ $# -gt 0 ]; then
	{ echo '{ local:'; for s; do echo "$s;"; done; echo '};'; } >"$out/hidden.map"
	hide="-Wl,--version-script=$out/hidden.map"
fi

link() { # NAME needed-library-or-empty flags-and-sources...
	name=$1 needed=$2
	shift 2
	# shellcheck disable=SC2086
	$CC $flags $CFLAGS $hide -shared -Wl,-soname,"$name" -Wl,-rpath,'$ORIGIN' -o "$lib/$name" "$@" \
		-L"$lib" ${needed:+-Wl,--no-as-needed -l:$needed} -lpthread -lm
}

sources() { for f; do echo "$src/$f"; done; }
math_ops=$(sources ops/numeric.c ops/elementwise.c ops/move.c ops/reduce.c ops/hardtanh.c ops/optimizer.c ops/compare.c)
nn_ops=$(sources ops/hardtanh_backward.c ops/softmax.c ops/matmul.c ops/conv.c ops/batchnorm.c ops/syncbn.c)

version() { # FOLDER VERSION
	mkdir -p "$out/share/info/$1"
	printf 'Version=%s\nversion_dir=%s\n' "$2" "$2" >"$out/share/info/$1/version.info"
}

case $layout in
old | stub)
	link libascendcl.so '' "$src"/core/*.c
	link libnnopbase.so libascendcl.so "$src"/nnop/*.c
	# shellcheck disable=SC2086
	$CC $flags $CFLAGS -DLIB_MATH -c -o "$out/stats.o" "$src/ops/syncbn.c"
	# shellcheck disable=SC2086
	link libopapi.so libnnopbase.so $math_ops $nn_ops "$out/stats.o"
	for p in runtime compiler hccl toolkit opp opp_kernel; do version $p "${VERSION:-8.1.RC1}"; done
	;;
split)
	link libacl_rt.so '' -DSPLIT "$src"/core/*.c
	echo 'extern int fk_compatibility_shell; int fk_compatibility_shell;' >"$out/shell.c"
	link libascendcl.so libacl_rt.so "$out/shell.c"
	link libnnopbase.so libacl_rt.so "$src"/nnop/*.c
	# shellcheck disable=SC2086
	link libopapi_math.so libnnopbase.so -DLIB_MATH $math_ops "$src/ops/syncbn.c"
	# shellcheck disable=SC2086
	link libopapi_nn.so libnnopbase.so "$src/ops/numeric.c" $nn_ops
	for p in runtime bisheng-compiler hccl oam-tools ops-legacy ops-math ops-nn; do version $p "${VERSION:-9.0.0}"; done
	;;
*)
	echo "build.sh: layout \"$layout\": old, split or stub" >&2
	exit 2
	;;
esac
link libdcmi.so '' "$src/dcmi/dcmi.c"

# Link stubs print their name and return 100039 ([rt] stub/gen_stubapi.py).
if [ "$layout" = stub ]; then
	for name in libascendcl.so libnnopbase.so libopapi.so; do
		{
			echo '#include <stdio.h>'
			${NM:-nm} -D --defined-only "$lib/$name" | sed -n 's/.* T \(acl[A-Za-z0-9]*\)$/\1/p' |
				sed 's/.*/int &(void); int &(void) { printf("Error: stub library cannot be used for execution, please check your environment variables and compilation options to make sure you use the correct library.\\n"); return 100039; }/'
		} >"$out/stub.c"
		$CC -shared -fPIC -Wl,-soname,$name -o "$lib/$name" "$out/stub.c"
	done
fi

for chip in ascend910 ascend910b ascend910_93 ascend310p ascend310b ascend950; do
	mkdir -p "$out/opp/built-in/op_impl/ai_core/tbe/kernel/$chip"
done
printf 'Version=%s\n' "${VERSION:-8.1.RC1}" >"$out/opp/version.info"
rm -f "$out"/*.o "$out"/*.c "$out"/hidden.map
