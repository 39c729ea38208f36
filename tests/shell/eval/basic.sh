x='echo a; echo b'; eval "$x"
eval 'y=5'; echo $y
eval "z=\$y"; echo $z
eval; echo $?
eval 'false'; echo $?
n=v; eval "$n=dynamic"; echo $v
eval 'for i in 1 2
do echo $i
done'
eval 'return_f() { return 4; }'; return_f; echo $?
