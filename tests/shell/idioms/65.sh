shopt -s nullglob; f=(*.zzz); echo ${#f[@]}; shopt -u nullglob; f=(*.zzz); echo ${f[0]}
