#!/bin/sh
# Does what README promises a new user, in a folder of its own: build, train on shapes, validate, predict.
# Fails if the trained network is not right on at least 95 % of the validation images.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
make -C "$root"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
start=$(date +%s)
"$root/bin/mnv2" train
echo "trained in $(($(date +%s) - start)) s"
"$root/bin/mnv2" validate --format json | tee validate.json
awk -F'"top1":' '{ split($2, a, ","); exit !(a[1] >= 95) }' validate.json || { echo "top-1 is below 95 %"; exit 1; }
picture=${1:-"$root/docs/images/star.png"}
"$root/bin/mnv2" predict "$picture"
