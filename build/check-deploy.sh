#!/bin/sh
# Checks container files and manifests with hadolint, shellcheck, yamllint and kubernetes-validate, as far as they are installed.
set -u
cd "$(dirname "$0")"
failed=0
try() {
	if command -v "$1" >/dev/null; then
		echo "$*"
		"$@" || failed=1
	else
		echo "not installed: $1"
	fi
}
try hadolint containers/*.Dockerfile
try shellcheck containers/*.sh
try yamllint -s -d '{extends: default, rules: {line-length: disable, document-start: disable, comments: {min-spaces-from-content: 1}}}' kubernetes
for f in kubernetes/*.yaml; do try kubernetes-validate --strict "$f"; done
exit $failed
