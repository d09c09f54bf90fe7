#!/usr/bin/env bash
# Everything that can only be seen on an NVIDIA GPU, in one call, in under ten minutes, without network and without Go:
#
#   make gpu-check-bundle          on a machine with Go and gcc: makes bin/gpu-check.tar.gz
#   tar xf gpu-check.tar.gz && gpu-check/gpu-check.sh [--quick] [GPU]      on the machine with the GPU, 0 for the first
#
# It runs the conformance suite, training beside the CPU device, compute-sanitizer where there is one, the benchmark, and the same network
# in PyTorch where that is installed. The table of ratios comes last; logs and numbers lie in gpu-check-results. Libraries are taken from
# the system, else from PyTorch's packages. Exit codes: 0 all right, 1 a test failed, 3 there is no GPU that can be used.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
for folder in "$here" "$here/../bin/gpu-check"; do
	[ -x "$folder/mnv2" ] && [ -x "$folder/cuda.test" ] && files=$folder
done
[ -n "${files:-}" ] || { echo "gpu-check: no mnv2 and cuda.test beside this script: make gpu-check-bundle"; exit 2; }
quick=
[ "${1:-}" = --quick ] && { quick=1; shift; }
gpu=${1:-0}
out=$PWD/gpu-check-results
mkdir -p "$out"
failed=0
began=$SECONDS

step() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - began)); }
# limited SECONDS COMMAND...: what hangs is ended, and said.
limited() {
	timeout --kill-after=10 "$@"
	local code=$?
	[ $code -ne 124 ] || echo "gpu-check: stopped after $1 s"
	return $code
}

step "libraries"
python=$(command -v python3 || true)
has_torch=
if [ -n "$python" ] && site=$("$python" -c 'import os, torch; print(os.path.dirname(os.path.dirname(torch.__file__)))' 2>/dev/null); then
	has_torch=1
	if ! "$files/mnv2" devices --format json | grep -q '"available":true.*"device":"cuda:\|"device":"cuda:.*"available":true'; then
		export MNV2_CUDA_LIBS=$site
		echo "libraries of PyTorch: MNV2_CUDA_LIBS=$site"
	fi
fi
export MNV2_CACHE=$out/cache
"$files/mnv2" devices | tee "$out/devices.txt"
grep -q "^cuda:$gpu " "$out/devices.txt" || { echo "gpu-check: there is no cuda:$gpu"; exit 3; }
command -v nvidia-smi >/dev/null && nvidia-smi >"$out/nvidia-smi.txt" 2>&1

step "conformance suite and training beside the CPU"
tests='^TestCard'
[ -z "$quick" ] || tests='^TestCard(Device|HalfPrecision|OutOfMemory)$'
MNV2_REQUIRE=cuda MNV2_TEST_CARD=$gpu limited 240 "$files/cuda.test" -test.run "$tests" -test.v -test.timeout 230s >"$out/tests.log" 2>&1 || failed=1
grep -E '^(--- |ok|FAIL|PASS|panic)|error up to|differ by' "$out/tests.log" | tail -80
[ $failed -eq 0 ] || { grep -B2 -A6 -m20 'card_test.go\|_test.go:.*Error\|--- FAIL' "$out/tests.log" | head -60; echo "gpu-check: TESTS FAILED: $out/tests.log"; }

if command -v compute-sanitizer >/dev/null && [ -z "$quick" ]; then
	step "compute-sanitizer"
	for tool in memcheck racecheck; do
		MNV2_REQUIRE=cuda MNV2_TEST_CARD=$gpu limited 30 compute-sanitizer --tool "$tool" --error-exitcode 9 \
			"$files/cuda.test" -test.run '^TestCardDevice$/^ops$' >"$out/$tool.log" 2>&1
		code=$?
		[ $code -ne 9 ] || { failed=1; echo "gpu-check: $tool found something: $out/$tool.log"; }
		tail -2 "$out/$tool.log"
	done
fi

step "benchmark"
cases=train224x256:bf16,infer224x256:f16,infer224x1:f16
[ -n "$quick" ] || cases=$cases,train224x256:f16,train224x256:f32,train224x128:bf16,train224x512:bf16,train224x64:bf16,train224x1024:bf16,infer224x256:bf16,infer224x256:f32,infer224x1:bf16,infer224x1:f32,infer224x8:f16,infer224x32:f16,infer224x64:f16,infer224x1024:f16
: >"$out/mnv2.json"
for case in ${cases//,/ }; do # one by one, so that a case that does not fit leaves the others
	limited 60 "$files/mnv2" bench --device "cuda:$gpu" --model mobilenet_v2_100 --cases "$case" --seconds 2 --format json >>"$out/mnv2.json" 2>"$out/bench.err" ||
		{ echo "$case: $(tail -1 "$out/bench.err")"; failed=1; }
done
grep -o '"case":"[^"]*:[^"]*".*' "$out/mnv2.json" | sed -E 's/"case":"([^"]*)".*"median":([0-9.e-]*).*"images_per_sec":([0-9.]*).*/\1: \3 images\/s/'

step "PyTorch"
if [ -n "$has_torch" ]; then
	budget=170
	[ -z "$quick" ] || budget=40
	limited $((budget + 60)) "$python" "$files/torch_bench.py" --device "cuda:$gpu" --seconds 1.5 --budget $budget >"$out/torch.json" 2>"$out/torch.err" ||
		tail -3 "$out/torch.err"
	head -1 "$out/torch.json"
	step "ratios"
	"$python" "$files/ratios.py" "$out/mnv2.json" "$out/torch.json"
else
	echo "PyTorch is not installed: no comparison"
fi
[ $failed -eq 0 ] && echo "gpu-check: all tests passed" || echo "gpu-check: something failed, see above and $out"
exit $failed
