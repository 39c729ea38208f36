printf 'set -e\necho a\nfalse\necho b\n' > s.sh; bash s.sh; echo $?
printf '#!/bin/bash -e\necho c\nfalse\necho d\n' > t.sh; chmod +x t.sh; ./t.sh; echo $?
printf '#!/usr/bin/env bash\necho "env ${0##*/} $1"\n' > u.sh; chmod +x u.sh; ./u.sh x
