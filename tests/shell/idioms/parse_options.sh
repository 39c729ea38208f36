parse() {
  local verbose=0 out= rest=()
  while (( $# )); do
    case $1 in
      -v|--verbose) ((verbose++)) || true ;;
      -o) out=${2:?missing}; shift ;;
      --out=*) out=${1#*=} ;;
      --) shift; rest+=("$@"); break ;;
      -*) echo "unknown $1" >&2; return 2 ;;
      *) rest+=("$1") ;;
    esac
    shift
  done
  echo "$verbose|$out|${rest[*]-}|${#rest[@]}"
}
parse -v -v --out=x a 'b c' -- -d; parse -o y; parse; parse --bad 2>&1; echo $?
