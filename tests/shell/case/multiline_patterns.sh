for v in start stop restart other; do
  case "$v" in
    start | stop)
      echo "$v: simple"
      ;;
    re*)
      echo "$v: glob" ;;
    *)
      echo "$v: default"
  esac
done
