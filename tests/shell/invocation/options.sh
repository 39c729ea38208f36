bash -c 'echo $0 $1' a b; bash -ec 'false; echo no'; echo $?
bash -e -o pipefail -c 'false | true; echo no'; echo $?
bash -x -c 'echo t' 2>&1; bash +e -c 'false; echo yes'
sh -c 'echo sh $0'; bash --posix -c 'echo posix'; bash --norc --noprofile -c 'echo n'
bash -u -c 'echo $undefined' 2>/dev/null; [ $? -ne 0 ] && echo unbound
echo 'echo file $1' > s; bash s arg; bash nosuch 2>/dev/null; echo $?
bash --nosuchoption 2>/dev/null; echo $?
bash -c 'exit 7'; echo $?
bash -c ''; echo $?
