#!/bin/sh
export SETUP="$1"
shift
exec "$@"
