#!/bin/sh
# Installs the peers into a virtual environment of their own and compares them with bin/mnv2: make bench-peers.
#   PEERS_PYTHON   a Python that has torch, onnx and onnxruntime already; nothing is installed then
#   PEERS_LITERT   a Python that has litert-torch, which wants a PyTorch of its own; nothing is installed then
#   PEERS_PRELOAD  an allocator library for PyTorch; without it jemalloc is looked for, then fetched with apt-get
# Arguments go to compare.py (--weights FILE, --rounds N, --cells LIST, --out FILE).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tmp=${TMPDIR:-/tmp}/mnv2-peers
mkdir -p "$tmp"

python=${PEERS_PYTHON:-}
if [ -z "$python" ]; then
	python=$tmp/venv/bin/python
	[ -x "$python" ] || python3 -m venv "$tmp/venv"
	"$python" -m pip install --quiet torch numpy onnx onnxruntime onnxscript
	for peer in openvino "ncnn pnnx" ai-edge-litert; do
		# shellcheck disable=SC2086 -- a peer may be two packages
		"$python" -m pip install --quiet $peer || echo "bench-peers: $peer could not be installed, it is left out" >&2
	done
fi
if [ -z "${PEERS_LITERT:-}" ]; then
	[ -x "$tmp/litert/bin/python" ] || python3 -m venv "$tmp/litert"
	"$tmp/litert/bin/python" -m pip install --quiet litert-torch || echo "bench-peers: litert-torch could not be installed, litert is left out" >&2
	PEERS_LITERT=$tmp/litert/bin/python
fi
export PEERS_LITERT

if [ -z "${PEERS_PRELOAD:-}" ]; then
	find_jemalloc() { find /usr/lib "$tmp" -name 'libjemalloc.so.2' 2>/dev/null | head -n 1; }
	if [ -z "$(find_jemalloc)" ] && command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
		(cd "$tmp" && apt-get download libjemalloc2 && dpkg -x libjemalloc2*.deb jemalloc) >/dev/null 2>&1 || true
	fi
	PEERS_PRELOAD=$(find_jemalloc)
fi
export PEERS_PRELOAD
exec "$python" "$here/compare.py" --mnv2 "$root/bin/mnv2" --work "$tmp" --out "$root/docs/benchmarks.md" "$@"
