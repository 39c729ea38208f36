#!/usr/bin/env bash
# Stands for an upload that works at the second attempt only.
set -eu
mkdir -p "$2"
attempts=$(($(cat "$2/.attempts" 2>/dev/null || echo 0) + 1))
echo "$attempts" >"$2/.attempts"
[ "$attempts" -ge 2 ]
cp "$1" "$2/"
echo "uploaded ${1##*/}"
