umask; umask -S; umask -p; umask -pS; umask 77; umask; umask u=rwx,g=rx,o=; umask; umask a+w; umask; umask -S u-w; umask 9; echo $?; umask 1000; echo $?; umask x; echo $?; umask -x; echo $?; umask u+q; echo $?
umask 022; umask u=g; umask; umask 022; umask go=u-w; umask; umask g+s; umask +; echo $?; umask =; umask; umask 022; umask u+X; umask
umask 0 1; umask
