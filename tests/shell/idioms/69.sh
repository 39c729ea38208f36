set -euo pipefail; : "${A:=1}"; echo $A; [[ -z ${B:-} ]] && echo noB; arr=(); for x in "${arr[@]+"${arr[@]}"}"; do echo no; done; echo "${arr[@]:-}"; echo ok
