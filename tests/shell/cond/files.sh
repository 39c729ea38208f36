touch f; mkdir d; echo x > s; ln -s f l; chmod +x s
[[ -e f && -f f && ! -d f ]] && echo a
[[ -d d && ! -f d ]] && echo b
[[ -s s && ! -s f ]] && echo c
[[ -L l && -h l && -e l ]] && echo d
[[ -x s && ! -x f ]] && echo e
[[ -r f && -w f ]] && echo f
[[ nosuch -ot f ]] && echo g
[[ f -ef l ]] && echo h
