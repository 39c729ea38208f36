x=; a=(1)
[[ -v x ]] && echo a; [[ -v nope ]] || echo b
[[ -v a[0] ]] && echo c; [[ -v a[3] ]] || echo d
[[ -o errexit ]] || echo e; set -e; [[ -o errexit ]] && echo f
