#!/bin/sh
# Refuses files that are not measurements: a header, then rows of an hour and a temperature.
set -eu

for file in "$@"; do
    case $file in
        *.csv) ;;
        *) echo "$file: not a table" >&2; exit 1 ;;
    esac
    read -r header < "$file"
    if [ "$header" != "hour,celsius" ]; then
        echo "$file:1: the header is '$header'" >&2
        exit 1
    fi
    awk -F, -v file="$file" '
        NR > 1 && (NF != 2 || $2 !~ /^-?[0-9]+(\.[0-9]+)?$/ || $2 < -90 || $2 > 60) {
            printf "%s:%d: %s\n", file, NR, $0
            bad = 1
        }
        END { exit bad }
    ' "$file"
done
echo "$# files are fine"
