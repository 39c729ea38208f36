nice echo n; nice -n 5 echo n; nohup echo h 2>/dev/null; which sh >/dev/null && echo found; which nosuch; echo $?
id -u; id -un; whoami; basename /a/b.c .c; dirname /a/b/c
n=$(nproc); test "$n" -ge 1 && echo ok
nice sh -c 'exit 4'; echo $?; nohup nosuchcommand 2>/dev/null; echo $?
