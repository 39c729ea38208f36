set -o pipefail
false | true; echo $?
true | false | true; echo $? ${PIPESTATUS[@]}
! false | true; echo $?
exit 3 | exit 4 | true; echo $? ${PIPESTATUS[*]}
false; echo ${PIPESTATUS[@]}
(exit 3); echo ${PIPESTATUS[@]}
x=$(exit 4); echo ${PIPESTATUS[@]}
if true | false; then :; else echo ${PIPESTATUS[@]}; fi
{ true | false; }; echo ${PIPESTATUS[@]}
: | : | : & wait; echo ${PIPESTATUS[@]}
