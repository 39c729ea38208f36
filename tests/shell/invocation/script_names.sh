printf '%s\n' '#!/bin/bash' 'echo "$0 ${BASH_SOURCE[0]} $1"; nosuchcommand' > x.sh; chmod +x x.sh
bash x.sh b 2>&1; bash ./x.sh c 2>&1
cd ..; bash "$OLDPWD/x.sh" d 2>&1 | sed 's|/[^ ]*/||g'
cd "$OLDPWD"; ./x.sh e 2>&1; PATH=.:$PATH x.sh f 2>&1; PATH=:$PATH; x.sh g 2>&1; mkdir d; cd d; ../x.sh h 2>&1; "$PWD/../x.sh" i 2>&1 | sed 's|/[^ ]*/\.\./|/../|g'
