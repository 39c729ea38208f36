mkdir bin; printf '#!/bin/sh\necho script "$@"\n' > bin/mytool; chmod +x bin/mytool
PATH=$PWD/bin:$PATH; mytool a b
printf 'echo no shebang $1\n' > bin/plain; chmod +x bin/plain; plain x
./bin/mytool direct
chmod -x bin/mytool; ./bin/mytool 2>/dev/null; echo $?
