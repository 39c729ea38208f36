set -- "" ""
IFS=; echo "[${*:-null}] [${*-unset}]" ${*:-null}.
IFS=' '; echo "[${*:-null}] [${@:-null}]"
a=("" "")
IFS=; echo "[${a[*]:-null}] [${a[@]:-null}]"
unset IFS; echo "[${a[*]:-null}]"
a=(""); echo "[${a[*]:-null}] [${a[@]:-null}] [${a[@]-x}]"
