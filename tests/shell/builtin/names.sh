help nosuch; echo $?; enable -n echo; type -t echo; enable echo; type -t echo; enable -n nosuch; echo $?; enable -p | head -3; enable -s | head -3; enable -n; help -s cd;  enable -x; echo $?; builtin -x; echo $?
command -v -- echo; command -v; echo $?; command -vp ls; command -V ls; command -pv ls; command -v /bin/ls ./nope /etc; echo $?; command -- echo x; command -V f 2>/dev/null; echo $?
f() { :; }; type -a f; type -at f; type -f f; type -tf f; echo $?; command -V f; alias q=1; command -v q; type -t q; shopt -s expand_aliases; command -v q; command -V q; type q; type -a q; type -t q; type -p q; echo $?
ls >/dev/null; type ls; type -a ls; type -p ls; hash -t ls; hash -lt ls; hash -d nosuch; hash -x; echo $?; hash -p; hash -p x ls; 
set +h; hash; hash ls; echo $?
command exit 3 | cat; (command exit 4); echo $?; command return; echo after; command break; x=1 command eval 'echo $x'; command set -- a b; echo $#; command readonly R=1; R=2; echo no
