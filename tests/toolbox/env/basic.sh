env A=1 printenv A
# The working directory is always told: WASI programs have no other way to learn it.
env -i B=2 env | grep -v ^PWD=
env -u HOME sh -c 'echo ${HOME-unset}'
env nosuchcommand 2>&1; echo $?
env false; echo $?; env sh -c 'exit 7'; echo $?
mkdir d; env -C d pwd | sed 's,.*/,,'
printf '#!/usr/bin/env -S sh -e\necho split\n' > s; chmod +x s; ./s
env X=1 | grep ^X=
