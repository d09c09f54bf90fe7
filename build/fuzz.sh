#!/bin/sh
# Runs every fuzz target of the module for a while each: build/fuzz.sh 10s (a time) or 20000x (a number of inputs).
# Checks count inputs: with a time, go can report the input that was running at the end as a failure ("context deadline exceeded").
set -eu
time=${1:-20000x}
grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | while read -r target; do
		echo "== $dir $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$dir"
	done
done
