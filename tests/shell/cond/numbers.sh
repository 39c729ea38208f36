[[ 3 -lt 10 && 10 -gt 3 ]] && echo a
[[ 1+1 -eq 2 ]] && echo b
x=5; [[ x -eq 5 ]] && echo c
[[ 3 -le 3 && 3 -ge 3 && 3 -ne 4 ]] && echo d
