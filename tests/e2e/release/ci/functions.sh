# Sourced by every job.
heading() {
  local text="== $* =="
  printf '%s\n' "${text^^}"
}

die() {
  echo "error: $*" >&2
  exit 1
}

# retry TIMES COMMAND…
retry() {
  local times=$1 try
  shift
  for ((try = 1; try <= times; try++)); do
    "$@" && return 0
    echo "attempt $try of $times failed with $?"
  done
  return 1
}
