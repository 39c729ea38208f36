(exit 0); echo $?
(exit 255); echo $?
(exit 256); echo $?
(exit -1); echo $?
nosuchcommand 2>/dev/null; echo $?
./nosuchfile 2>/dev/null; echo $?
mkdir d; ./d 2>/dev/null; echo $?
: > plain; ./plain 2>/dev/null; echo $?
true | false; echo $? ${PIPESTATUS[@]}
false | true | false; echo ${PIPESTATUS[@]}
! true; echo $?
exit 42
